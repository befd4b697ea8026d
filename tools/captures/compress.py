"""Compression. gzip and xz come with Python; frames of zstd and lz4 are written uncompressed, which both formats have
blocks for, so that neither needs a program or a library."""
import gzip
import lzma
import struct

ROTATIONS = (1, 7, 12, 18)
PRIMES = (2654435761, 2246822519, 3266489917, 668265263, 374761393)
MASK = 0xffffffff
BLOCK_OCTETS = 65536


def _rotate(word, bits):
    return (word << bits | word >> (32 - bits)) & MASK


def xxh32(data):
    """The checksum that lz4 frames carry (https://xxhash.com), seed zero."""
    at = 0
    if len(data) >= 16:
        lanes = [(PRIMES[0] + PRIMES[1]) & MASK, PRIMES[1], 0, -PRIMES[0] & MASK]
        while at + 16 <= len(data):
            for i, word in enumerate(struct.unpack_from("<4I", data, at)):
                lanes[i] = _rotate((lanes[i] + word * PRIMES[1]) & MASK, 13) * PRIMES[0] & MASK
            at += 16
        total = sum(_rotate(lane, bits) for lane, bits in zip(lanes, ROTATIONS)) & MASK
    else:
        total = PRIMES[4]
    total = (total + len(data)) & MASK
    while at + 4 <= len(data):
        word, = struct.unpack_from("<I", data, at)
        total = _rotate((total + word * PRIMES[2]) & MASK, 17) * PRIMES[3] & MASK
        at += 4
    for octet in data[at:]:
        total = _rotate((total + octet * PRIMES[4]) & MASK, 11) * PRIMES[0] & MASK
    for shift, prime in ((15, PRIMES[1]), (13, PRIMES[2])):
        total = (total ^ total >> shift) * prime & MASK
    return total ^ total >> 16


def _blocks(data):
    return [data[at:at + BLOCK_OCTETS] for at in range(0, len(data), BLOCK_OCTETS)]


def zstd(data):
    """RFC 8878 section 3.1.1: no window descriptor but a single segment with its size, raw blocks."""
    blocks = _blocks(data) or [b""]
    out = struct.pack("<IBQ", 0xFD2FB528, 0xE0, len(data))
    for i, block in enumerate(blocks):
        out += struct.pack("<I", len(block) << 3 | (i + 1 == len(blocks)))[:3] + block
    return out


def lz4(data):
    """The LZ4 frame format: independent blocks of 64 KiB, uncompressed ones marked by the length's highest bit."""
    descriptor = bytes([0x60, 0x40])
    out = struct.pack("<I", 0x184D2204) + descriptor + bytes([xxh32(descriptor) >> 8 & 255])
    for block in _blocks(data):
        out += struct.pack("<I", len(block) | 0x80000000) + block
    return out + bytes(4)


METHODS = {"gzip": lambda data: gzip.compress(data, mtime=0), "xz": lzma.compress, "zstd": zstd, "lz4": lz4}


def compress(data, method, members):
    """`members`: the data in so many compressed streams, one after the other, as `cat` of several files would give."""
    size = -(-len(data) // members)
    return b"".join(METHODS[method](data[at:at + size]) for at in range(0, len(data), size or 1))
