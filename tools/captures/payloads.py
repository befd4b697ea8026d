"""Payloads that are only octets, and the knives that cut them."""
import struct

from .text import Built, TextError, layer, octets, number


def span(word):
    """`begin:end`, in octets; either may be left out."""
    begin, separator, end = word.partition(":")
    if not separator:
        raise ValueError("written begin:end")
    return (number(begin) if begin else 0), (number(end) if end else None)


@layer("hex")
def hexadecimal(words, around, inner):
    return Built(octets(words.rest()) + inner(around).octets)


@layer("text")
def text(words, around, inner):
    return Built(" ".join(words.rest()).encode())


@layer("zeros")
def zeros(words, around, inner):
    return Built(bytes(words.next("count", number)))


@layer("slice")
def cut_out(words, around, inner):
    begin, end = words.next("begin:end", span)
    whole = inner(around)
    if begin > len(whole.octets) or (end or 0) > len(whole.octets):
        raise TextError(f"slice: {begin}:{end} is not inside {len(whole.octets)} octets")
    return Built(whole.octets[begin:end], whole.kind)


@layer("pad")
def pad(words, around, inner):
    """Octets after the payload: `pad COUNT` of zeros, or `pad with=HEX`."""
    inside = inner(around)
    filling = words.option("with", read=lambda word: octets([word]))
    return Built(inside.octets + (bytes(words.next("count", number)) if filling is None else filling), inside.kind)


@layer("prefix")
def prefix(words, around, inner):
    """The two octets of length before a DNS message in a stream (RFC 1035 section 4.2.2)."""
    inside = inner(around)
    return Built(struct.pack("!H", words.number("length", len(inside.octets))) + inside.octets, inside.kind)
