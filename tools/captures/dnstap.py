"""dnstap (https://dnstap.info): protocol buffer messages inside Frame Streams."""
import ipaddress
import struct

from .text import TextError, Words, build, is_mark, nanoseconds, number, octets

MESSAGE_TYPES = {name: code for code, name in enumerate(
    [who + what for who in ("AUTH", "RESOLVER", "CLIENT", "FORWARDER", "STUB", "TOOL", "UPDATE")
     for what in ("_QUERY", "_RESPONSE")], 1)}
PROTOCOLS = {"UDP": 1, "TCP": 2, "DOT": 3, "DOH": 4, "DNSCRYPT_UDP": 5, "DNSCRYPT_TCP": 6, "DOQ": 7}
FAMILIES = {"INET": 1, "INET6": 2}
CONTROLS = {"ACCEPT": 1, "START": 2, "STOP": 3, "READY": 4, "FINISH": 5}
CONTENT_TYPE = b"protobuf:dnstap.Dnstap"


def varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def whole(field, value):
    return b"" if value is None else varint(field << 3) + varint(value)


def content(field, value):
    return b"" if value is None else varint(field << 3 | 2) + varint(len(value)) + value


def fixed32(field, value):
    return b"" if value is None else varint(field << 3 | 5) + struct.pack("<I", value)


def control_frame(words):
    """`control START`: the escape, its length, the type and, where one belongs, the content type; `type=` overrides it,
    `bare` leaves it out."""
    kind = words.next("type", lambda word: CONTROLS[word] if word in CONTROLS else number(word))
    text = words.option("type", CONTENT_TYPE, str.encode)
    with_type = not words.flag("bare") and kind in (1, 2, 4)
    words.done()
    body = struct.pack("!I", kind)
    if with_type:
        body += struct.pack("!II", 1, len(text)) + text
    return struct.pack("!II", 0, len(body)) + body


def data_frame(octets_, length=None):
    return struct.pack("!I", len(octets_) if length is None else length) + octets_


def address(word):
    return ipaddress.ip_address(word).packed


def dnstap_frame(words, time_ns):
    """One data frame from `dnstap TYPE protocol=UDP from=A from-port=N to=B to-port=N ... / dns ...`. What is not given
    is not in the message. The line's time is the query's or the response's, by the type; `untimed` leaves it out."""
    head, message = _parted(words)
    options = Words("dnstap", head)
    kind = options.next("type", lambda word: MESSAGE_TYPES[word] if word in MESSAGE_TYPES else number(word), 0)
    is_response = kind % 2 == 0
    time = None if options.flag("untimed") else time_ns
    other = options.option("query-time", None, nanoseconds)
    query_ns, response_ns = (other, time) if is_response else (time, None)
    source, destination = (options.option(key, None, address) for key in ("from", "to"))
    family = {4: 1, 16: 2}.get(len(source or destination or b""))
    family = options.option("family", family, lambda word: FAMILIES[word] if word in FAMILIES else number(word))
    protocol = options.option("protocol", None, lambda word: PROTOCOLS[word] if word in PROTOCOLS else number(word))
    wire = build(message).octets if message else None
    body = whole(1, None if options.flag("without-type") else kind) + whole(2, family) + whole(3, protocol)
    body += content(4, source) + content(5, destination)
    body += whole(6, options.number("from-port")) + whole(7, options.number("to-port"))
    body += _time(8, query_ns) + content(10, None if is_response else wire)
    body += content(11, options.option("zone", None, lambda word: octets([word])))
    body += _time(12, response_ns) + content(14, wire if is_response else None)
    texts = enumerate(("identity", "version", "extra"), 1)
    out = b"".join(content(field, options.option(key, None, str.encode)) for field, key in texts)
    out += content(14, None if options.flag("empty") else body)
    out += whole(15, options.number("kind", 1))
    length = options.number("length")
    options.done()
    return data_frame(out, length)


def _time(field, value_ns):
    if value_ns is None:
        return b""
    return whole(field, value_ns // 10**9) + fixed32(field + 1, value_ns % 10**9)


def _parted(words):
    """The words before the first `/`, and those after it."""
    for at, word in enumerate(words):
        if is_mark(word, "/"):
            if at + 1 == len(words):
                raise TextError("dnstap: a message is missing after '/'")
            return words[:at], words[at + 1:]
    return words, []
