"""The text of a capture: lines, words, options, and stacks of layers. docs/captures.md describes the language."""
import decimal
import re
from dataclasses import dataclass, field


class TextError(Exception):
    """What is wrong with the text, for the person who wrote it."""


class Word(str):
    """A word of the text. `quoted`: it began with a quotation mark, so it is neither an option nor a separator."""
    quoted = False


def words_of(line):
    """The words of a line: parted by spaces outside quotation marks, up to a `#` that begins a word."""
    words, at = [], 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        if line[at] == "#":
            break
        word, at, quoted = _one_word(line, at)
        words.append(Word(word))
        words[-1].quoted = quoted
    return words


def _one_word(line, at):
    quoted, inside, out = line[at] == '"', False, []
    while at < len(line) and (inside or not line[at].isspace()):
        if line[at] == '"':
            inside = not inside
        elif line[at] == "\\" and line[at + 1:at + 2] == '"':
            at += 1
            out.append('"')
        else:
            out.append(line[at])
        at += 1
    if inside:
        raise TextError("a quotation mark is not closed")
    return "".join(out), at, quoted


def logical_lines(text):
    """(number, line) pairs: an indented line continues the one before it; empty lines and comments are left out."""
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if line[0].isspace() and lines:
            lines[-1] = (lines[-1][0], lines[-1][1] + " " + stripped)
        else:
            lines.append((number, stripped))
    return lines


OPTION = re.compile(r"([a-z][a-z0-9-]*)=(.*)", re.DOTALL)


class Words:
    """The words of one layer or directive: `key=value` options, and the others in their order.

    Each is taken once; `done` refuses what nobody took and says what would have been."""

    def __init__(self, name, words):
        self.name, self.plain, self.options, self.known = name, [], {}, []
        self.all = list(words)
        for word in words:
            found = None if word.quoted else OPTION.fullmatch(word)
            if found:
                self.options[found[1]] = found[2]
            else:
                self.plain.append(word)

    def option(self, key, default=None, read=str):
        self.known.append(key + "=")
        value = self.options.pop(key, None)
        return default if value is None else self._read(key, value, read)

    def number(self, key, default=None):
        return self.option(key, default, number)

    def flag(self, word):
        """Whether the bare word is there."""
        self.known.append(word)
        if word in self.plain:
            self.plain.remove(word)
            return True
        return False

    def next(self, what, read=str, default=None):
        """The first word left. Errors: there is none, and no default."""
        self.known.append(what)
        if self.plain:
            return self._read(what, self.plain.pop(0), read)
        if default is None:
            raise TextError(f"{self.name}: {what} is missing")
        return default

    def pair(self, what, read, default=None):
        """`A > B`."""
        self.known.append(f"{what} > {what}")
        if len(self.plain) >= 3 and self.plain[1] == ">":
            first, second = self.plain[0], self.plain[2]
            del self.plain[:3]
            return self._read(what, first, read), self._read(what, second, read)
        if default is None:
            raise TextError(f"{self.name}: {what} > {what} is missing")
        return default

    def rest(self):
        rest, self.plain = self.plain, []
        return rest

    def done(self):
        left = self.plain + [f"{key}={value}" for key, value in self.options.items()]
        if left:
            known = ", ".join(dict.fromkeys(self.known)) or "nothing"
            raise TextError(f"{self.name}: '{left[0]}' is not known; accepted: {known}")

    def _read(self, what, word, read):
        try:
            return read(word)
        except (ValueError, KeyError) as error:
            raise TextError(f"{self.name}: '{word}' is no {what}: {error}") from error


def number(word):
    return int(word, 0)


def nanoseconds(word):
    """Of seconds with up to nine decimals."""
    return int(decimal.Decimal(word).scaleb(9).to_integral_exact())


def octets(words):
    """Hexadecimal digits, in any grouping."""
    try:
        return bytes.fromhex("".join(words))
    except ValueError as error:
        raise TextError(f"'{' '.join(words)}' is not hexadecimal: {error}") from error


@dataclass(frozen=True)
class Built:
    """Octets and what they are, so that the layer around them can say so: "ipv4", "udp", "dns"..."""
    octets: bytes
    kind: str = "octets"


@dataclass(frozen=True)
class Around:
    """What inner layers know of those around them."""
    source: bytes = b""  # addresses of the nearest IP header
    destination: bytes = b""
    version: int = 0  # of that header
    fragment: dict = field(default_factory=dict)  # what a `fragment` layer tells the IPv4 header around it


LAYERS = {}


def layer(name):
    """Registers a function (words, around, inner) -> Built; inner(around) builds what follows."""
    def register(function):
        LAYERS[name] = function
        return function
    return register


def build(words, around=Around()):
    """The octets of a stack of layers: `ethernet / ipv4 A > B / udp 1 > 2 / dns ...`."""
    parts, at = _sum(words, 0)
    if at < len(words):
        raise TextError("a ')' without its '('")
    return _build_sum(parts, around)


def is_mark(word, mark):
    return word == mark and not word.quoted


def _sum(words, at):
    """stack { + stack }; a stack is a list of layers, each a list of words or (in parentheses) a sum again."""
    stacks, stack, current = [], [], []

    def end_layer():
        nonlocal current
        if not current:
            raise TextError("a layer is missing beside '/', '+' or a parenthesis")
        stack.append(current if isinstance(current, tuple) else list(current))
        current = []

    while at < len(words) and not is_mark(words[at], ")"):
        word = words[at]
        if is_mark(word, "/"):
            end_layer()
        elif is_mark(word, "+"):
            end_layer()
            stacks.append(stack)
            stack = []
        elif is_mark(word, "("):
            if current:
                raise TextError("'(' begins a payload: put '/' before it")
            inside, at = _sum(words, at + 1)
            if at >= len(words):
                raise TextError("a '(' without its ')'")
            current = (inside,)
        elif isinstance(current, tuple):
            raise TextError(f"'{word}' after ')': '+' or nothing may follow")
        else:
            current.append(word)
        at += 1
    end_layer()
    return stacks + [stack], at


def _build_sum(stacks, around):
    built = [_build_stack(stack, around) for stack in stacks]
    return Built(b"".join(part.octets for part in built), built[0].kind)


def _build_stack(stack, around):
    if not stack:
        return Built(b"", "none")
    first, rest = stack[0], stack[1:]
    if isinstance(first, tuple):
        if rest:
            raise TextError("nothing can lie inside a group: '/' after ')'")
        return _build_sum(first[0], around)
    name = first[0]
    if name not in LAYERS:
        raise TextError(f"no layer is called '{name}'; there are: {', '.join(sorted(LAYERS))}")
    words = Words(name, first[1:])
    built = LAYERS[name](words, around, lambda inside=around: _build_stack(rest, inside))
    words.done()
    return built
