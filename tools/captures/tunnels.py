"""Tunnels inside IP or UDP. IP in IP needs no layer of its own: `ipv4 A > B / ipv6 C > D`."""
import struct

from .links import ETHERTYPES
from .internet import checksum
from .text import Built, layer, number, octets


@layer("gre")
def gre(words, around, inner):
    """RFC 2784 and RFC 2890: `key=`, `seq=` and `checksum` each add their field. `version=1` is RFC 2637's, for PPP."""
    inside = inner(around)
    key, sequence, version = words.number("key"), words.number("seq"), words.number("version", 0)
    with_checksum, ack = words.flag("checksum"), words.number("ack")
    flags = with_checksum << 15 | (key is not None or version == 1) << 13 | (sequence is not None) << 12 | version
    kind = 0x880b if inside.kind == "ppp" else ETHERTYPES.get(inside.kind, 0x88b5)
    head = struct.pack("!HH", flags | (ack is not None) << 7, words.number("protocol", kind))
    rest = b"" if key is None else struct.pack("!I", key)
    if version == 1:
        rest = struct.pack("!HH", len(inside.octets), key or 0)
    rest += b"".join(struct.pack("!I", field) for field in (sequence, ack) if field is not None)
    if with_checksum:
        total = checksum(head + bytes(4) + rest + inside.octets)
        head += struct.pack("!HH", total, 0)
    return Built(head + rest + inside.octets, "gre")


@layer("vxlan")
def vxlan(words, around, inner):
    """RFC 7348 section 5."""
    network = words.next("network", number)
    inside = inner(around)
    return Built(struct.pack("!II", words.number("flags", 0x08) << 24, network << 8) + inside.octets, "vxlan")


@layer("geneve")
def geneve(words, around, inner):
    """RFC 8926 section 3.4. `options=HEX`, a multiple of four octets."""
    network = words.next("network", number)
    inside = inner(around)
    options = words.option("options", b"", lambda word: octets([word]))
    first = words.number("version", 0) << 6 | len(options) // 4
    kind = words.number("protocol", ETHERTYPES.get(inside.kind, 0x88b5))
    head = struct.pack("!BBHI", first, words.number("flags", 0), kind, network << 8)
    return Built(head + options + inside.octets, "geneve")


@layer("gtp-u")
def gtp_u(words, around, inner):
    """3GPP TS 29.281 section 5: `gtp-u TUNNEL`. `seq=` and `extension=TYPE:HEX` add the four optional octets."""
    tunnel = words.next("tunnel", number)
    inside = inner(around)
    sequence, extension = words.number("seq"), words.option("extension")
    message = words.number("message", 255)  # G-PDU
    flags = 0x30 | (extension is not None) << 2 | (sequence is not None) << 1
    optional = b""
    if flags & 7:
        kind, _, content = (extension or "0:").partition(":")
        optional = struct.pack("!HBB", sequence or 0, 0, number(kind))
        if extension:
            content = octets([content])  # its length counts units of four octets: length, content, next type
            optional += bytes([(len(content) + 2) // 4]) + content + b"\0"
    length = words.number("length", len(optional) + len(inside.octets))
    return Built(struct.pack("!BBHI", flags, message, length, tunnel) + optional + inside.octets, "gtp-u")
