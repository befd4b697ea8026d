"""Files of captures: pcap, pcapng, dnstap, Speedy's records, and plain octets; and the text that describes them."""
import decimal
import pathlib
import re
import struct

from . import dnstap, internet, links, payloads, tunnels  # noqa: F401: their layers register themselves
from . import dns as _dns  # noqa: F401
from .compress import METHODS, compress
from .links import LINK_TYPES
from .text import TextError, Word, Words, build, is_mark, logical_lines, nanoseconds, number, octets, words_of

LIMIT = 262144


def link_type(word):
    return LINK_TYPES[word] if word in LINK_TYPES else number(word)


class Pcap:
    """draft-ietf-opsawg-pcap: `file pcap [nanoseconds] [big-endian] [link=ethernet] [snap=N]`."""
    suffix = "pcap"

    def __init__(self, words):
        self.order = ">" if words.flag("big-endian") else "<"
        self.unit_ns = 1 if words.flag("nanoseconds") else 1000
        self.link = words.option("link", LINK_TYPES["ethernet"], link_type)
        self.snap = words.number("snap", LIMIT)

    def begin(self):
        magic = 0xA1B23C4D if self.unit_ns == 1 else 0xA1B2C3D4
        return struct.pack(self.order + "IHHiIII", magic, 2, 4, 0, 0, self.snap, self.link)

    def frame(self, time_ns, words):
        frame = _Frame(words, self.snap)
        seconds, rest = divmod(time_ns, 10**9)
        head = struct.pack(self.order + "4I", seconds, rest // self.unit_ns, len(frame.octets), frame.original)
        return head + frame.octets

    def end(self):
        return b""


class _Frame:
    """A frame's own words, before its first layer: `snap=60`, `original=N`, `on INTERFACE`."""

    def __init__(self, words, snap):
        words = list(words)
        self.interface = None
        options = []
        while words and (words[0] == "on" or re.match(r"(snap|original)=", words[0])):
            if words[0] == "on":
                self.interface, words = words[1], words[2:]
            else:
                options.append(words.pop(0))
        options = Words("frame", options)
        octets_ = build(words).octets
        self.octets = octets_[:min(snap, options.number("snap", LIMIT))]
        self.original = options.number("original", len(octets_))


class Pcapng:
    """draft-ietf-opsawg-pcapng: `file pcapng [big-endian]` begins with a section."""
    suffix = "pcapng"

    def __init__(self, words):
        self.order = ">" if words.flag("big-endian") else "<"
        self.interfaces = {}
        self.directives = {"section": self.section, "interface": self.interface, "block": self.block}

    def begin(self):
        self.interfaces = {}
        return self._block(0x0A0D0D0A, struct.pack(self.order + "IHHq", 0x1A2B3C4D, 1, 0, -1))

    def section(self, words):
        self.order = ">" if words.flag("big-endian") else "<"
        return self.begin()

    def interface(self, words):
        """`interface NAME [link=ethernet] [resolution=6] [offset=SECONDS] [snap=N]`; resolution 9 is nanoseconds, 2^20
        a power of two."""
        name = words.next("name")
        link, snap = words.option("link", 1, link_type), words.number("snap", 0)
        resolution, offset = words.option("resolution"), words.number("offset")
        power = _power(resolution) if resolution else None
        options = self._option(2, name.encode())
        if power is not None:
            options += self._option(9, bytes([power]))
        if offset is not None:
            options += self._option(14, struct.pack(self.order + "q", offset))
        self.interfaces[name] = (len(self.interfaces), power, offset or 0, snap or LIMIT)
        return self._block(1, struct.pack(self.order + "HHI", link, 0, snap) + options + self._option(0, b""))

    def block(self, words):
        """A block of another type: `block 0x0bad 00 01 02 03`."""
        kind = words.next("type", number)
        return self._block(kind, octets(words.rest()))

    def frame(self, time_ns, words):
        if not self.interfaces:
            raise TextError("an interface is missing before the frame: interface NAME link=ethernet")
        simple, obsolete = words[0] == "simple", words[0] == "obsolete"
        if simple or obsolete:
            words = words[1:]
        interface = words[1] if words[0] == "on" else next(iter(self.interfaces))
        if interface not in self.interfaces:
            known = ", ".join(self.interfaces)
            raise TextError(f"no interface of this section is called '{interface}'; there are: {known}")
        index, power, offset_s, snap = self.interfaces[interface]
        frame = _Frame(words, snap)
        if simple:
            return self._block(3, struct.pack(self.order + "I", frame.original) + frame.octets)
        ticks = _ticks(time_ns - offset_s * 10**9, 6 if power is None else power)
        rest = struct.pack(self.order + "4I", ticks >> 32, ticks & 0xffffffff, len(frame.octets), frame.original)
        rest += frame.octets
        if obsolete:
            return self._block(2, struct.pack(self.order + "HH", index, 0xffff) + rest)
        return self._block(6, struct.pack(self.order + "I", index) + rest)

    def end(self):
        return b""

    def _option(self, code, content):
        return struct.pack(self.order + "HH", code, len(content)) + content + bytes(-len(content) % 4)

    def _block(self, kind, body):
        body += bytes(-len(body) % 4)
        length = struct.pack(self.order + "I", 12 + len(body))
        return struct.pack(self.order + "I", kind) + length + body + length


def _power(resolution):
    """if_tsresol: a power of ten, or, with the highest bit set, of two."""
    return int(resolution.removeprefix("2^")) | (128 if resolution.startswith("2^") else 0)


def _ticks(time_ns, power):
    """The clock of an interface: units of 10^-power seconds, or of 2^-power with the highest bit set."""
    if power & 128:
        return (time_ns << (power & 127)) // 10**9
    return time_ns * 10**power // 10**9


class Dnstap:
    """`file dnstap [bare]`: Frame Streams between START and STOP; `bare` leaves both to `control` lines."""
    suffix = "fstrm"

    def __init__(self, words):
        self.bare = words.flag("bare")
        self.directives = {"control": dnstap.control_frame}

    def begin(self):
        return b"" if self.bare else dnstap.control_frame(Words("control", [Word("START")]))

    def frame(self, time_ns, words):
        if words[0] == "hex":
            return dnstap.data_frame(octets(words[1:]))
        if words[0] != "dnstap":
            raise TextError(f"'{words[0]}': a frame of dnstap is `TIME dnstap TYPE ... / dns ...` or `TIME hex OCTETS`")
        return dnstap.dnstap_frame(words[1:], time_ns)

    def end(self):
        return b"" if self.bare else dnstap.control_frame(Words("control", [Word("STOP")]))


class Plain:
    """`file plain`: only what `octets` and `record` lines say."""
    suffix = "dat"

    def __init__(self, words):
        pass

    def begin(self):
        return b""

    def frame(self, time_ns, words):
        raise TextError("a plain file has no frames: write `octets HEX` or `record JSON`")

    def end(self):
        return b""


FORMATS = {"pcap": Pcap, "pcapng": Pcapng, "dnstap": Dnstap, "plain": Plain}


class _File:
    def __init__(self, words):
        kind = words.next("format")
        if kind not in FORMATS:
            raise TextError(f"'{kind}' is no format; there are: {', '.join(FORMATS)}")
        self.writer = FORMATS[kind](words)
        self.name = words.option("name")
        self.suffix = self.writer.suffix
        self.method, self.members = None, 1
        self.cut, self.base_ns = None, 0
        words.done()
        self.octets = self.writer.begin()

    def content(self):
        data = self.octets + self.writer.end()
        if self.method:
            data = compress(data, self.method, self.members)
        return data[:self.cut]


class Text:
    """Reads the text of a capture; `files` are (name or None, suffix, octets)."""

    def __init__(self, text):
        self._files, self._names = [], {}
        for line_number, line in logical_lines(text):
            try:
                self._line(line)
            except (TextError, struct.error, ValueError, decimal.DecimalException, OverflowError) as error:
                raise TextError(f"line {line_number}: {error}") from error
        if not self._files:
            raise TextError("nothing to write: a text begins with `file FORMAT`; formats: " + ", ".join(FORMATS))

    def files(self):
        return [(file.name, file.suffix, file.content()) for file in self._files]

    def _line(self, line):
        if line.startswith("record "):
            self._record(line.removeprefix("record ").strip())
            return
        words = self._replaced(words_of(line))
        head, rest = words[0], words[1:]
        if head == "let":
            self._let(rest)
        elif head == "file":
            self._take(rest, lambda words: self._files.append(_File(words)))
        elif not self._files:
            raise TextError(f"'{head}' before the first `file FORMAT`")
        elif re.fullmatch(r"-?\d+(\.\d+)?", head):
            if not rest:
                raise TextError("a frame's layers are missing after its time")
            self._file.octets += self._file.writer.frame(self._file.base_ns + nanoseconds(head), rest)
        else:
            self._directive(head, rest)

    @property
    def _file(self):
        return self._files[-1]

    def _take(self, words, action):
        words = Words("file", words)
        result = action(words)
        words.done()
        return result

    def _replaced(self, words):
        """`$name` stands for the words that `let name =` gave."""
        out = []
        for word in words:
            if word.startswith("$") and not word.quoted:
                if word[1:] not in self._names:
                    raise TextError(f"'{word}' has no `let {word[1:]} = ...` before it")
                out += self._names[word[1:]]
            else:
                out.append(word)
        return out

    def _let(self, words):
        if len(words) < 3 or not is_mark(words[1], "="):
            raise TextError("written `let NAME = WORDS`")
        self._names[words[0]] = words[2:]

    def _record(self, json_text):
        """Speedy's framing: the length in octets, in decimal digits, before the JSON text."""
        octets_ = json_text.encode()
        self._file.octets += str(len(octets_)).encode() + octets_

    def _directive(self, head, rest):
        file, words = self._file, Words(head, rest)
        special = getattr(file.writer, "directives", {})
        if head == "octets":
            file.octets += octets(words.rest())
        elif head == "compress":
            file.method = words.next("method")
            file.members = words.number("members", 1)
            if file.method not in METHODS:
                raise TextError(f"'{file.method}' compresses nothing; there are: {', '.join(METHODS)}")
        elif head == "cut":
            file.cut = words.next("octets", number)
        elif head == "epoch":
            file.base_ns = words.next("seconds", nanoseconds)
        elif head in special:
            file.octets += special[head](words)
        else:
            known = ["file", "let", "epoch", "octets", "record", "compress", "cut", *special]
            raise TextError(f"'{head}' is no time and no directive; directives here: {', '.join(known)}")
        words.done()


def write(text, path):
    """Writes what `text` describes to `path`: one file, or, when files have names, a folder of them."""
    files = Text(text).files()
    path = pathlib.Path(path)
    if len(files) == 1 and files[0][0] is None:
        path.write_bytes(files[0][2])
        return
    if any(name is None for name, _, _ in files):
        raise TextError("several files need names: file FORMAT name=NAME")
    path.mkdir(exist_ok=True)
    for name, _, content in files:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
