"""Domain names and code numbers as text."""
import re

from .text import TextError

TYPES = {name: code for code, name in {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA",
    33: "SRV", 35: "NAPTR", 39: "DNAME", 41: "OPT", 43: "DS", 44: "SSHFP", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY",
    50: "NSEC3", 52: "TLSA", 64: "SVCB", 65: "HTTPS", 250: "TSIG", 251: "IXFR", 252: "AXFR", 255: "ANY", 257: "CAA"}.items()}
CLASSES = {"IN": 1, "CH": 3, "HS": 4, "NONE": 254, "ANY": 255}
OPCODES = {"QUERY": 0, "IQUERY": 1, "STATUS": 2, "NOTIFY": 4, "UPDATE": 5, "DSO": 6}
RCODES = {name: code for code, name in enumerate(
    ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH",
     "NOTZONE", "DSOTYPENI"])} | {"BADVERS": 16, "BADKEY": 17, "BADTIME": 18, "BADCOOKIE": 23}


def code(table, prefix):
    """Reads a mnemonic, `PREFIX123` or a number."""
    def read(word):
        if word in table:
            return table[word]
        return int(word.removeprefix(prefix), 0)
    return read


def is_class(word):
    return not word.quoted and (word in CLASSES or re.fullmatch(r"CLASS\d+", word) is not None)


rr_type, rr_class = code(TYPES, "TYPE"), code(CLASSES, "CLASS")
opcode, rcode = code(OPCODES, "OPCODE"), code(RCODES, "RCODE")

PIECE = re.compile(r"\\(\d{3})|\\(.)|<([0-9a-f]*)>|@(\d+)|(\.)|(.)", re.DOTALL)


def name(text):
    """The wire form of a name in presentation form (RFC 1035 section 5.1). `@12` is a compression pointer to octet 12,
    and ends the name; `<c00c>` are octets as they stand, and end it too. Errors: TextError for a label that does not
    fit."""
    if text == ".":
        return b"\0"
    out, label = b"", bytearray()
    for decimal, escaped, raw, pointer, dot, plain in PIECE.findall(text):
        if pointer:
            return out + (0xC000 | int(pointer)).to_bytes(2, "big")
        if raw:
            return out + bytes.fromhex(raw)
        if dot:
            out, label = out + _label(label, text), bytearray()
        else:
            label += bytes([int(decimal)]) if decimal else (escaped or plain).encode()
    return out + (_label(label, text) if label else b"") + b"\0"


def _label(label, text):
    if not 1 <= len(label) <= 63:
        raise TextError(f"'{text}': a label has 1 to 63 octets (write others as <hexadecimal>)")
    return bytes([len(label)]) + bytes(label)
