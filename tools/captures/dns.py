"""DNS messages: `dns id=7 qr aa ? www.example. A | an www.example. 300 A 192.0.2.1 | opt size=1232 do`."""
import ipaddress
import struct

from .names import is_class, name, opcode, rcode, rr_class, rr_type
from .rdata import rdata
from .text import Built, TextError, Words, is_mark, layer, number, octets

FLAGS = {"qr": 0x8000, "aa": 0x0400, "tc": 0x0200, "rd": 0x0100, "ra": 0x0080, "z": 0x0040, "ad": 0x0020, "cd": 0x0010}
SECTIONS = ["qd", "an", "ns", "ar"]
NSID, SUBNET, COOKIE, KEEPALIVE, PADDING, ERROR = 3, 8, 10, 11, 12, 15


@layer("dns")
def dns(words, around, inner):
    """RFC 1035 section 4.1. Sections' counts are counted unless `qd=`, `an=`, `ns=` or `ar=` says otherwise."""
    head, parts = _split(words)
    parts = [_part(part) for part in parts]
    body = b"".join(content for _, content in parts)
    counts = [head.number(section, sum(where == section for where, _ in parts)) for section in SECTIONS]
    flags = sum(bit for word, bit in FLAGS.items() if head.flag(word))
    flags |= head.option("opcode", 0, opcode) << 11 | head.option("rcode", 0, rcode) & 15
    header = struct.pack("!6H", head.number("id", 0), flags, *counts)
    head.done()
    return Built(header + body, "dns")


def _split(words):
    """The header's words, and the words of each part: they begin with `?`, or are parted by `|`."""
    everything, words.plain = words.all, []
    words.options = {}
    parts, part = [], []
    for word in everything:
        if is_mark(word, "|") or is_mark(word, "?"):
            parts.append(part)
            part = [word] if word == "?" else []
        else:
            part.append(word)
    head, *rest = parts + [part]
    return Words("dns", head), [part for part in rest if part]


def _part(words):
    """(section, octets) of one question, record or piece; the section is "" for what no count counts."""
    first, rest = words[0], words[1:]
    if first == "?":
        return "qd", _question(rest)
    if first == "opt":
        return "ar", opt(Words("opt", rest))
    if first in SECTIONS[1:] and rest and rest[0] == "opt":
        return first, opt(Words("opt", rest[1:]))
    if first in SECTIONS[1:]:
        return first, _record(rest)
    if first == "tlv":  # of a DSO message (RFC 8490 section 5.4.4)
        content = octets(rest[1:])
        return "", struct.pack("!HH", number(rest[0]), len(content)) + content
    if first == "hex":
        return "", octets(rest)
    raise TextError(f"dns: '{first}' begins no part; a part is ? NAME TYPE [CLASS], an, ns or ar RECORD, opt, tlv, hex")


def _question(words):
    if not 2 <= len(words) <= 3:
        raise TextError(f"a question is NAME TYPE [CLASS], not '{' '.join(words)}'")
    return name(words[0]) + struct.pack("!HH", rr_type(words[1]), rr_class(words[2]) if len(words) == 3 else 1)


def _record(words):
    """NAME TTL [CLASS] TYPE RDATA; `rdlength=N` at the end overrides the length."""
    words = list(words)
    length = None
    if words and words[-1].startswith("rdlength="):
        length = number(words.pop().removeprefix("rdlength="))
    if len(words) < 3:
        raise TextError(f"a record is NAME TTL [CLASS] TYPE RDATA, not '{' '.join(words)}'")
    owner, ttl = name(words[0]), number(words[1])
    class_ = rr_class(words.pop(2)) if is_class(words[2]) and len(words) > 3 else 1
    content = rdata(words[2], words[3:])
    length = len(content) if length is None else length
    return owner + struct.pack("!HHIH", rr_type(words[2]), class_, ttl, length) + content


def _subnet(word):
    """RFC 7871 section 6: `192.0.2.0/24` or with the scope, `192.0.2.0/24/16`."""
    text, source, *scope = word.split("/")
    address = ipaddress.ip_address(text)
    source = int(source)
    head = struct.pack("!HBB", {4: 1, 6: 2}[address.version], source, int(scope[0]) if scope else 0)
    return head + address.packed[:(source + 7) // 8]


def _error(word):
    """RFC 8914 section 2: `18` or `18:text`."""
    info, _, text = word.partition(":")
    return struct.pack("!H", int(info)) + text.encode()


OPTIONS = [("nsid", NSID, lambda word: word.encode()), ("ecs", SUBNET, _subnet), ("cookie", COOKIE, bytes.fromhex),
           ("keepalive", KEEPALIVE, lambda word: struct.pack("!H", int(word))),
           ("padding", PADDING, lambda word: bytes(int(word))), ("ede", ERROR, _error)]


def opt(words):
    """The OPT record (RFC 6891 section 6.1.2): `opt size=1232 do rcode=BADVERS nsid=ns1 option=65001:00ff`. `rcode=`
    gives the upper eight of the twelve bits; the lower four are the header's."""
    content = b""
    for key, code, encode in OPTIONS:
        value = words.option(key, None, encode)
        if value is not None:
            content += struct.pack("!HH", code, len(value)) + value
    other = words.option("option")
    if other is not None:
        code, _, value = other.partition(":")
        content += struct.pack("!HH", number(code), len(value) // 2) + octets([value])
    content += words.option("options", b"", lambda word: octets([word]))
    ttl = (words.option("rcode", 0, rcode) >> 4) << 24 | words.number("version", 0) << 16 | words.flag("do") << 15
    owner, size = words.option("owner", b"\0", name), words.number("size", 1232)
    length = words.number("rdlength", len(content))
    words.done()
    return owner + struct.pack("!HHIH", 41, size, ttl, length) + content
