# SPDX-License-Identifier: MIT
"""otatool's manners: help, versions, exit statuses, files that are not."""

import os
import resource
import subprocess
import unittest

from support import (BLUEPILL, BOARD, EXTERNAL, INTERNAL, LAYOUTS, ONE_SLOT,
                     OTATOOL, SINGLE, Flash, ToolTest, application, bootloader,
                     image)

COMMANDS = ("pack", "info", "verify", "c-array", "merge", "dump", "send")


class Help(ToolTest):
    def test_lists_every_command(self):
        text = self.tool("--help")
        for command in COMMANDS:
            self.assertIn("\n  %s " % command, text)

    def test_each_command_has_help(self):
        for command in COMMANDS:
            text = self.tool(command, "--help")
            self.assertIn("Usage: otatool %s " % command, text)

    def test_version(self):
        self.assertRegex(self.tool("--version"), r"^otatool \d+\.\d+\.\d+\n$")


class WrongUsage(ToolTest):
    def test_is_status_2(self):
        self.write("app.bin", application())
        for argv, error in (
                ((), "name a command"),
                (("launch",), "no command 'launch'"),
                (("--nonsense",), "--nonsense"),
                (("info",), "name a file"),
                (("info", "a", "b"), "one file only"),
                (("info", "--nonsense", "a"), "--nonsense"),
                (("verify", "--board", "toaster", "a"), BOARD),
                (("pack", "app.bin"), "--board and --version"),
                (("pack", "app.bin", "--board", BOARD), "--version"),
                (("c-array", "a", "-o", "a.txt"), ".h or .c"),
                (("c-array", "a", "--section", 'a"b'), "section"),
                (("merge", "--board", BOARD), "--boot"),
                (("merge", "stray"), "stray"),
                (("merge", "--board", BOARD, "--boot", "a", "--image", "b",
                  "-o", "c.elf"), ".hex or .bin"),
                (("dump", "a"), "--board"),
                (("dump", "a", "--board", BOARD, "--base", "-1"), "--base"),
        ):
            with self.subTest(argv=argv):
                self.tool(*argv, status=2, error=error.lstrip("-"))

    def test_areas_that_a_layout_lacks(self):
        for layout, option, area in (
                (SINGLE, "--slot=A=a", "slot A: leave out --slot A"),
                (SINGLE, "--slot=B=a", "slot B: leave out --slot B"),
                (ONE_SLOT, "--slot=B=a", "slot B: leave out --slot B"),
                (ONE_SLOT, "--array=a", "C array: leave out --array")):
            self.tool("merge", option, "--board", layout.name, "--boot", "b",
                      "--image", "c", "-o", "d.bin", status=2,
                      error="%s has no %s, or take a layout that has one, "
                      "such as %s" % (layout.name, area, INTERNAL.name))

    def merge(self, layout, *argv, **expected):
        self.tool("merge", "--board", layout.name, "--boot", "b", "--image",
                  "c", "-o", "d.bin", *argv, status=2, **expected)

    def test_w25q_of_layouts_without_one(self):
        self.write("flash.bin", bytes(100))
        for layout in (INTERNAL, ONE_SLOT, SINGLE):
            error = ("%s has no slots on a W25Q: leave out --w25q"
                     % layout.name)
            self.merge(layout, "--w25q", "w.bin", error=error)
            self.tool("dump", "flash.bin", "--board", layout.name, "--w25q",
                      "flash.bin", status=2, error=error)

    def test_w25q(self):
        for layout in (EXTERNAL, BLUEPILL):
            for slot in "AB":
                self.merge(layout, "--slot=%s=x" % slot,
                           error="slots A and B of %s are on the W25Q, not in "
                           "the flash that -o is for: add --w25q FILE"
                           % layout.name)
            self.merge(layout, "--w25q=w.bin", error="nothing to write to "
                       "w.bin: add --slot A=FILE, or leave out --w25q")
            self.merge(layout, "--w25q=w.HEX", "--slot=A=x",
                       error="--w25q w.HEX: it becomes a plain binary file: "
                       "end the name in .bin")
            self.merge(layout, "--w25q=d.bin", "--slot=A=x",
                       error="-o and --w25q are both d.bin: name two files")
            self.merge(layout, "--array=x", error="%s has no C array: leave "
                       "out --array, or take a layout that has one, such as %s"
                       % (layout.name, INTERNAL.name))

    def test_slots(self):
        for option in ("", "A", "A=", "B=", "C=a", "a=x", "=a", "AB=a"):
            self.tool("merge", "--slot", option, status=2,
                      error="write A=FILE or B=FILE")
        self.tool("merge", "--slot", "A=x", "--slot", "B=y", "--slot", "A=z",
                  status=2, error="two files for --slot A, 'x' and 'z'")
        self.tool("merge", "--array", "x", "--array", "y", status=2,
                  error="two files for --array")

    def test_versions(self):
        self.write("app.bin", application())
        for version in ("", "0", "0.0.0", "1.2.3.4", "1.2", "256.0.0",
                        "0.256.0", "0.0.65536", "-1", "1.-2.3", " 1", "1.2.x",
                        "4294967296", "1" * 40, "1." * 20):
            with self.subTest(version=version):
                self.tool("pack", "app.bin", "--board", BOARD,
                          "--version=" + version, status=2, error="version")


class Boards(ToolTest):
    """--board takes the name of a layout, or of a board."""

    def runs(self, name):
        return (("pack", "app.bin", "--board", name, "--version", "1"),
                ("info", "image.bin", "--board", name),
                ("verify", "image.bin", "--board", name),
                ("dump", "flash.bin", "--board", name),
                ("merge", "--board", name, "--boot", "boot.bin", "--image",
                 "image.bin", "-o", "factory.bin"))

    def test_names(self):
        for name, layout in [(x.name, x) for x in LAYOUTS] + [
                ("nucleo_f446re", INTERNAL), ("bluepill_f103c8", BLUEPILL)]:
            app = layout.application()
            self.write("app.bin", app)
            self.write("image.bin", image(app))
            self.write("boot.bin", bootloader(layout=layout))
            self.write("flash.bin", Flash(layout).put_app(image(app)).bytes)
            for argv in self.runs(name):
                self.assertIn(layout.name, self.tool(*argv))

    def test_no_names(self):
        known = "there is: " + " ".join(layout.name for layout in LAYOUTS)
        for name in ("nucleo_f446re-in", "nucleo_f446re-one", "nucleo_f446r",
                     "nucleo_f446re-", "nucleo_f446re-internal-",
                     "nucleo_f446re-internal2", "internal", "nucleo", "",
                     "-", "NUCLEO_F446RE"):
            for argv in self.runs(name):
                with self.subTest(argv=argv):
                    self.tool(*argv, status=2,
                              error="no board '%s'; %s" % (name, known))


class Inputs(ToolTest):
    def runs(self, name):
        return (("pack", name, "--board", BOARD, "--version", "1"),
                ("info", name), ("verify", name), ("c-array", name),
                ("dump", name, "--board", BOARD),
                ("merge", "--board", BOARD, "--boot", name, "--image", name,
                 "-o", "out.bin"))

    def test_missing(self):
        for argv in self.runs("missing.bin"):
            self.tool(*argv, status=2, error="cannot open missing.bin")

    def test_empty(self):
        self.write("empty.bin", b"")
        for argv in self.runs("empty.bin"):
            self.tool(*argv, status=1, error="empty.bin is empty")

    def test_directory(self):
        os.mkdir(self.path("folder"))
        for argv in self.runs("folder"):
            self.tool(*argv, status=2, error="Is a directory")

    def test_endless(self):
        for argv in self.runs("/dev/zero"):
            self.tool(*argv, status=1, error="larger than 64 MiB")


class Outputs(ToolTest):
    def setUp(self):
        super().setUp()
        self.write("image.bin", image())
        self.write("app.bin", application())

    def pack(self, out, **expected):
        return self.tool("pack", "app.bin", "--board", BOARD, "--version",
                         "1.2.3", "-o", out, **expected)

    def test_default_names(self):
        self.tool("pack", "app.bin", "--board", BOARD, "--version", "1.2.3")
        self.tool("c-array", "image.bin")
        self.assertEqual(self.files(), ["app.bin", "image.bin",
                                        "ota_image.bin", "ota_image.h"])

    def test_unwritable(self):
        self.pack("no/such/place.bin", status=2, error="cannot write")
        os.mkdir(self.path("folder"))
        self.pack("folder", status=2, error="is a directory")
        self.pack("/dev/full", status=2, error="No space left")
        self.tool("c-array", "image.bin", "-o", "no/such/place.h", status=2,
                  error="cannot write")

    def test_disk_full(self):
        # a limit in place of a full disk; restore_signals would turn the
        # write error into a signal
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
        before = self.files()
        done = subprocess.run((OTATOOL, "c-array", "image.bin"), check=False,
                              cwd=self.dir, preexec_fn=limit, text=True,
                              restore_signals=False, capture_output=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("File too large", done.stderr)
        self.assertEqual(self.files(), before)

    def test_device_stays_a_device(self):
        os.mkfifo(self.path("pipe.bin"))
        with subprocess.Popen(("cat", "pipe.bin"), cwd=self.dir,
                              stdout=subprocess.PIPE) as reader:
            self.pack("pipe.bin")
            self.assertEqual(reader.communicate()[0], image())

    def test_old_file_is_replaced_or_kept(self):
        self.write("out.bin", b"old")
        self.write("bad.bin", application(sp=0))
        self.tool("pack", "bad.bin", "--board", BOARD, "--version", "1",
                  "-o", "out.bin", status=1)
        self.assertEqual(self.read("out.bin"), b"old")
        self.pack("out.bin")
        self.assertEqual(self.read("out.bin"), image())

    def test_symbolic_link_is_followed(self):
        self.write("target.bin", b"old")
        os.symlink("target.bin", self.path("link.bin"))
        self.pack("link.bin")
        self.assertTrue(os.path.islink(self.path("link.bin")))
        self.assertEqual(self.read("target.bin"), image())

    def test_access_rights_follow_umask(self):
        subprocess.run("umask 027; exec '%s' c-array image.bin -o out.h"
                       % OTATOOL, shell=True, cwd=self.dir, check=True,
                       stdout=subprocess.DEVNULL)
        self.assertEqual(os.stat(self.path("out.h")).st_mode & 0o777, 0o640)

    def test_full_standard_output(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run((OTATOOL, "info", "image.bin"), check=False,
                                  cwd=self.dir, stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("standard output", done.stderr)


if __name__ == "__main__":
    unittest.main()
