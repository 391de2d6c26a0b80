# SPDX-License-Identifier: MIT
"""A debugger on the shipped bootloader: gdb stops it where it reads the
journal, asks who called, and lets go; the board then starts the application as
if nobody had looked.

CTest gives the files in the environment: VBOARD and GDB are commands, IMAGES
has factory.bin and FIRMWARE has boot.elf. Everything is bounded: in virtual
time by --for, on the host by LIMIT.
"""

import json
import os
import select
import socket
import subprocess
import tempfile
import time
import unittest

VBOARD = os.environ["VBOARD"]
GDB = os.environ["GDB"]
FACTORY = os.path.join(os.environ["IMAGES"], "factory.bin")
BOOT = os.path.join(os.environ["FIRMWARE"], "boot.elf")

LIMIT = 60  # seconds on the wall, of each of the two


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(stream, text):
    """Reads a pipe until text has come; everything read."""
    got = b""
    end = time.monotonic() + LIMIT
    while text not in got:
        if time.monotonic() > end:
            raise AssertionError(f"no {text!r} in {got!r}")
        if select.select([stream], [], [], 0.1)[0]:
            more = os.read(stream.fileno(), 4096)
            if not more:
                raise AssertionError(f"ended without {text!r}: {got!r}")
            got += more
    return got


@unittest.skipUnless(os.path.exists(BOOT), "the firmware has not been built")
class Debugger(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.events = os.path.join(directory.name, "events")
        self.port = free_port()
        self.board = subprocess.Popen(
            [VBOARD, "run", "--mcu", "stm32f446re", "--hse", "8M",
             "--load", FACTORY + "@0x08000000", "--uart1", "stdio",
             "--gdb", str(self.port), "--until", "app 1.0.0: running",
             "--for", "5s", "--events", self.events],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.addCleanup(self.end_board)
        wait_for(self.board.stderr, b"waiting for gdb")

    def end_board(self):
        self.board.kill()
        self.board.wait()
        self.board.stdout.close()
        self.board.stderr.close()

    def finish(self):
        """The board runs to its end; its events."""
        output, log = self.board.communicate(timeout=LIMIT)
        self.assertEqual(self.board.returncode, 0, (output, log))
        self.assertIn(b"app 1.0.0: running", output)
        with open(self.events, encoding="ascii") as file:
            events = [json.loads(line) for line in file]
        self.assertEqual(events[-1]["reason"], "until", events[-1])
        kinds = {event["event"] for event in events}
        self.assertFalse(kinds & {"fault", "violation"}, kinds)
        self.assertIn("handover", kinds)

    def debug(self, *commands):
        """What gdb prints for these commands."""
        arguments = [GDB, "-nx", "-batch", "-ex", "set pagination off",
                     "-ex", f"target remote 127.0.0.1:{self.port}"]
        for command in commands:
            arguments += ["-ex", command]
        done = subprocess.run(arguments + [BOOT], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=LIMIT, check=False)
        return done.stdout.decode("utf-8", "replace")

    def test_breakpoint_backtrace_and_detach(self):
        said = self.debug("break ota_journal_scan", "continue", "bt",
                          "delete", "detach")
        self.assertRegex(said, r"Breakpoint 1, .*ota_journal_scan", said)
        self.assertRegex(said, r"(?m)^#0 .*\bota_journal_scan\b", said)
        self.assertRegex(said, r"(?m)^#[1-9]\d* .*\bmain\b", said)
        self.finish()

    def test_text_that_comes_under_the_debugger(self):
        self.debug("continue", "detach")
        self.finish()


if __name__ == "__main__":
    unittest.main()
