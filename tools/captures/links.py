"""Link layers, and the tags and shims between them and IP."""
import struct

from .text import Built, TextError, layer, number, octets

LINK_TYPES = {"null": 0, "ethernet": 1, "ppp": 9, "raw": 101, "wifi": 105, "loop": 108, "sll": 113, "radiotap": 127,
              "ipv4": 228, "ipv6": 229, "nflog": 239, "sll2": 276}
ETHERTYPES = {"ipv4": 0x0800, "ipv6": 0x86dd, "vlan": 0x8100, "qinq": 0x88a8, "mpls": 0x8847, "pppoe": 0x8864,
              "pppoe-discovery": 0x8863, "ethernet": 0x6558, "octets": 0x88b5}
PPP_PROTOCOLS = {"ipv4": 0x0021, "ipv6": 0x0057, "mpls": 0x0281, "octets": 0xc021}


def mac(word):
    found = bytes.fromhex(word.replace(":", ""))
    if len(found) != 6:
        raise ValueError("six octets, written 02:00:00:00:00:01")
    return found


SERVER, CLIENT = mac("02:00:00:00:00:53"), mac("02:00:00:00:00:01")


def ethertype_of(words, inside, key="type"):
    """Errors: nothing says what the payload is."""
    return words.number(key, ETHERTYPES.get(inside.kind, ETHERTYPES["octets"]))


@layer("ethernet")
def ethernet(words, around, inner):
    source, destination = words.pair("address", mac, (CLIENT, SERVER))
    inside = inner(around)
    two = words.number("type", len(inside.octets) if inside.kind == "llc" else ethertype_of(words, inside))
    return Built(destination + source + struct.pack("!H", two) + inside.octets, "ethernet")


def _tag(name):
    @layer(name)
    def tag(words, around, inner):
        """IEEE 802.1Q; `qinq` is the same under the service tag's EtherType."""
        control = words.next("number", number) | words.number("priority", 0) << 13
        inside = inner(around)
        return Built(struct.pack("!HH", control, ethertype_of(words, inside)) + inside.octets, name)


_tag("vlan")
_tag("qinq")


@layer("llc")
def llc(words, around, inner):
    """IEEE 802.2 with SNAP (RFC 1042)."""
    inside = inner(around)
    oui = words.option("oui", b"\0\0\0", lambda word: octets([word]))
    return Built(b"\xaa\xaa\x03" + oui + struct.pack("!H", ethertype_of(words, inside)) + inside.octets, "llc")


@layer("sll")
def sll(words, around, inner):
    """LINKTYPE_LINUX_SLL: packet type, ARPHRD, address length, address, protocol."""
    inside = inner(around)
    head = struct.pack("!HHH", words.number("packet", 0), words.number("arphrd", 1), 6) + CLIENT + b"\0\0"
    protocol = 4 if inside.kind == "llc" else ethertype_of(words, inside)
    return Built(head + struct.pack("!H", words.number("protocol", protocol)) + inside.octets, "sll")


@layer("sll2")
def sll2(words, around, inner):
    """LINKTYPE_LINUX_SLL2: protocol, reserved, interface, ARPHRD, packet type, address length, address."""
    inside = inner(around)
    protocol = 4 if inside.kind == "llc" else ethertype_of(words, inside)
    head = struct.pack("!HHIHBB", words.number("protocol", protocol), 0, words.number("interface", 2),
                       words.number("arphrd", 1), words.number("packet", 0), 6)
    return Built(head + CLIENT + b"\0\0" + inside.octets, "sll2")


FAMILIES = {"ipv4": 2, "ipv6": 30}


@layer("null")
def null(words, around, inner):
    """LINKTYPE_NULL: the address family in the byte order of the machine; IPv6 is 10, 24, 28 or 30."""
    inside = inner(around)
    order = ">" if words.flag("big-endian") else "<"
    return Built(struct.pack(order + "I", words.number("family", FAMILIES.get(inside.kind, 0))) + inside.octets, "null")


@layer("loop")
def loop(words, around, inner):
    """LINKTYPE_LOOP: the same in network byte order."""
    inside = inner(around)
    return Built(struct.pack("!I", words.number("family", FAMILIES.get(inside.kind, 0))) + inside.octets, "loop")


@layer("raw")
def raw(words, around, inner):
    """LINKTYPE_RAW: the IP datagram and nothing before it."""
    return inner(around)


@layer("ppp")
def ppp(words, around, inner):
    """RFC 1661 with the address and control octets of RFC 1662 unless `bare`."""
    inside = inner(around)
    head = b"" if words.flag("bare") else b"\xff\x03"
    protocol = words.number("protocol", PPP_PROTOCOLS.get(inside.kind, 0xc021))
    return Built(head + struct.pack("!H", protocol) + inside.octets, "ppp")


@layer("pppoe")
def pppoe(words, around, inner):
    """RFC 2516 section 4: `pppoe SESSION`; with `code=` other than 0 it is the discovery stage."""
    session, code = words.next("session", number), words.number("code", 0)
    inside = inner(around)
    protocol = b"" if code else struct.pack("!H", words.number("protocol", PPP_PROTOCOLS.get(inside.kind, 0xc021)))
    length = words.number("length", len(protocol) + len(inside.octets))
    head = struct.pack("!BBHH", 0x11, code, session, length)
    return Built(head + protocol + inside.octets, "pppoe-discovery" if code else "pppoe")


@layer("mpls")
def mpls(words, around, inner):
    """RFC 3032 section 2.1: the bottom-of-stack bit is set on the label that no other follows."""
    label = words.next("label", number)
    inside = inner(around)
    bottom = words.number("bottom", int(inside.kind != "mpls"))
    return Built(struct.pack("!I", label << 12 | bottom << 8 | words.number("ttl", 64)) + inside.octets, "mpls")


@layer("control-word")
def control_word(words, around, inner):
    """RFC 4385 section 3: before an Ethernet frame in an MPLS pseudowire."""
    return Built(struct.pack("!I", words.number("seq", 0)) + inner(around).octets, "control-word")


@layer("radiotap")
def radiotap(words, around, inner):
    """A radiotap header with nothing but the flags field; `fcs` says that the frame check sequence is there."""
    inside = inner(around)
    flags = 0x10 if words.flag("fcs") else 0
    return Built(struct.pack("<BBHIB", 0, 0, 9, 0x2, flags) + inside.octets + (bytes(4) if flags else b""), "radiotap")


@layer("wifi")
def wifi(words, around, inner):
    """IEEE 802.11 data frame: `to-ds`, `from-ds` or both; `qos`, `protected` (its body cannot be read), `htc`."""
    inside = inner(around)
    to_ds, from_ds, qos = words.flag("to-ds"), words.flag("from-ds"), words.flag("qos")
    order = words.flag("htc")
    control = words.number("type", 0x88 if qos else 0x08)
    second = to_ds | from_ds << 1 | words.flag("retry") << 3 | words.flag("protected") << 6 | order << 7
    head = struct.pack("<BBH", control, second, 0) + SERVER + CLIENT + SERVER + struct.pack("<H", 0x10)
    if to_ds and from_ds:
        head += CLIENT
    if qos:
        head += struct.pack("<H", 0x80 if words.flag("a-msdu") else 0)
    return Built(head + (bytes(4) if order else b"") + inside.octets, "wifi")


@layer("nflog")
def nflog(words, around, inner):
    """LINKTYPE_NFLOG: family, version, resource id in network order, then TLVs of host order, each padded to four
    octets. `before=TYPE:HEX` puts a TLV before the payload's (type 9)."""
    inside = inner(around)
    family = words.number("family", {"ipv4": 2, "ipv6": 10}.get(inside.kind, 0))
    order = ">" if words.flag("big-endian") else "<"

    def tlv(kind, content):
        return struct.pack(order + "HH", 4 + len(content), kind) + content + bytes(-len(content) % 4)
    kind, _, content = words.option("before", "10:" + b"dns\0".hex()).partition(":")
    if not content:
        raise TextError("nflog: before= is written TYPE:HEX")
    head = struct.pack("!BBH", family, 0, words.number("group", 1))
    return Built(head + tlv(number(kind), octets([content])) + tlv(9, inside.octets), "nflog")
