"""Resource record data from presentation form: a row of field kinds for each type."""
import base64
import calendar
import ipaddress
import struct
import time

from .names import name, rr_type
from .text import TextError, octets


def _uint(format_):
    return lambda words: struct.pack(format_, int(words.pop(0), 0))


def _string(words):
    content = words.pop(0).encode("latin-1")
    return bytes([len(content)]) + content


def _strings(words):
    return b"".join(_string(words) for _ in range(len(words)))


def _address(words):
    return ipaddress.ip_address(words.pop(0)).packed


def _name(words):
    return name(words.pop(0))


def _type(words):
    return struct.pack("!H", rr_type(words.pop(0)))


def _hex(words):
    rest, words[:] = list(words), []
    return octets(rest)


def _base64(words):
    rest, words[:] = "".join(words), []
    return base64.b64decode(rest)


def _time(words):
    """RRSIG's YYYYMMDDHHmmSS (RFC 4034 section 3.2)."""
    return struct.pack("!I", calendar.timegm(time.strptime(words.pop(0), "%Y%m%d%H%M%S")))


def _bitmap(words):
    """RFC 4034 section 4.1.2."""
    windows = {}
    for word in words:
        code = rr_type(word)
        bits = windows.setdefault(code >> 8, bytearray(32))
        bits[(code & 255) // 8] |= 0x80 >> code % 8
    words[:] = []
    out = b""
    for window, bits in sorted(windows.items()):
        bits = bytes(bits).rstrip(b"\0")
        out += bytes([window, len(bits)]) + bits
    return out


SERVICE_KEYS = {"mandatory": 0, "alpn": 1, "no-default-alpn": 2, "port": 3, "ipv4hint": 4, "ech": 5, "ipv6hint": 6}


def _service_parameters(words):
    """RFC 9460 section 2.1: `alpn=h2,h3 port=8443 ipv4hint=192.0.2.1 key667=HEX`, in ascending order."""
    out = b""
    for word in words:
        key, _, value = word.partition("=")
        if key == "alpn":
            content = b"".join(bytes([len(part)]) + part.encode() for part in value.split(","))
        elif key == "port":
            content = struct.pack("!H", int(value))
        elif key in ("ipv4hint", "ipv6hint"):
            content = b"".join(ipaddress.ip_address(part).packed for part in value.split(","))
        else:
            content = octets([value])
        code = SERVICE_KEYS[key] if key in SERVICE_KEYS else int(key.removeprefix("key"))
        out += struct.pack("!HH", code, len(content)) + content
    words[:] = []
    return out


def _caa(words):
    return words.pop(0).encode()


_u8, _u16, _u32 = _uint("!B"), _uint("!H"), _uint("!I")
FIELDS = {
    "A": [_address], "AAAA": [_address],
    "NS": [_name], "CNAME": [_name], "PTR": [_name], "DNAME": [_name],
    "SOA": [_name, _name, _u32, _u32, _u32, _u32, _u32],
    "MX": [_u16, _name], "SRV": [_u16, _u16, _u16, _name],
    "TXT": [_strings], "HINFO": [_string, _string], "NAPTR": [_u16, _u16, _string, _string, _string, _name],
    "DS": [_u16, _u8, _u8, _hex], "TLSA": [_u8, _u8, _u8, _hex], "SSHFP": [_u8, _u8, _hex],
    "DNSKEY": [_u16, _u8, _u8, _base64],
    "RRSIG": [_type, _u8, _u8, _u32, _time, _time, _u16, _name, _base64],
    "NSEC": [_name, _bitmap], "CAA": [_u8, _string, _caa],
    "SVCB": [_u16, _name, _service_parameters], "HTTPS": [_u16, _name, _service_parameters],
}


def rdata(type_word, words):
    """The wire form. `\\# HEX` stands for octets of any type (RFC 3597 section 5, without the count)."""
    words = list(words)
    if words[:1] == ["\\#"]:
        return octets(words[1:])
    if not words:
        return b""
    if type_word not in FIELDS:
        known = ", ".join(FIELDS)
        raise TextError(f"rdata of {type_word}: write it as \\# HEX; presentation form is known for {known}")
    try:
        out = b"".join(read(words) for read in FIELDS[type_word])
    except (ValueError, IndexError, struct.error, KeyError) as error:
        raise TextError(f"rdata of {type_word}: {error}") from error
    if words:
        raise TextError(f"rdata of {type_word}: '{words[0]}' is too much")
    return out
