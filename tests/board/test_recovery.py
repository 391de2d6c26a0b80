# SPDX-License-Identifier: MIT
"""Recovery over the console, judged by those who will use it: sx and sb of
lrzsz as they come, and otatool send, on the shipped bootloader.

CTest gives the files in the environment: VBOARD and OTATOOL are commands,
IMAGES has the images of make_images for the layout internal, FIRMWARE has
boot.elf. The board is live: a second of its time takes one on the wall.
"""

import json
import os
import re
import select
import subprocess
import tempfile
import time
import unittest

VBOARD = os.environ["VBOARD"]
OTATOOL = os.environ["OTATOOL"]
SX = os.environ["SX"]
SB = os.environ["SB"]
IMAGES = os.environ["IMAGES"]
FIRMWARE = os.environ["FIRMWARE"]

LIMIT = 60  # seconds on the wall, of everything


def image(name):
    return os.path.join(IMAGES, name + ".bin")


class Board:
    """A board on a pseudo-terminal until it prints a text."""

    def __init__(self, case, *arguments, factory=False, until="confirmed: ok"):
        self.case = case
        directory = tempfile.TemporaryDirectory()
        case.addCleanup(directory.cleanup)
        self.events = os.path.join(directory.name, "events")
        what = os.path.join(FIRMWARE, "boot.elf")
        if factory:
            what = image("factory") + "@0x08000000"
        self.process = subprocess.Popen(
            [VBOARD, "run", "--mcu", "stm32f446re", "--hse", "8M", "--load",
             what, "--uart1", "pty", "--until", until, "--for", f"{LIMIT}s",
             "--events", self.events, *arguments],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        case.addCleanup(self.end)
        line = self.process.stderr.readline().decode()
        match = re.search(r"USART1 is at (\S+)", line)
        case.assertTrue(match, line)
        self.terminal = match[1]

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def sender(self, *command):
        """Starts a program that has the terminal as its input and output."""
        fd = os.open(self.terminal, os.O_RDWR | os.O_NOCTTY)
        try:
            process = subprocess.Popen(command, stdin=fd, stdout=fd,
                                       stderr=subprocess.PIPE)
        finally:
            os.close(fd)
        self.case.addCleanup(process.stderr.close)
        self.case.addCleanup(process.wait)
        self.case.addCleanup(process.kill)
        return process

    def send(self, *command):
        """Runs such a program to its end; its exit status."""
        process = self.sender(*command)
        _, said = process.communicate(timeout=LIMIT)
        return process.returncode, said

    def type(self, data):
        """Sends bytes, at the pace of the line."""
        fd = os.open(self.terminal, os.O_RDWR | os.O_NOCTTY)
        try:
            for i in range(0, len(data), 1152):
                os.write(fd, data[i:i + 1152])
                time.sleep(0.1)
        finally:
            os.close(fd)

    def finish(self):
        """Waits for the text; the events."""
        _, log = self.process.communicate(timeout=2 * LIMIT)
        with open(self.events, encoding="ascii") as file:
            self.all = [json.loads(line) for line in file]
        self.case.assertEqual(self.process.returncode, 0,
                              (log, self.lines()[-5:]))
        kinds = {event["event"] for event in self.all}
        self.case.assertFalse(kinds & {"fault", "violation"}, kinds)
        handovers = [e for e in self.all if e["event"] == "handover"]
        self.case.assertTrue(handovers)
        self.case.assertFalse([e for e in handovers if e["count"]])
        return self.all

    def lines(self):
        return [e["line"] for e in self.all if e["event"] == "uart"]

    def assert_said(self, text):
        self.case.assertTrue(any(text in line for line in self.lines()),
                             (text, self.lines()))

    def assert_updated(self):
        self.finish()
        self.assert_said("installed 1.1.0")
        self.assert_said("app 1.1.0: running; last update: to 1.1.0: ok (done)")
        self.case.assertEqual(self.lines()[-1], "confirmed: ok")

    def toggles(self):
        """The times at which the red LED changed."""
        return [e["time"] for e in self.all
                if e["event"] == "pin" and e["pin"] == "PA4"]


class Senders(unittest.TestCase):
    """A board with nothing but the bootloader; each brings in an application."""

    def take(self, *command):
        board = Board(self)
        status, said = board.send(*command)
        self.assertEqual(status, 0, said)
        board.assert_updated()
        board.assert_said("no valid application: bad magic; waiting")

    def test_sx_1k(self):
        self.take(SX, "-k", image("v2"))

    def test_sx(self):
        self.take(SX, image("v2"))

    def test_sb_1k(self):
        self.take(SB, "-k", image("v2"))

    def test_sb(self):
        self.take(SB, image("v2"))

    def test_otatool(self):
        board = Board(self)
        done = subprocess.run([OTATOOL, "send", "--port",
                               board.terminal, "--listen", "1", image("v2")],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LIMIT,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        board.assert_updated()


class Trouble(unittest.TestCase):
    """Senders that send something else, or not all of it."""

    def test_killed(self):
        """A sender that is killed, and another one that is started at once."""
        board = Board(self)
        first = board.sender(SX, "-k", image("mid2"))
        time.sleep(3)
        self.assertIsNone(first.poll())
        first.kill()
        first.wait()
        status, said = board.send(SX, "-k", image("v2"))
        self.assertEqual(status, 0, said)
        board.assert_updated()

    def test_other_files(self):
        """Files that are no images are refused at once; then the right one."""
        board = Board(self)
        with tempfile.TemporaryDirectory() as directory:
            text = os.path.join(directory, "text")
            zero = os.path.join(directory, "zero")
            other = os.path.join(directory, "random")
            with open(text, "w", encoding="ascii") as file:
                file.write("This is no image.\n" * 1000)
            with open(zero, "wb") as file:
                file.truncate(1 << 20)
            with open(other, "wb") as file:
                file.write(os.urandom(1 << 20))
            for name in text, zero, other:
                start = time.monotonic()
                status, _ = board.send(SB, "-k", name)
                self.assertNotEqual(status, 0)
                self.assertLess(time.monotonic() - start, 6)
        status, said = board.send(SX, "-k", image("v2"))
        self.assertEqual(status, 0, said)
        board.assert_updated()
        board.assert_said("0.0.0: bad magic (header)")
        # nothing was erased for them
        erases = [e for e in board.all
                  if e["event"] == "flash" and e["op"] == "erase"]
        self.assertLess(len(erases), 6)


class Line(unittest.TestCase):
    def test_button(self):
        """Held at the reset of a board with a valid application."""
        board = Board(self, "--press", "PA8@0s:2s", factory=True)
        status, said = board.send(SB, "-k", image("v2"))
        self.assertEqual(status, 0, said)
        board.assert_updated()
        # the application that was there has been copied first
        self.assertTrue(any("backup" in line for line in board.lines()))

    def test_from_the_application(self):
        """The same without a button: 'u' on the console."""
        board = Board(self, factory=True)
        time.sleep(0.5)
        board.type(b"u")
        status, said = board.send(SB, "-k", image("v2"))
        self.assertEqual(status, 0, said)
        board.assert_updated()

    def test_babble(self):
        """A line full of rubbish, as of another baud rate."""
        board = Board(self)
        board.type(os.urandom(8192))
        status, said = board.send(SX, "-k", image("v2"))
        self.assertEqual(status, 0, said)
        board.assert_updated()

    def test_led(self):
        """It blinks from the start, whatever happens on the line."""
        board = Board(self)
        time.sleep(2)
        board.type(b"\r\nhello?\r\n")
        status, said = board.send(SX, "-k", image("v2"))
        self.assertEqual(status, 0, said)
        board.assert_updated()
        toggles = board.toggles()
        self.assertLess(toggles[0], 0.3)
        gaps = [b - a for a, b in zip(toggles, toggles[1:])]
        self.assertGreater(len([g for g in gaps if 0.09 < g < 0.11]), 15)


if __name__ == "__main__":
    unittest.main()
