#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes what the fuzz targets begin with: good inputs of every kind, which no
fuzzer would find by chance.

    make_corpus.py DIRECTORY      needs mkfs.vfat and mtools

What corpus/ holds besides is what libFuzzer made of these; see scripts/fuzz.
"""

import os
import struct
import subprocess
import sys
import tempfile
import zlib

BLOCK = 512
os.environ["PATH"] += ":/usr/sbin:/sbin"
os.environ["MTOOLS_SKIP_CHECK"] = "1"


def run(*command):
    subprocess.run([str(word) for word in command], check=True,
                   stdout=subprocess.DEVNULL)


# a device of blocks: where it is not zero

def pieces(image):
    out = b""
    for start in range(0, len(image), BLOCK):
        block = image[start:start + BLOCK].rstrip(b"\0")
        at = 0
        while at < len(block):
            if block[at] == 0:
                at += 1
                continue
            end = block.find(b"\0\0\0\0\0\0\0", at, at + 255)
            end = min(at + 255, len(block)) if end < 0 else end
            out += struct.pack("<IHB", start // BLOCK, at, end - at)
            out += block[at:end]
            at = end
    return out


def volume(bits, kib, per_cluster, size, start=0, directory=False):
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "image")
        drive = f"{path}@@{start * BLOCK}"
        with open(path, "wb") as image:
            image.truncate(kib * 1024 + start * BLOCK)
        run("mkfs.vfat", "-F", bits, "-s", per_cluster, "-r" if bits != 32
            else "-R", 16 if bits != 32 else 32, "--offset", start, path, kib)
        for name, length in (("gap1", 600), ("gap2", 600), ("gap3", 1)):
            source = os.path.join(scratch, name)
            with open(source, "wb") as out:
                out.write(b"g" * length)
            run("mcopy", "-i", drive, source, "::")
        run("mdel", "-i", drive, "::gap2")
        if directory:
            run("mmd", "-i", drive, "::firmware.bin")
        else:
            source = os.path.join(scratch, "firmware.bin")
            with open(source, "wb") as out:
                out.write(bytes(i * i % 251 + 1 for i in range(size)))
            run("mcopy", "-i", drive, source, "::")
        with open(path, "rb") as image:
            content = bytearray(image.read())
    boot = start * BLOCK
    code = boot + (90 if bits == 32 else 62)
    content[code:boot + 510] = bytes(boot + 510 - code)  # not looked at
    if start:
        content[446:462] = struct.pack("<4xB3xII", {12: 1, 16: 6, 32: 12}[bits],
                                       start, kib * 2)
        content[510:512] = b"\x55\xaa"
    return pieces(bytes(content))


def fat():
    yield "fat12", b"\x40" + volume(12, 64, 1, 1500)
    yield "fat12-part", b"\x01" + volume(12, 64, 2, 700, start=1)
    yield "fat12-fails", b"\x88" + volume(12, 64, 1, 1500)
    yield "fat12-directory", b"\x40" + volume(12, 64, 1, 0, directory=True)
    yield "fat16", b"\x40" + volume(16, 2304, 1, 1500)
    yield "fat16-empty", b"\x40" + volume(16, 2304, 1, 0)
    yield "fat32", b"\x40" + volume(32, 34000, 1, 1500)
    yield "fat32-part", b"\x10" + volume(32, 34000, 1, 700, start=3)


# a layout, a header, vectors

def image():
    layout = bytes((1, 0xFF, 0, 2, 3))
    slots = bytes((5, 0xFF, 0, 2, 3, 6, 1, 8, 1))
    reset = 0x08020000 + 512 + 0x101
    vectors = struct.pack("<II", 0x20001000, reset)
    header = struct.pack("<4I", 0xABCDEFAB, 5000, 0x12345678, 0x01020003)
    yield "plain", layout + header + vectors
    yield "plain-slots", slots + header + vectors
    yield "plain-refused", b"\0" + layout[1:] + header + vectors
    yield "signed", layout + b"SBT1" + header[4:] + vectors
    yield "empty", layout + header[:4] + bytes(4) + header[8:] + vectors
    yield "huge", layout + header[:4] + b"\xff" * 4 + header[8:] + vectors


# a line

def block(kind, contents):
    return bytes((kind, 0x1A, len(contents))) + contents


def xmodem():
    def head(size, piece):
        return struct.pack("<HB", size - 1, piece - 1)
    one = block(0, b"hello, world")
    kib = block(1, bytes(range(60)))
    silence = bytes((3 | 12 << 3,))
    end = b"\x05"
    ymodem = bytes((2, 0, 0, 63)) + b"firmware.bin\x00300 0 0".ljust(63, b"\0")
    last = bytes((2, 0, 0, 1, 0))
    cancel = bytes((6 | 3 << 3, 0x18, 0x18, 0x18))
    yield "xmodem", head(300, 256) + one * 3 + end
    yield "xmodem-1k", head(2500, 100) + kib * 3 + end + silence
    yield "ymodem", head(300, 64) + ymodem + one * 3 + end * 2 + last
    yield "no-goodbye", head(128, 7) + one + silence * 3
    yield "damaged", head(300, 256) + one + b"\x04" + silence + one * 2 + end
    yield "cancelled", head(300, 256) + one + cancel + silence
    yield "repeated", head(300, 9) + one + bytes((2, 1, 0x1A, 1, 5)) + one * 2
    yield "rubbish", head(300, 9) + bytes((6 | 31 << 3,)) * 40 + one * 3


# units of a journal, and a course

def record(sequence, state=1, version=7, beside=7):
    return struct.pack("<BIBHB", 1, sequence, state, version, beside)


def journal():
    course = bytes((0, 1, 2, 1, 1, 0, 0, 0, 0, 2, 1, 1, 1, 1, 1))
    some = b"".join(record(32 + i) for i in range(5))
    for geometry in range(4):
        start = bytes((geometry,))
        yield f"blank-{geometry}", start + b"\0" + course
        yield f"some-{geometry}", start + some + b"\0" + course * 3
        yield f"cuts-{geometry}", (start + some + b"\0" +
                                   bytes(0x80 | i for i in range(0, 120, 5)))
    full = b"".join(record(16 + i) for i in range(16))
    yield "full", b"\1" + full + b"\0" + course
    yield "stray", b"\1" + some + record(37, beside=1) + b"\0" + course
    yield "bad", b"\1" + some + b"\3\x60\1" + b"\0" + course
    yield "torn", b"\1" + some + b"\2\5\x20" + b"\x01" * 32 + b"\0" + course
    yield "wraps", b"\1" + record(0xFFFFFFFF) + b"\0" + course
    raw = struct.pack("<5I", 0, 0xABCDEFAB, 1000, 2000, 3000) + bytes(40)
    raw += struct.pack("<I", zlib.crc32(raw))
    yield "raw", b"\1\2\0\x40" + raw + b"\0" + course


def main():
    for target in (fat, image, journal, xmodem):
        directory = os.path.join(sys.argv[1], target.__name__)
        os.makedirs(directory, exist_ok=True)
        for name, content in target():
            with open(os.path.join(directory, name), "wb") as out:
                out.write(content)


if __name__ == "__main__":
    main()
