# SPDX-License-Identifier: MIT
"""What the tests of otatool share: running it, and making its inputs.

The numbers here are those of SPEC.md and of the memory maps of the layouts,
written down a second time on purpose: the tests judge the headers with them.
What is said of no layout is said of nucleo_f446re-single.
"""

import os
import shutil
import struct
import subprocess
import tempfile
import unittest
import zlib
from dataclasses import dataclass

OTATOOL = os.environ["OTATOOL"]
ARM = "arm-none-eabi-"
needs_arm = unittest.skipUnless(shutil.which(ARM + "gcc"),
                                "gcc-arm-none-eabi is not installed")

MAGIC = 0xABCDEFAB
FLASH = 0x08000000
FLASH_SIZE = 0x80000
RAM, RAM_SIZE = 0x20000000, 0x20000
BOOT, BOOT_SIZE = 0x00000, 0x08000
JOURNAL = (0x08000, 0x0C000)
JOURNAL_SIZE = 0x04000
HEADER_SPACE = 512
W25Q_SIZE = 8 * 1024 * 1024


@dataclass(frozen=True)
class Layout:
    """Areas are (offset, size); (0, 0): there is none."""
    name: str
    target: int
    app: tuple
    slots: tuple
    array: tuple
    external: bool = False  # the slots are on the W25Q
    flash_size: int = FLASH_SIZE
    ram_size: int = RAM_SIZE
    boot_size: int = BOOT_SIZE
    journal: tuple = JOURNAL
    journal_size: int = JOURNAL_SIZE

    @property
    def vectors(self):
        return FLASH + self.app[0] + HEADER_SPACE

    @property
    def max_app(self):
        return self.app[1] - HEADER_SPACE

    def application(self, size=1000):
        return application(size, RAM + self.ram_size, self.vectors + 0x101)

    def digest(self):
        words = [self.target, FLASH, BOOT, self.boot_size]
        for unit in self.journal:
            words += [unit, self.journal_size]
        for area in (self.app, *self.slots, self.array):
            words += area
        digest = 0xCBF29CE484222325
        for word in words:
            digest = (digest ^ word) * 0x100000001B3 % 2**64
        return digest


NONE = (0, 0)
INTERNAL = Layout("nucleo_f446re-internal", 0x00044602, (0x20000, 0x20000),
                  ((0x40000, 0x20000), (0x60000, 0x20000)),
                  (0x10000, 0x10000))
ONE_SLOT = Layout("nucleo_f446re-one-slot", 0x00044603, (0x10000, 0x30000),
                  ((0x40000, 0x40000), NONE), NONE)
SINGLE = Layout("nucleo_f446re-single", 0x00044601, (0x10000, 0x50000),
                (NONE, NONE), (0x60000, 0x20000))
EXTERNAL = Layout("nucleo_f446re-external", 0x00044604, (0x10000, 0x70000),
                  ((0, 0x80000), (0x80000, 0x80000)), NONE, True)
BLUEPILL = Layout("bluepill_f103c8-external", 0x00010301, (0x04800, 0x0B800),
                  ((0, 0x10000), (0x10000, 0x10000)), NONE, True,
                  flash_size=0x10000, ram_size=0x5000, boot_size=0x4000,
                  journal=(0x4000, 0x4400), journal_size=0x400)
# the board's default comes first
LAYOUTS = (INTERNAL, ONE_SLOT, SINGLE, EXTERNAL, BLUEPILL)

BOARD = SINGLE.name
APP, APP_SIZE = SINGLE.app
ARRAY, ARRAY_SIZE = SINGLE.array
VECTORS = SINGLE.vectors
MAX_APP = SINGLE.max_app
TARGET = SINGLE.target


def application(size=1000, sp=RAM + RAM_SIZE, reset=VECTORS + 0x101):
    """Something with a good vector table."""
    body = bytes((i * 7 + i // 256) & 0xFF for i in range(size))
    return (struct.pack("<II", sp, reset) + body)[:size]


def header(app, version=0x01020003, **fields):
    values = {"magic": MAGIC, "size": len(app), "crc": zlib.crc32(app),
              "version": version, **fields}
    return struct.pack("<IIII", values["magic"], values["size"],
                       values["crc"], values["version"])


def image(app=None, version=0x01020003, **fields):
    app = application() if app is None else app
    return header(app, version, **fields) + app


def info_block(layout=SINGLE, **fields):
    values = {"magic": 0x4F464E49, "version": 0x00010000, "info_format": 1,
              "journal_format": 1, "image_formats": 1,
              "target": layout.target, "digest": layout.digest(), **fields}
    return struct.pack("<IIBBBBIIIQ32x", values["magic"], values["version"],
                       values["info_format"], values["journal_format"],
                       values["image_formats"], 0, 1, values["target"], 0,
                       values["digest"])


def bootloader(size=3000, **fields):
    code = bytes((i * 11) & 0xFF for i in range(size))
    block = info_block(**fields)
    return code[:0x200] + block + code[0x200 + len(block):]


def record(sequence, **fields):
    v = {"flag": 0, "magic": MAGIC, "size": 1000, "crc": 0x12345678,
         "version": 0x01000000, "format": 1, "state": 1, "source": 0,
         "attempts": 0, "backup": 0, "staged": 0, "installs": 0, "step": 0,
         "flags": 1, "result": 0, "tried": 0, "tried_digest": bytes(8),
         **fields}
    raw = struct.pack("<6I8BiII8s8s", v["flag"], v["magic"], v["size"],
                      v["crc"], v["version"], sequence, v["format"],
                      v["state"], v["source"], v["attempts"],
                      v["backup"] | v["staged"] << 4, v["installs"],
                      v["step"], v["flags"], v["result"], v["tried"], 0,
                      struct.pack("<II", v["crc"], v["size"]),
                      v["tried_digest"])
    return raw + struct.pack("<I", zlib.crc32(raw))


class Flash:
    """A read-out in the making, and one of the W25Q."""

    def __init__(self, layout=SINGLE):
        self.layout = layout
        self.bytes = bytearray(b"\xFF" * layout.flash_size)
        self.w25q = bytearray(b"\xFF" * W25Q_SIZE) if layout.external else b""

    def put(self, offset, data):
        self.bytes[offset:offset + len(data)] = data
        return self

    def put_record(self, sequence, **fields):
        capacity = self.layout.journal_size // 64
        unit, position = sequence // capacity % 2, sequence % capacity
        return self.put(self.layout.journal[unit] + 64 * position,
                        record(sequence, **fields))

    def put_app(self, data):
        app = self.layout.app[0]
        self.put(app, data[:16])
        return self.put(app + HEADER_SPACE, data[16:])

    def put_slot(self, slot, data):
        offset = self.layout.slots["AB".index(slot)][0]
        if not self.layout.external:
            return self.put(offset, data)
        self.w25q[offset:offset + len(data)] = data
        return self


APPLICATION_C = """
#include <stdint.h>
extern const uint32_t stack_end[];
volatile uint32_t counted = 0x600DF00D;
volatile uint32_t zeroed[100];
int main(void) { for (;;) { zeroed[counted % 100] = counted; counted++; } }
__attribute__((section(".gap"), used)) const char behind_a_gap[] = "text";
__attribute__((section(".vectors"), used))
const void *const vectors[4] = {stack_end, (const void *)main, 0, 0};
"""

APPLICATION_LD = """
MEMORY {
    FLASH (rx) : ORIGIN = %s, LENGTH = 256K
    RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 128K
}
stack_end = ORIGIN(RAM) + LENGTH(RAM);
SECTIONS {
    .text : { KEEP(*(.vectors)) *(.text*) } > FLASH
    .rodata ALIGN(64) : { *(.rodata*) *(.gap*) } > FLASH
    .data : { *(.data*) } > RAM AT > FLASH
    .bss (NOLOAD) : { *(.bss*) *(COMMON) } > RAM
}
"""


class ToolTest(unittest.TestCase):
    """A test in a directory of its own."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="otatool-")
        self.addCleanup(shutil.rmtree, self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data)
        return name

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def files(self):
        return sorted(os.listdir(self.dir))

    def run_program(self, *argv):
        done = subprocess.run(argv, cwd=self.dir, capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def tool(self, *argv, status=0, error=None):
        """Runs otatool; returns what it prints. On failure it must leave no
        file behind and must say why, error being a part of that text."""
        before = self.files()
        done = subprocess.run((OTATOOL,) + argv, cwd=self.dir, text=True,
                              capture_output=True, timeout=60, check=False)
        said = "%s\n%s\n%s" % (" ".join(argv), done.stdout, done.stderr)
        self.assertEqual(done.returncode, status, said)
        if status == 0:
            self.assertEqual(done.stderr, "", said)
        else:
            self.assertIn("otatool", done.stderr)
            self.assertEqual(self.files(), before, "left a file: " + said)
        if error:
            self.assertIn(error, done.stderr)
        return done.stdout

    def link(self, name, origin):
        """Links a small program to run at this address; makes .elf, .bin,
        .hex."""
        self.write(name + ".c", APPLICATION_C.encode())
        self.write(name + ".ld", (APPLICATION_LD % hex(origin)).encode())
        self.run_program(ARM + "gcc", "-mcpu=cortex-m4", "-mthumb", "-Os",
                         "-nostdlib", "-ffreestanding", "-T", name + ".ld",
                         name + ".c", "-o", name + ".elf")
        for kind, ending in (("binary", ".bin"), ("ihex", ".hex")):
            self.run_program(ARM + "objcopy", "-O", kind, "--gap-fill",
                             "0xFF", name + ".elf", name + ending)
        return self.read(name + ".bin")
