# SPDX-License-Identifier: MIT
"""vboard run with a W25Q64, on a firmware that erases, programs and reads one.

CTest gives the files in the environment: VBOARD is the command, W25Q the
firmware's ELF file. It marks each boot in the first bytes and fills the page
at 0x1000.
"""

import json
import os
import subprocess
import tempfile
import unittest

VBOARD = os.environ["VBOARD"]
ELF = os.environ["W25Q"]

LIMIT = 60  # seconds on the wall for one run
SIZE = 8 * 1024 * 1024
PAGE = bytes(7 * i & 0xFF for i in range(256))
DONE = b"id 00ef4017\r\ndone\r\n"

GOOD, NOT_SEEN, USAGE, FAULT, VIOLATION, FAILED = range(6)


class W25qTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.file = self.path("w25q.bin")

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def call(self, *args):
        return subprocess.run(
            [VBOARD, "run", "--mcu", "stm32f446re", "--load", ELF, "--uart1",
             "stdio", "--for", "2s", *args], stdin=subprocess.DEVNULL,
            timeout=LIMIT, capture_output=True, check=False)

    def run_board(self, *args, expect=GOOD):
        done = self.call(*args)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done.stdout

    def refused(self, text, *args, expect=USAGE):
        done = self.call(*args)
        self.assertEqual(done.returncode, expect, done.stderr)
        self.assertIn(text, done.stderr)

    def contents(self):
        with open(self.file, "rb") as file:
            return file.read()

    def write(self, data):
        with open(self.file, "wb") as file:
            file.write(data)

    # contents

    def test_made_and_kept(self):
        self.assertEqual(self.run_board("--w25q", self.file), DONE)
        data = self.contents()
        self.assertEqual(data[:2], b"\x42\xFF")
        self.assertEqual(data[0x1000:0x1100], PAGE)
        # up to the last 4 KiB that are not erased
        self.assertEqual(len(data), 0x2000)
        self.assertEqual(self.run_board("--w25q", self.file), DONE)
        self.assertEqual(self.contents()[:3], b"\x42\x42\xFF")

    def test_short_file(self):
        self.write(b"\0")
        self.run_board("--w25q", self.file)
        self.assertEqual(self.contents()[:3], b"\0\x42\xFF")

    def test_long_file(self):
        self.write(b"\xFF" * (SIZE - 1) + b"\x5A")
        self.run_board("--w25q", self.file)
        data = self.contents()
        self.assertEqual(len(data), SIZE)
        self.assertEqual(data[-2:], b"\xFF\x5A")

    def test_erased_file(self):
        self.write(b"\xFF" * 100000)
        self.run_board("--w25q", self.file, "--for", "1ms")
        self.assertEqual(self.contents(), b"")

    def test_too_long_file(self):
        self.write(b"\xFF" * (SIZE + 1))
        self.refused(b"at most 8388608", "--w25q", self.file, expect=FAILED)
        self.assertEqual(len(self.contents()), SIZE + 1)

    def test_directory(self):
        self.refused(b"--w25q", "--w25q", self.directory.name, expect=FAILED)

    # places

    def test_place(self):
        self.assertEqual(self.run_board("--w25q", self.file + "@SPI2:PB12"),
                         DONE)
        self.assertEqual(len(self.contents()), 0x2000)

    def test_elsewhere(self):
        """Where the firmware does not look for it."""
        self.assertEqual(self.run_board("--w25q", self.file + "@SPI1:PB5"),
                         b"busy\r\n")
        self.assertEqual(self.contents(), b"")

    def test_file_with_an_at(self):
        self.file = self.path("w25q@SPI3:PB12")
        self.run_board("--w25q", self.file)
        self.assertEqual(len(self.contents()), 0x2000)

    def test_no_such_pin(self):
        self.refused(b"no pin PD9", "--w25q", self.file + "@SPI2:PD9",
                     expect=FAILED)

    # faults

    def test_no_chip(self):
        self.assertEqual(self.run_board(), b"busy\r\n")

    def test_faults(self):
        for fault, said in (("miso-high", b"busy\r\n"),
                            ("miso-low", b"id 00000000\r\n"),
                            ("wrong-id", b"id 00c24017\r\n"),
                            ("busy", b"busy\r\n")):
            with self.subTest(fault=fault):
                self.assertEqual(self.run_board("--w25q", self.file,
                                                "--w25q-fault", fault), said)

    def test_wrong_use(self):
        self.refused(b"there is no W25Q64", "--w25q-fault", "busy")
        self.refused(b"give miso-high", "--w25q", self.file, "--w25q-fault",
                     "dead")
        self.refused(b"give FILE", "--w25q", "@SPI2:PB12")

    # operations

    def events(self, *args, expect=GOOD):
        path = self.path("events")
        self.run_board("--w25q", self.file, "--events", path, *args,
                       expect=expect)
        with open(path, encoding="ascii") as file:
            return [json.loads(line) for line in file]

    def test_events(self):
        events = self.events()
        flash = [event for event in events if event["event"] == "flash"]
        self.assertEqual(
            [(e["device"], e["op"], e["number"], e["address"], e["size"])
             for e in flash],
            [("w25q", "program", 1, "0x00000000", 1),
             ("w25q", "erase", 2, "0x00001000", 4096),
             ("w25q", "program", 3, "0x00001000", 256)])
        self.assertGreater(flash[2]["time"] - flash[1]["time"], 0.045)
        self.assertLess(flash[2]["time"] - flash[1]["time"], 0.046)
        # the chip select is no LED
        self.assertNotIn("pin", [event["event"] for event in events])

    def test_maximum_times(self):
        events = self.events("--timing", "max")
        flash = [event for event in events if event["event"] == "flash"]
        self.assertGreater(flash[2]["time"] - flash[1]["time"], 0.4)
        self.assertLess(flash[2]["time"] - flash[1]["time"], 0.401)

    def test_cut(self):
        for how, filled in (("before", False), ("after", True)):
            with self.subTest(how=how):
                self.events("--cut-power", "flash-op:3:" + how)
                page = self.contents().ljust(0x1100, b"\xFF")[0x1000:0x1100]
                self.assertEqual(page, PAGE if filled else b"\xFF" * 256)
                os.remove(self.file)

    def test_torn(self):
        events = self.events("--cut-power", "flash-op:3")
        cut = [event for event in events if event["event"] == "power-cut"]
        self.assertEqual(cut[0]["how"], "torn")
        self.assertEqual(cut[0]["number"], 3)
        page = self.contents()[0x1000:0x1100]
        self.assertNotEqual(page, PAGE)
        self.assertNotEqual(page, b"\xFF" * 256)
        # bits that are clear should be
        for torn, wanted in zip(page, PAGE):
            self.assertEqual(torn & wanted, wanted)
        # and the next boot puts it right
        self.assertEqual(self.run_board("--w25q", self.file), DONE)
        self.assertEqual(self.contents()[0x1000:0x1100], PAGE)


if __name__ == "__main__":
    unittest.main()
