# SPDX-License-Identifier: MIT
"""The receiver judged by the senders of lrzsz."""

import shutil
import unittest

from serial_line import LineTest
from support import application, image

SIZES = (1, 127, 128, 129, 1023, 1024, 1025, 100000)
SENDERS = (("sx",), ("sx", "-k"), ("sb",), ("sb", "-k"))


@unittest.skipUnless(shutil.which("sx"), "lrzsz is not installed")
class Lrzsz(LineTest):
    def send(self, argv):
        return self.start(argv + ("image.bin",), stdin=self.slave,
                          stdout=self.slave)

    def transfer(self, argv, data, *options):
        self.write("image.bin", data)
        receiver = self.receiver(*options)
        sender = self.send(argv)
        said = self.finish(receiver)
        self.assertNotIn("lost", said)
        self.finish(sender)

    def test_sizes(self):
        for argv in SENDERS:
            for size in SIZES:
                with self.subTest(argv=argv, size=size):
                    data = image(application(size))
                    self.transfer(argv, data)
                    self.assertEqual(self.read("got.bin"), data)

    def test_sizes_of_the_file(self):
        for argv in SENDERS:
            for size in (127, 128, 129, 1023, 1024, 1025, 2048):
                with self.subTest(argv=argv, size=size):
                    data = image(application(size - 16))
                    self.transfer(argv, data)
                    self.assertEqual(self.read("got.bin"), data)

    def test_slow_flash(self):
        for argv in SENDERS:
            data = image(application(3000))
            self.transfer(argv, data, "stall", 300)
            self.assertEqual(self.read("got.bin"), data)

    def test_padded_file(self):
        for argv in SENDERS:
            data = image(application(3000))
            self.transfer(argv, data + b"\xFF" * 40)
            self.assertEqual(self.read("got.bin"), data)

    def refused(self, argv, data, error, *options):
        self.write("image.bin", data)
        receiver = self.receiver(*options)
        sender = self.send(argv)
        self.assertIn(error, self.finish(receiver, status=1))
        sender.communicate(timeout=60)
        self.assertNotEqual(sender.returncode, 0, argv)

    def test_other_file(self):
        for argv in SENDERS:
            with self.subTest(argv=argv):
                self.refused(argv, b"A text of many lines.\n" * 500,
                             "bad magic")

    def test_too_long(self):
        for argv in SENDERS:
            with self.subTest(argv=argv):
                self.refused(argv, image() + bytes(9000), "too large")

    def test_receiver_gives_up(self):
        for argv in SENDERS:
            with self.subTest(argv=argv):
                self.refused(argv, image(application(9000)), "program",
                             "cancel", 3000)

    def test_too_short(self):
        self.write("image.bin", image(application(9000))[:5000])
        receiver = self.receiver()
        sender = self.send(("sb", "-k"))
        self.assertIn("ends early", self.finish(receiver, status=1))
        # lrzsz insists on its EOT until it is asked for a file a few times
        again = self.receiver_again("start", 9000)
        sender.communicate(timeout=60)
        self.assertNotEqual(sender.returncode, 0)
        self.finish(again, status=1)


if __name__ == "__main__":
    unittest.main()
