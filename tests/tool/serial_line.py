# SPDX-License-Identifier: MIT
"""A serial line between two programs: a pseudo-terminal with the receiver on
its master side."""

import os
import pty
import signal
import subprocess
import tty

from support import ToolTest

RECEIVER = os.environ["XMODEM_RECEIVE"]


def heed_ctrl_c():
    """A test that runs in the background may have it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class LineTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.new_line()

    def new_line(self):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.port = os.ttyname(self.slave)
        self.addCleanup(os.close, self.master)
        self.addCleanup(os.close, self.slave)

    def start(self, argv, **kwargs):
        process = subprocess.Popen(argv, cwd=self.dir, stderr=subprocess.PIPE,
                                   preexec_fn=heed_ctrl_c, **kwargs)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def receiver(self, *options, out="got.bin"):
        """The bootloader's receiver, on a line of its own."""
        self.new_line()
        return self.receiver_again(*options, out=out)

    def receiver_again(self, *options, out="got.bin"):
        """A second one, on the same line."""
        argv = [RECEIVER, out] + [str(option) for option in options]
        return self.start(argv, stdin=self.master, stdout=self.master)

    def finish(self, process, status=0, timeout=60):
        """Its end; returns what it said."""
        _, said = process.communicate(timeout=timeout)
        said = said.decode(errors="replace")
        self.assertEqual(process.returncode, status, said)
        return said
