# SPDX-License-Identifier: MIT
"""A board that somebody on a pseudo-terminal or a TCP port talks to.

CTest gives the files in the environment: VBOARD is the command, ECHO a firmware
at 180 MHz that polls USART1 at 115200 baud among other things, and echoes.
"""

import os
import re
import select
import socket
import subprocess
import time
import tty
import unittest

VBOARD = os.environ["VBOARD"]
ECHO = os.environ["ECHO"]
LIMIT = 60
BYTE = 10 / 115200  # seconds


class Live(unittest.TestCase):
    def start(self, end, where):
        """Starts a board; what its message says of the place to connect to."""
        self.board = subprocess.Popen(
            [VBOARD, "run", "--mcu", "stm32f446re", "--load", ECHO, "--uart1",
             end], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(self.stop)
        line = self.board.stderr.readline()
        match = re.search(where, line)
        self.assertTrue(match, line)
        return match[1]

    def stop(self):
        self.board.terminate()
        self.board.communicate(timeout=LIMIT)

    def cpu(self):
        """Seconds of host time that the board has taken so far."""
        with open(f"/proc/{self.board.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def exchange(self, fd, data):
        """Writes data as fast as it is taken; as many bytes as come back."""
        os.set_blocking(fd, False)
        end = time.monotonic() + LIMIT
        sent, got = 0, b""
        while len(got) < len(data) and time.monotonic() < end:
            writers = [fd] if sent < len(data) else []
            readable, writable, _ = select.select([fd], writers, [], 1)
            if readable:
                got += os.read(fd, 65536)
            if writable:
                sent += os.write(fd, data[sent:sent + 4096])
            if not readable and not writable:
                break
        return got

    def echo(self, fd, size):
        """All bytes come back, in the time that the wire needs, and the host
        has time for other things."""
        data = bytes(i * 7 % 251 for i in range(size))
        start, cpu = time.monotonic(), self.cpu()
        self.assertEqual(self.exchange(fd, data), data)
        wall, cpu = time.monotonic() - start, self.cpu() - cpu
        self.assertGreater(wall, (size - 1) * BYTE - 0.1)
        self.assertLess(cpu, wall / 2)

    def drain(self, fd):
        while not select.select([fd], [], [], 0.2)[0]:
            pass
        while select.select([fd], [], [], 0.2)[0]:
            os.read(fd, 4096)

    def test_pty(self):
        name = self.start("pty", rb"USART1 is at (\S+)\n")
        fd = os.open(name, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        tty.setraw(fd)
        self.drain(fd)
        self.echo(fd, 100 * 1024)
        # nothing to do but to wait
        cpu = self.cpu()
        time.sleep(1)
        self.assertLess(self.cpu() - cpu, 0.3)

    def test_tcp(self):
        port = int(self.start("tcp:0", rb"127\.0\.0\.1:(\d+)\n"))
        with socket.create_connection(("127.0.0.1", port), LIMIT) as peer:
            self.drain(peer.fileno())
            self.echo(peer.fileno(), 10 * 1024)


if __name__ == "__main__":
    unittest.main()
