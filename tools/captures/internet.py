"""IP, its extension headers and fragments, and what IP carries: UDP, TCP, ICMP."""
import ipaddress
import struct

from .payloads import span
from .text import Around, Built, TextError, layer, number, octets

PROTOCOLS = {"hop-by-hop": 0, "icmp": 1, "ipv4": 4, "tcp": 6, "udp": 17, "ipv6": 41, "routing": 43, "fragment": 44,
             "gre": 47, "ah": 51, "icmpv6": 58, "none": 59, "destination-options": 60, "mpls": 137, "octets": 253}
MORE, DONT_FRAGMENT = 0x2000, 0x4000


def address(version):
    def read(word):
        found = ipaddress.ip_address(word)
        if found.version != version:
            raise ValueError(f"an address of IPv{version} is needed")
        return found.packed
    return read


def checksum(data):
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def protocol_of(words, inside, key="protocol"):
    return words.number(key, PROTOCOLS.get(inside.kind, PROTOCOLS["octets"]))


@layer("ipv4")
def ipv4(words, around, inner):
    """RFC 791 section 3.1."""
    source, destination = words.pair("address", address(4))
    fragment = {}
    inside = inner(Around(source, destination, 4, fragment))
    options = words.option("options", b"", lambda word: octets([word]))
    options += bytes(-len(options) % 4)
    flags = fragment.get("flags", 0) | (DONT_FRAGMENT if words.flag("df") else 0)
    header_octets = 20 + len(options)
    fields = [words.number("version", 4) << 4 | words.number("ihl", header_octets // 4), words.number("tos", 0),
              words.number("length", header_octets + len(inside.octets)), words.number("id", fragment.get("id", 0)),
              flags, words.number("ttl", 64), protocol_of(words, inside)]
    header = struct.pack("!BBHHHBBH", *fields, 0) + source + destination + options
    total = words.number("checksum", checksum(header))
    return Built(header[:10] + struct.pack("!H", total) + header[12:] + inside.octets, "ipv4")


@layer("ipv6")
def ipv6(words, around, inner):
    """RFC 8200 section 3."""
    source, destination = words.pair("address", address(6))
    inside = inner(Around(source, destination, 6))
    first = words.number("version", 6) << 28 | words.number("class", 0) << 20 | words.number("flow", 0)
    length = words.number("length", len(inside.octets))
    header = struct.pack("!IHBB", first, length, protocol_of(words, inside, "next"), words.number("hops", 64))
    return Built(header + source + destination + inside.octets, "ipv6")


def _extension(name, fixed):
    @layer(name)
    def extension(words, around, inner):
        """RFC 8200 sections 4.3, 4.4 and 4.6: next header, length in units of eight octets after the first, content."""
        content = words.option("content", fixed, lambda word: octets([word]))
        inside = inner(around)
        size = 2 + len(content)
        length = words.number("length", (size + 7) // 8 - 1)
        header = bytes([protocol_of(words, inside, "next"), length]) + content
        return Built(header + bytes(-size % 8) + inside.octets, name)


_extension("hop-by-hop", bytes.fromhex("010400000000"))  # PadN
_extension("destination-options", bytes.fromhex("010400000000"))
_extension("routing", bytes.fromhex("000000000000"))  # type 0, no segment left


@layer("ah")
def authentication_header(words, around, inner):
    """RFC 4302 section 2, with a check value of 12 octets: its length counts units of four, less two."""
    inside = inner(around)
    header = struct.pack("!BBHII", protocol_of(words, inside, "next"), words.number("length", 4), 0,
                         words.number("spi", 1), words.number("seq", 1))
    return Built(header + bytes(12) + inside.octets, "ah")


@layer("fragment")
def fragment(words, around, inner):
    """`fragment begin:end id=N` of the datagram that follows: fields of IPv4's header, or IPv6's extension header."""
    begin, end = words.next("begin:end", span)
    whole = inner(around)
    ident = words.number("id", 1)
    more = words.number("more", int(end is not None and end < len(whole.octets)))
    at = words.number("at", begin)
    part = whole.octets[begin:end]
    if around.version == 4:
        around.fragment.update(id=ident, flags=(MORE if more else 0) | at // 8)
        return Built(part, whole.kind)
    if around.version == 6:
        header = struct.pack("!BBHI", protocol_of(words, whole, "next"), 0, at // 8 << 3 | more, ident)
        return Built(header + part, "fragment")
    raise TextError("fragment: lies inside ipv4 or ipv6")


def pseudo_header(around, protocol, length):
    """RFC 9293 section 3.1 and RFC 8200 section 8.1."""
    if around.version == 4:
        return around.source + around.destination + struct.pack("!BBH", 0, protocol, length)
    return around.source + around.destination + struct.pack("!II", length, protocol)


@layer("udp")
def udp(words, around, inner):
    """RFC 768."""
    source, destination = words.pair("port", number)
    inside = inner(around)
    header = struct.pack("!HHH", source, destination, words.number("length", 8 + len(inside.octets)))
    whole = pseudo_header(around, 17, 8 + len(inside.octets)) + header + b"\0\0" + inside.octets
    total = words.number("checksum", checksum(whole) or 0xffff)
    return Built(header + struct.pack("!H", total) + inside.octets, "udp")


TCP_FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32}


@layer("tcp")
def tcp(words, around, inner):
    """RFC 9293 section 3.1. `flags=SA`: letters of FIN, SYN, RST, PSH, ACK, URG; without them PSH and ACK."""
    source, destination = words.pair("port", number)
    flags = words.option("flags", 24, lambda letters: sum(TCP_FLAGS[letter] for letter in letters))
    options = words.option("options", b"", lambda word: octets([word]))
    options += bytes(-len(options) % 4)
    inside = inner(around)
    offset = words.number("offset", 5 + len(options) // 4)
    sequence, acknowledged = words.number("seq", 0) % 2**32, words.number("ack", 0) % 2**32
    header = struct.pack("!HHIIBBHHH", source, destination, sequence, acknowledged, offset << 4, flags,
                         words.number("window", 65535), 0, 0) + options
    whole = pseudo_header(around, 6, len(header) + len(inside.octets)) + header + inside.octets
    total = words.number("checksum", checksum(whole))
    return Built(header[:16] + struct.pack("!H", total) + header[18:] + inside.octets, "tcp")


ICMP_TYPES = {"echo-reply": 0, "unreachable": 3, "redirect": 5, "echo": 8, "time-exceeded": 11, "parameter-problem": 12}
ICMPV6_TYPES = {"unreachable": 1, "too-big": 2, "time-exceeded": 3, "parameter-problem": 4, "echo": 128,
                "echo-reply": 129}


def _icmp(words, types):
    kind = words.next("type", lambda word: types[word] if word in types else number(word))
    return bytes([kind, words.number("code", 0)])


@layer("icmp")
def icmp(words, around, inner):
    """RFC 792: an error quotes the datagram that it is about."""
    start, second = _icmp(words, ICMP_TYPES), struct.pack("!I", words.number("rest", 0))
    body = second + inner(around).octets
    return Built(start + struct.pack("!H", checksum(start + b"\0\0" + body)) + body, "icmp")


@layer("icmpv6")
def icmpv6(words, around, inner):
    """RFC 4443 section 2.1."""
    start, second = _icmp(words, ICMPV6_TYPES), struct.pack("!I", words.number("rest", 0))
    body = second + inner(around).octets
    whole = pseudo_header(around, 58, 4 + len(body)) + start + b"\0\0" + body
    return Built(start + struct.pack("!H", checksum(whole)) + body, "icmpv6")
