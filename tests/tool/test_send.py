# SPDX-License-Identifier: MIT
"""otatool send, judged by the receivers of lrzsz and by the bootloader's."""

import os
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from serial_line import LineTest
from support import BOARD, OTATOOL, application, image

PROTOCOLS = ((), ("--xmodem",))
needs_lrzsz = unittest.skipUnless(shutil.which("rx"), "lrzsz is not installed")
CANCEL = b"\x18\x18"


class SendTest(LineTest):
    def setUp(self):
        super().setUp()
        self.data = image(application(5000))
        self.write("image.bin", self.data)

    def send(self, *options, status=0, error=None, port=None):
        return self.tool("send", "image.bin", "--port", port or self.port,
                         "--listen", "0", *options, status=status, error=error)

    def sender(self, *options):
        argv = (OTATOOL, "send", "image.bin", "--port", self.port) + options
        return self.start(argv, stdout=subprocess.PIPE)

    def hear(self, count=1, timeout=5):
        """What otatool sends, at least count bytes."""
        heard, end = b"", time.monotonic() + timeout
        while len(heard) < count:
            left = end - time.monotonic()
            self.assertTrue(select.select([self.master], [], [], left)[0],
                            "only %r" % heard)
            heard += os.read(self.master, 4096)
        return heard

    def ask(self):
        os.write(self.master, b"C")


class Transfers(SendTest):
    def test_to_the_bootloader(self):
        for protocol in PROTOCOLS:
            for size in (8, 112, 1007, 1008, 1009, 100000):
                with self.subTest(protocol=protocol, size=size):
                    data = image(application(size, reset=0x08010209))
                    self.write("image.bin", data)
                    receiver = self.receiver()
                    said = self.send(*protocol)
                    self.assertNotIn("lost", self.finish(receiver))
                    self.assertEqual(self.read("got.bin"), data)
                    self.assertIn("image.bin: sent, %d bytes\n" % len(data),
                                  said)

    def lrzsz(self, argv):
        """A receiver of lrzsz behind the line: on the line itself it would
        throw away, as it ends, what it has just said."""
        self.new_line()
        shutil.rmtree(self.path("in"), ignore_errors=True)
        os.mkdir(self.path("in"))
        ours, its = socket.socketpair()
        master = self.master

        def pump():
            while True:
                for end in select.select((ours, master), (), ())[0]:
                    data = os.read(end if end == master else end.fileno(),
                                   4096)
                    if not data:
                        ours.close()
                        return
                    os.write(ours.fileno() if end == master else master, data)
        threading.Thread(target=pump, daemon=True).start()
        with its:
            receiver = subprocess.Popen(argv, cwd=self.path("in"), stdin=its,
                                        stdout=its, stderr=subprocess.DEVNULL)
        self.addCleanup(receiver.kill)
        return receiver

    @needs_lrzsz
    def test_to_lrzsz(self):
        for size in (8, 100, 1008, 1009, 100000):
            with self.subTest(size=size):
                data = image(application(size))
                self.write("image.bin", data)
                for argv in (("rb",), ("rx", "-c", "image.out")):
                    receiver = self.lrzsz(argv)
                    xmodem = argv[0] == "rx"
                    self.send(*(("--xmodem",) if xmodem else ()))
                    self.assertEqual(receiver.wait(timeout=20), 0)
                    got = self.read("in/image." + ("out" if xmodem else "bin"))
                    self.assertEqual(got[:len(data)], data)
                    self.assertEqual(got[len(data):].strip(b"\x1A"), b"")
                    self.assertTrue(xmodem or len(got) == len(data))

    def test_over_tcp(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            def serve():
                line, _ = server.accept()
                with line:
                    receiver = self.start(
                        [os.environ["XMODEM_RECEIVE"], "got.bin"],
                        stdin=line.fileno(), stdout=line.fileno())
                    receiver.wait(timeout=20)
            thread = threading.Thread(target=serve)
            thread.start()
            self.send(port="tcp:%d" % server.getsockname()[1])
            thread.join()
        self.assertEqual(self.read("got.bin"), self.data)

    def test_rest_of_a_sector_is_not_sent(self):
        self.write("image.bin", self.data + b"\xFF" * 9000)
        receiver = self.receiver()
        self.send()
        self.finish(receiver)

    def test_raw(self):
        self.write("image.bin", b"text " * 100)
        sender = self.sender("--raw", "--listen", "0")
        self.ask()
        header = self.hear(133)
        self.assertIn(b"image.bin\x00500\x00", header)
        os.write(self.master, b"\x06C")
        self.assertIn(b"text text", self.hear(1029))
        os.write(self.master, b"\x06\x15\x06C")
        self.hear(2 + 133)
        os.write(self.master, b"\x06")
        self.finish(sender)

    def test_while_flash_is_slow(self):
        receiver = self.receiver("stall", 700)
        self.send()
        self.assertNotIn("lost", self.finish(receiver))

    def test_what_the_board_says(self):
        receiver = self.receiver(
            "say", "Boot Control CPU C\r\nC array: none\r\n",
            "verdict", "installed 1.2.3\r\nrunning")
        said = self.tool("send", "image.bin", "--port", self.port,
                         "--listen", "1")
        self.finish(receiver)
        self.assertEqual(said.splitlines(), [
            "board: Boot Control CPU C", "board: C array: none", "0 %", "20 %",
            "40 %", "60 %", "80 %", "100 %", "board: installed 1.2.3",
            "board: running", "image.bin: sent, 5016 bytes"])

    def test_bar(self):
        receiver = self.receiver()
        master, slave = os.openpty()
        done = subprocess.run(
            (OTATOOL, "send", "image.bin", "--port", self.port, "--listen",
             "0"), cwd=self.dir, stdout=slave, timeout=20, check=False)
        self.finish(receiver)
        self.assertEqual(done.returncode, 0)
        said = os.read(master, 65536)
        os.close(master)
        os.close(slave)
        self.assertIn(b"\r[" + b"#" * 40 + b"] 100 %\r\n", said)
        self.assertIn(b"[................", said)

    def test_device_is_left_as_it_was(self):
        self.new_line()
        before = subprocess.check_output(("stty", "-a"), stdin=self.slave)
        sender = self.sender("--wait", "0", "--baud", "9600")
        self.finish(sender, status=2)
        after = subprocess.check_output(("stty", "-a"), stdin=self.slave)
        self.assertEqual(before, after)


class Refusals(SendTest):
    def test_wrong_usage(self):
        for argv, error in (
                (("image.bin",), "--port is needed"),
                (("--port", self.port), "name a file"),
                (("image.bin", "--port", self.port, "--baud", "7"), "--baud"),
                (("image.bin", "--port", self.port, "--wait", "x"), "--wait"),
                (("image.bin", "--port", self.port, "--listen", "-1"),
                 "--listen"),
                (("image.bin", "--port", self.port, "--raw", "--board", BOARD),
                 "--raw checks nothing"),
                (("image.bin", "--port", "tcp:0"), "tcp:5000"),
                (("image.bin", "--port", "tcp:x"), "tcp:5000"),
        ):
            with self.subTest(argv=argv):
                self.tool("send", *argv, status=2, error=error)

    def test_port(self):
        self.send(status=2, port="/dev/ttyNONE0",
                  error="is the board plugged in? There is:")
        self.send(status=2, port="image.bin", error="is not a serial port")
        self.send(status=2, port="/dev/null", error="is not a serial port")
        self.send(status=2, port=self.dir, error="is not a serial port")
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = "tcp:%d" % server.getsockname()[1]
        self.send(status=2, port=port, error="is vboard running with --uart1")

    def test_busy(self):
        sender = self.sender()
        time.sleep(0.3)
        self.send(status=2, error="is busy: close the terminal program")
        sender.send_signal(signal.SIGINT)
        self.finish(sender, status=2)

    def test_image(self):
        self.write("image.bin", image(crc=1))
        self.send(status=1, error="bad CRC")
        self.write("image.bin", self.data + b"more")
        self.send(status=1, error="4 bytes follow the image")
        self.write("image.bin", image(application(sp=0)))
        self.send("--board", BOARD, status=1, error="bad stack pointer")
        self.send("--wait", "0", status=2, error="nobody asks")

    def test_nobody(self):
        begin = time.monotonic()
        self.send("--wait", "1", status=2,
                  error="hold the button and press reset")
        self.assertLess(time.monotonic() - begin, 3)

    def test_nobody_but_a_text(self):
        sender = self.sender("--wait", "2")
        for _ in range(15):
            os.write(self.master, b"Counting C, not asking\r\n")
            time.sleep(0.1)
        said = self.finish(sender, status=2)
        self.assertIn("nobody asks", said)

    def test_checksum_receiver(self):
        sender = self.sender("--wait", "1")
        time.sleep(0.3)
        os.write(self.master, b"\x15")
        self.assertIn("use CRC", self.finish(sender, status=2))
        self.assertIn(CANCEL, self.hear())

    def test_cancelled(self):
        for protocol in PROTOCOLS:
            self.write("image.bin", image(application(9000)))
            receiver = self.receiver("cancel", 3000, "verdict", "\nno room\n")
            sender = self.sender("--listen", "1", *protocol)
            self.finish(receiver, status=1)
            said, error = sender.communicate(timeout=20)
            self.assertEqual(sender.returncode, 1)
            self.assertIn(b"board: no room", said)
            self.assertIn(b"the board cancelled", error)

    def test_vanished(self):
        for protocol in PROTOCOLS:
            receiver = self.receiver("vanish", 3000)
            sender = self.sender("--wait", "1", *protocol)
            self.finish(receiver, status=4)
            self.assertIn("does not answer", self.finish(sender, status=2))
            self.assertIn(CANCEL, self.hear())

    def test_unplugged(self):
        self.new_line()
        sender = self.sender()
        time.sleep(0.3)
        master = os.dup(self.master)
        os.dup2(os.open(os.devnull, os.O_RDWR), self.master)
        os.close(master)
        self.assertIn("went away", self.finish(sender, status=2))

    def test_never_understood(self):
        sender = self.sender("--xmodem")
        time.sleep(0.3)
        self.ask()
        for _ in range(10):
            self.hear(1029)
            os.write(self.master, b"\x15")
        self.assertIn("10 times in a row", self.finish(sender, status=2))
        self.assertIn(CANCEL, self.hear())

    def test_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.new_line()
            before = subprocess.check_output(("stty", "-a"), stdin=self.slave)
            sender = self.sender()
            time.sleep(0.3)
            self.ask()
            self.hear(133)
            sender.send_signal(number)
            self.assertIn("interrupted", self.finish(sender, status=2))
            self.assertIn(CANCEL, self.hear())
            after = subprocess.check_output(("stty", "-a"), stdin=self.slave)
            self.assertEqual(before, after)

    def test_interrupts_the_bootloader(self):
        self.write("image.bin", image(application(90000)))
        receiver = self.receiver("stall", 50)
        sender = self.sender()
        time.sleep(1)
        sender.send_signal(signal.SIGINT)
        self.finish(sender, status=2)
        self.assertIn("source read error",
                      self.finish(receiver, status=1, timeout=10))

    def test_ends_a_transfer_that_was_cut_off(self):
        self.write("image.bin", image(application(90000)))
        receiver = self.receiver("stall", 50)
        sender = self.sender()
        time.sleep(1)
        sender.kill()
        sender.communicate()
        # the receiver waits for the rest, and asks for it after a while
        sender = self.sender()
        self.assertIn("source read error",
                      self.finish(receiver, status=1, timeout=20))
        receiver = self.receiver_again()
        self.finish(receiver)
        self.finish(sender)


if __name__ == "__main__":
    unittest.main()
