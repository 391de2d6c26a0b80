# SPDX-License-Identifier: MIT
"""A second opinion on the virtual board's CPU: the same binaries on vboard and
on qemu-system-arm, and what they send on USART1, line by line.

qemu's netduinoplus2 has an STM32F405: core, NVIC, SysTick and USART1 are its
own work, but there is no flash controller, no RCC and no GPIO; their registers
read 0. So the comparison goes as far as this:

- the CPU's questions (firmware/): every line; those of the Cortex-M3 on
  stm32vldiscovery, whose STM32F100 has the F103's USART1 and 8 KiB of RAM;
- the bootloader: everything it says until flash is written. PA8 reads 0, which
  is the button held: it waits a minute for a sender before it does anything
  else. On vboard the button is held too, and neither takes a minute on the
  wall: vboard counts the laps of a loop, qemu counts 256 ns an instruction. The
  journal cannot be written, and the cause of reset is not known, see
  normalise();
- the application that it starts, and the application alone with journals of
  all kinds: every word.

CTest gives the files in the environment: VBOARD, QEMU, CPU and CPU_M3 (the
questions) and FIRMWARE (where boot.bin and app-1.0.0.bin are, layout internal).
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
CPU_M3 = os.environ["CPU_M3"]
FIRMWARE = os.environ["FIRMWARE"]

LIMIT = 30  # seconds on the wall, of each run

RECOVERY = "61s"  # longer than the bootloader waits for a sender

LAST_ANSWER = "\r\nend"

# boards/nucleo_f446re/internal.h
FLASH_SIZE = 512 * 1024
BOOT, JOURNAL, APP, SLOT_A = 0x00000, 0x08000, 0x20000, 0x40000
HEADER_SPACE = 512
VECTORS = 0x1C4  # bytes of an STM32F446's vector table (RM0390 10.2)
MAGIC_PLAIN = 0xABCDEFAB


def lines(data):
    return data.decode("latin-1").replace("\r", "").strip("\n").split("\n")


def on_vboard(last, *options, mcu="stm32f446re"):
    """What the board sends until it has sent last."""
    done = subprocess.run(
        [VBOARD, "run", "--mcu", mcu, "--uart1", "stdio", "--for",
         "70s", "--until", last, *options], stdin=subprocess.DEVNULL,
        timeout=LIMIT, capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"vboard: {done.stdout!r} {done.stderr!r}")
    return lines(done.stdout)


def on_qemu(last, kernel, *options, machine="netduinoplus2"):
    """The same of qemu, which does not end by itself."""
    qemu = subprocess.Popen(
        [QEMU, "-M", machine, "-display", "none", "-monitor", "none",
         "-serial", "stdio", *options, "-kernel", kernel],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
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

    def test_cortex_m4(self):
        self.same_answers(CPU, "stm32f446re", "netduinoplus2")

    def test_cortex_m3(self):
        self.same_answers(CPU_M3, "stm32f103c8", "stm32vldiscovery")

    def same_answers(self, questions, mcu, machine):
        board = answers(on_vboard(LAST_ANSWER, "--load", questions, mcu=mcu))
        judge = answers(on_qemu(LAST_ANSWER, questions, machine=machine))
        self.assertGreater(len(judge), 150)
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


def record(state, result=0, step=0):
    """The first record of a journal (SPEC.md)."""
    raw = bytearray(64)
    raw[24] = 1
    raw[25] = state
    raw[30] = step
    raw[32:36] = result.to_bytes(4, "little", signed=True)
    raw[36:40] = (0x01010000).to_bytes(4, "little")
    raw[60:] = zlib.crc32(raw[:60]).to_bytes(4, "little")
    return bytes(raw)


def normalise(text):
    """What the two need not agree on, because qemu lacks the peripheral."""
    out = []
    for line in text:
        # RCC_CSR reads 0
        line = re.sub(r"; reset by .*", "", line)
        # there is no flash controller: no journal, so no updates
        line = re.sub(r"(app .*: running); .*", r"\1", line)
        # clocks differ, so it calls more or less often
        line = re.sub(r"^CC+", "C", line)
        if not line.startswith("journal: "):
            out.append(line)
    return out


@unittest.skipUnless(os.path.exists(os.path.join(FIRMWARE, "boot.bin")),
                     f"no boot.bin in {FIRMWARE}: build the firmware first")
class Firmware(unittest.TestCase):
    """The shipped binaries, in every situation that qemu can show."""

    maxDiff = None

    def on_both(self, last, contents, board_options=(), judge_options=()):
        flash = bytearray(b"\xFF" * FLASH_SIZE)
        for offset, data in contents:
            flash[offset:offset + len(data)] = data
        with tempfile.NamedTemporaryFile(suffix=".bin") as file:
            file.write(flash)
            file.flush()
            return (on_vboard(last, "--load", file.name + "@0x08000000",
                              *board_options),
                    on_qemu(last, file.name, *judge_options))

    def compare(self, last, *contents):
        """What the bootloader says, the button being held."""
        board, judge = self.on_both(last, [(BOOT, read("boot.bin")),
                                           *contents],
                                    ["--press", "PA8@0s:" + RECOVERY],
                                    ["-icount", "shift=8"])
        board, judge = normalise(board), normalise(judge)
        self.assertRegex(judge[0], r"^Sureboot \d+\.\d+\.\d+, ")
        self.assertEqual(board, judge)
        return judge[1:]

    def waits_because(self, reason, *contents):
        said = self.compare("waiting for an image", *contents)
        self.assertEqual(said, [f"no valid application: {reason}; "
                                "waiting for an image"])

    WAITED = ["waiting for an image (XMODEM-1K or YMODEM)", "C"]

    def test_no_application(self):
        self.waits_because("bad magic")

    def test_development_build(self):
        said = self.compare("app 1.0.0: running",
                            (APP + HEADER_SPACE, read("app-1.0.0.bin")))
        self.assertEqual(said, [*self.WAITED, "running a development build",
                                "app 1.0.0: running"])

    def test_installed_application(self):
        """It is known to be valid at once, and started after a minute."""
        said = self.compare("app 1.0.0: running",
                            (APP, in_slot(0x01000000, read("app-1.0.0.bin"))))
        self.assertEqual(said, [*self.WAITED, "running 1.0.0",
                                "app 1.0.0: running"])

    def test_damaged_application(self):
        good = in_slot(0x01000000, read("app-1.0.0.bin"))
        for at, reason in ((-1, "bad CRC"), (4, "bad CRC"), (0, "bad magic"),
                           (HEADER_SPACE + 3, "bad stack pointer"),
                           (HEADER_SPACE + 4, "bad reset vector")):
            slot = bytearray(good)
            slot[at] ^= 1
            with self.subTest(at=at):
                self.waits_because(reason, (APP, slot))

    def test_nothing_but_a_slot(self):
        """As far as the erase, which qemu cannot do."""
        said = self.compare("erase 100%",
                            (SLOT_A, image(0x01010000,
                                           read("app-1.1.0.bin"))))
        self.assertEqual(said, ["no valid application: bad magic; "
                                + self.WAITED[0], "C", "erase 100%"])

    def test_application_alone(self):
        """Started at reset; its vector table must be at 0 then."""
        app = read("app-1.0.0.bin")
        boot = read("boot.bin")
        journals = (
            (b"", "no updates: journal empty"),
            (record(1), "last update: none"),
            (record(1, step=9), "last update: to 1.1.0: ok (done)"),
            (record(1, -37, 3), "last update: to 1.1.0: refused, bad CRC "
                                "(check)"),
            (record(1, -84, 12), "last update: to 1.1.0: reverted, not "
                                 "confirmed (trial)"),
            (record(1)[:-1], "no updates: journal empty"),
        )
        for journal, says in journals:
            with self.subTest(says=says):
                board, judge = self.on_both(
                    says, [(BOOT, app[:VECTORS]), (VECTORS, boot[VECTORS:]),
                           (JOURNAL, journal),
                           (APP + HEADER_SPACE, app)])
                self.assertEqual(board, judge)
                self.assertEqual(judge, [f"app 1.0.0: running; {says}"])

    def test_application_without_a_bootloader(self):
        app = read("app-1.0.0.bin")
        board, judge = self.on_both("no bootloader",
                                    [(BOOT, app[:VECTORS]),
                                     (APP + HEADER_SPACE, app)])
        self.assertEqual(board, judge)


if __name__ == "__main__":
    unittest.main()
