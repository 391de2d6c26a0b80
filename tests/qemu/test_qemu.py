# SPDX-License-Identifier: MIT
"""A second opinion on the virtual board's CPU: the same binaries on vboard and
on qemu-system-arm, and what they send on USART1, line by line.

qemu's netduinoplus2 has an STM32F405: core, NVIC, SysTick and USART1 are its
own work, but there is no flash controller, no RCC and no GPIO; their registers
read 0. So the comparison goes as far as this:

- the CPU's questions (firmware/): every line;
- bootloader and application: everything they say until flash is written. The
  journal cannot be, and the cause of reset is not known, see normalise().

CTest gives the files in the environment: VBOARD, QEMU, CPU (the questions) and
FIRMWARE (where boot.bin and app-1.0.0.bin are).
"""

import os
import re
import select
import subprocess
import tempfile
import time
import unittest
import zlib

VBOARD = os.environ["VBOARD"]
QEMU = os.environ["QEMU"]
CPU = os.environ["CPU"]
FIRMWARE = os.environ["FIRMWARE"]

LIMIT = 30  # seconds on the wall, of each run

LAST_ANSWER = "\r\nend"

FLASH_SIZE = 512 * 1024
BOOT, APP, ARRAY = 0x00000, 0x10000, 0x60000  # boards/nucleo_f446re/single.h
HEADER_SPACE = 512
MAGIC_PLAIN = 0xABCDEFAB


def lines(data):
    return data.decode("latin-1").replace("\r", "").strip("\n").split("\n")


def on_vboard(last, *load):
    """What the board sends until a line matches last."""
    done = subprocess.run(
        [VBOARD, "run", "--mcu", "stm32f446re", "--uart1", "stdio", "--for",
         "20s", "--until", last, *load], stdin=subprocess.DEVNULL,
        timeout=LIMIT, capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"vboard: {done.stdout!r} {done.stderr!r}")
    return lines(done.stdout)


def on_qemu(last, kernel):
    """The same of qemu, which does not end by itself."""
    qemu = subprocess.Popen(
        [QEMU, "-M", "netduinoplus2", "-display", "none", "-monitor", "none",
         "-serial", "stdio", "-kernel", kernel], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        got = b""
        end = time.monotonic() + LIMIT
        while last.encode() not in got:
            if time.monotonic() > end:
                raise AssertionError(f"qemu: no {last!r} in {got!r}")
            if not select.select([qemu.stdout], [], [], 0.1)[0]:
                continue
            more = os.read(qemu.stdout.fileno(), 4096)
            if not more:
                raise AssertionError(f"qemu: {got!r} {qemu.stderr.read()!r}")
            got += more
        return lines(got[:got.index(last.encode()) + len(last)])
    finally:
        qemu.kill()
        qemu.communicate()


def answers(text):
    """[question, answer]: a line that is indented belongs to the one before."""
    out = []
    for line in text:
        if line.startswith(" "):
            out[-1][1] += line
        elif re.search(r" [0-9a-f]{8}$", line):
            out.append(line.rsplit(" ", 1))
        else:
            out.append([line, ""])
    return out


class Cpu(unittest.TestCase):
    """Every line that the core's questions print."""

    # Where vboard answers differently, and why. One that has been mended has
    # to go from here: the test insists.
    NO_ALIGNMENT = "libunicorn does no alignment checks"
    KNOWN = {
        "unaligned ldm": NO_ALIGNMENT,
        "unaligned ldrd": NO_ALIGNMENT,
    }

    def test_same_answers(self):
        board = answers(on_vboard(LAST_ANSWER, "--load", CPU))
        judge = answers(on_qemu(LAST_ANSWER, CPU))
        self.assertGreater(len(judge), 200)
        self.assertEqual(judge[0], ["begin", ""])
        self.assertEqual(judge[-1], ["end", ""])
        self.assertEqual([question for question, _ in board],
                         [question for question, _ in judge])
        wrong = {}
        for ours, theirs in zip(board, judge):
            if ours != theirs:
                wrong[ours[0]] = f"vboard {ours[1]!r}, qemu {theirs[1]!r}"
        for known in self.KNOWN:
            self.assertIn(known, wrong, "mended: take it out of KNOWN")
            del wrong[known]
        self.assertEqual(wrong, {})


def read(name):
    with open(os.path.join(FIRMWARE, name), "rb") as file:
        return file.read()


def image(version, payload):
    """A plain image (SPEC.md), with the CRC of zlib."""
    fields = (MAGIC_PLAIN, len(payload), zlib.crc32(payload), version)
    return b"".join(x.to_bytes(4, "little") for x in fields) + payload


def in_slot(version, payload):
    """The same as the app slot holds it."""
    packed = image(version, payload)
    header = packed[:16].ljust(HEADER_SPACE, b"\xFF")
    return header + packed[16:]


def normalise(text):
    """What the two need not agree on, because qemu lacks the peripheral."""
    out = []
    for line in text:
        # RCC_CSR reads 0
        line = re.sub(r"; reset by .*", "", line)
        # there is no flash controller: no journal, so no updates
        line = re.sub(r"(app .*: running); .*", r"\1", line)
        if not line.startswith("journal: "):
            out.append(line)
    return out


@unittest.skipUnless(os.path.exists(os.path.join(FIRMWARE, "boot.bin")),
                     f"no boot.bin in {FIRMWARE}: build the firmware first")
class Firmware(unittest.TestCase):
    """The shipped binaries, in every situation that qemu can show."""

    def compare(self, last, *contents):
        flash = bytearray(b"\xFF" * FLASH_SIZE)
        for offset, data in contents:
            flash[offset:offset + len(data)] = data
        with tempfile.NamedTemporaryFile(suffix=".bin") as file:
            file.write(flash)
            file.flush()
            board = normalise(on_vboard(last, "--load",
                                        file.name + "@0x08000000"))
            judge = normalise(on_qemu(last, file.name))
        self.assertRegex(judge[0], r"^Sureboot \d+\.\d+\.\d+, ")
        self.assertEqual(board, judge)
        return judge

    def test_no_application(self):
        self.compare("waiting for an image", (BOOT, read("boot.bin")))

    def test_development_build(self):
        said = self.compare("app 1.0.0: running", (BOOT, read("boot.bin")),
                            (APP + HEADER_SPACE, read("app-1.0.0.bin")))
        self.assertEqual(said[1:], ["running a development build",
                                    "app 1.0.0: running"])

    def test_installed_application(self):
        said = self.compare("app 1.0.0: running", (BOOT, read("boot.bin")),
                            (APP, in_slot(0x01000000, read("app-1.0.0.bin"))))
        self.assertEqual(said[1:], ["running 1.0.0", "app 1.0.0: running"])

    def test_damaged_application(self):
        slot = bytearray(in_slot(0x01000000, read("app-1.0.0.bin")))
        slot[-1] ^= 1
        said = self.compare("waiting for an image", (BOOT, read("boot.bin")),
                            (APP, slot))
        self.assertIn("bad CRC", said[-1])

    def test_first_image(self):
        """As far as the erase, which qemu cannot do."""
        said = self.compare("erasing", (BOOT, read("boot.bin")),
                            (ARRAY, image(0x01010000,
                                          read("app-1.1.0.bin"))))
        self.assertRegex(said[-2], r"^image 1\.1\.0, \d+ bytes: verified$")


if __name__ == "__main__":
    unittest.main()
