# SPDX-License-Identifier: MIT
"""otatool merge: the factory file, judged by objcopy, and what it refuses."""

import unittest

from support import (APP, ARM, ARRAY, ARRAY_SIZE, BLUEPILL, BOARD, BOOT_SIZE,
                     EXTERNAL, FLASH, HEADER_SPACE, INTERNAL, LAYOUTS, MAX_APP,
                     ONE_SLOT, RAM, SINGLE, Flash, ToolTest, application,
                     bootloader, image, needs_arm)


def factory(boot, packed, layout=SINGLE):
    gap = b"\xFF" * (layout.app[0] - len(boot))
    space = packed[:16] + b"\xFF" * (HEADER_SPACE - 16)
    return boot + gap + space + packed[16:]


class Merge(ToolTest):
    def merge(self, boot, packed, out="factory.bin", name="boot.bin",
              **expected):
        if boot is not None:
            self.write(name, boot)
        if packed is not None:
            self.write("image.bin", packed)
        return self.tool("merge", "--board", BOARD, "--boot", name, "--image",
                         "image.bin", "-o", out, **expected)

    def test_bin(self):
        for size in (0x240, 3000, BOOT_SIZE):
            for app in (application(), application(1003),
                        application(MAX_APP)):
                self.merge(bootloader(size), image(app))
                self.assertEqual(self.read("factory.bin"),
                                 factory(bootloader(size), image(app)))

    def test_says_what_it_made(self):
        self.assertEqual(
            self.merge(bootloader(), image()),
            "factory.bin: bootloader and version 1.2.3 for %s\n" % BOARD)

    def test_bytes_behind_the_image_stay_out(self):
        self.merge(bootloader(), image() + b"\xFF" * 5000)
        self.assertEqual(self.read("factory.bin"),
                         factory(bootloader(), image()))

    @needs_arm
    def test_hex_is_bin(self):
        for app in (application(), application(MAX_APP), application(1003)):
            self.merge(bootloader(3001), image(app))
            self.merge(bootloader(3001), image(app), out="factory.hex")
            self.run_program(ARM + "objcopy", "-I", "ihex", "-O", "binary",
                             "--gap-fill", "0xFF", "factory.hex", "judge.bin")
            self.assertEqual(self.read("judge.bin"), self.read("factory.bin"))

    @needs_arm
    def test_hex_leaves_gaps_out(self):
        self.merge(bootloader(), image(), out="factory.hex")
        lines = self.run_program(ARM + "objdump", "-h", "-b", "ihex",
                                 "factory.hex").splitlines()
        found = [(int(f[3], 16), int(f[2], 16)) for f in
                 (line.split() for line in lines) if len(f) == 7]
        self.assertEqual(found, [(FLASH, 3000), (FLASH + APP, 16),
                                 (FLASH + APP + HEADER_SPACE, 1000)])

    @needs_arm
    def test_every_kind_of_bootloader_file(self):
        self.write("boot.bin", bootloader())
        self.run_program(ARM + "objcopy", "-I", "binary", "-O", "ihex",
                         "--change-addresses", hex(FLASH), "boot.bin",
                         "boot.hex")
        self.write("boot.s", b'.incbin "boot.bin"\n')
        self.run_program(ARM + "as", "boot.s", "-o", "boot.o")
        self.run_program(ARM + "ld", "-Ttext", hex(FLASH), "-e", "0",
                         "boot.o", "-o", "boot.elf")
        for name in ("boot.bin", "boot.hex", "boot.elf"):
            self.merge(None, image(), name=name)
            self.assertEqual(self.read("factory.bin"),
                             factory(bootloader(), image()), name)

    def test_other_bootloaders(self):
        for boot, error in (
                (bootloader(BOOT_SIZE + 1), "too large"),
                (bootloader()[:0x23F], "too short"),
                (bytes(3000), "no info block"),
                (bootloader(magic=0x4F464E48), "no info block"),
                (bootloader(info_format=2), "no info block"),
                (bootloader(target=0x00044602), "another layout"),
                (bootloader(digest=1), "another layout"),
                (bootloader(image_formats=2), "no plain images")):
            with self.subTest(error):
                self.merge(boot, image(), status=1, error=error)

    @needs_arm
    def test_bootloader_at_another_address(self):
        self.write("boot.bin", bootloader())
        self.run_program(ARM + "objcopy", "-I", "binary", "-O", "ihex",
                         "--change-addresses", hex(FLASH + ARRAY), "boot.bin",
                         "boot.hex")
        self.merge(None, image(), name="boot.hex", status=1,
                   error="linked for 0x08060000, but the bootloader")

    def test_bad_images(self):
        for data, error in ((image(crc=0), "bad CRC"),
                            (image(magic=1), "bad magic"),
                            (image()[:-1], "truncated"),
                            (image(application(MAX_APP + 1)), "too large"),
                            (image(application(sp=0)), "stack pointer"),
                            (image()[:9], "truncated")):
            self.merge(bootloader(), data, status=1, error=error)


class AreasTest(ToolTest):
    def merge(self, layout, *argv, out="factory.bin", **expected):
        self.write("boot.bin", bootloader(layout=layout))
        self.write("image.bin", image(layout.application()))
        return self.tool("merge", "--board", layout.name, "--boot",
                         "boot.bin", "--image", "image.bin", "-o", out, *argv,
                         **expected)

    def judge(self, layout, areas):
        """The factory file that holds these (offset, bytes) besides."""
        flash = Flash(layout).put(0, bootloader(layout=layout))
        flash.put_app(image(layout.application()))
        end = layout.app[0] + HEADER_SPACE + 1000
        for offset, data in areas:
            flash.put(offset, data)
            end = max(end, offset + len(data))
        self.assertEqual(self.read("factory.bin"), bytes(flash.bytes[:end]))


class Areas(AreasTest):
    """Images that wait in slots A and B and in the C array's area."""

    def test_every_layout(self):
        for layout in LAYOUTS:
            self.assertEqual(self.merge(layout), "factory.bin: bootloader and "
                             "version 1.2.3 for %s\n" % layout.name)
            self.judge(layout, [])

    def test_each_area(self):
        for layout in LAYOUTS:
            for option, (offset, size) in (
                    ("--slot=A=%s", layout.slots[0]),
                    ("--slot=B=%s", layout.slots[1]),
                    ("--array=%s", layout.array)):
                if size == 0 or layout.external:
                    continue
                for length in (1000, 1003, min(size - 16, layout.max_app)):
                    data = image(layout.application(length), 0x01030000)
                    self.write("more.bin", data)
                    self.merge(layout, option % "more.bin")
                    self.judge(layout, [(offset, data)])

    def test_all_areas(self):
        files = [image(INTERNAL.application(1000 + i), 0x02000000 + i)
                 for i in range(3)]
        for i, data in enumerate(files):
            self.write("%d.bin" % i, data)
        said = self.merge(INTERNAL, "--array", "2.bin", "--slot", "B=1.bin",
                          "--slot", "A=0.bin")
        self.assertEqual(said, "factory.bin: bootloader and version 1.2.3 for "
                         "%s; version 2.0.0 in slot A; version 2.0.1 in slot "
                         "B; version 2.0.2 in the C array\n" % INTERNAL.name)
        self.judge(INTERNAL, [(0x40000, files[0]), (0x60000, files[1]),
                              (0x10000, files[2])])

    @needs_arm
    def test_hex_is_bin(self):
        self.write("more.bin", image(INTERNAL.application(1003)))
        options = ("--array=more.bin", "--slot=B=more.bin")
        self.merge(INTERNAL, *options)
        self.merge(INTERNAL, *options, out="factory.hex")
        self.run_program(ARM + "objcopy", "-I", "ihex", "-O", "binary",
                         "--gap-fill", "0xFF", "factory.hex", "judge.bin")
        self.assertEqual(self.read("judge.bin"), self.read("factory.bin"))

    def test_bytes_behind_the_image_stay_out(self):
        data = image(INTERNAL.application())
        self.write("more.bin", data + b"\xFF" * 5000)
        self.merge(INTERNAL, "--slot", "B=more.bin")
        self.judge(INTERNAL, [(0x60000, data)])

    def test_dump_finds_them(self):
        for name, version in (("a", 1), ("b", 2), ("c", 3)):
            self.write(name, image(INTERNAL.application(), version))
        self.merge(INTERNAL, "--slot=A=a", "--slot=B=b", "--array=c")
        said = self.tool("dump", "factory.bin", "--board", INTERNAL.name)
        for part in ("slot A at 0x08040000 (unknown): version 0.0.1,",
                     "slot B at 0x08060000 (unknown): version 0.0.2,",
                     "C array at 0x08010000: version 0.0.3,"):
            self.assertIn(part, said)
        self.assertEqual(said.count(": valid\n"), 4)

    def test_bad_images(self):
        good = INTERNAL.application()
        for data, error in ((image(good, crc=0), "bad CRC"),
                            (image(good, magic=1), "bad magic"),
                            (image(good)[:-1], "truncated"),
                            (image(good)[:9], "truncated"),
                            (image(application()), "0x08020200"),
                            (image(INTERNAL.application(0x1FE01)),
                             "too large")):
            self.write("more.bin", data)
            for option in ("--slot=A=more.bin", "--slot=B=more.bin",
                           "--array=more.bin"):
                self.write("factory.bin", b"old")
                self.merge(INTERNAL, option, status=1, error=error)
                self.assertEqual(self.read("factory.bin"), b"old")

    def test_larger_than_the_area(self):
        for layout, limit in ((INTERNAL, 0x10000 - 16),
                              (SINGLE, ARRAY_SIZE - 16)):
            self.write("more.bin", image(layout.application(limit + 1)))
            self.merge(layout, "--array=more.bin", status=1,
                       error="more.bin: too large: %d bytes of application, "
                       "the C array of %s takes %d: make the application "
                       "smaller, or leave out --array"
                       % (limit + 1, layout.name, limit))

    def test_missing_file(self):
        self.merge(ONE_SLOT, "--slot", "A=missing", status=2,
                   error="cannot open missing")


class OnTheW25q(AreasTest):
    """Slots A and B of the layouts that have them outside."""

    LAYOUTS = (EXTERNAL, BLUEPILL)

    def files_of(self, layout):
        files = [image(layout.application(1000 + i), 0x02000000 + i)
                 for i in range(2)]
        for name, data in zip(("0.bin", "1.bin"), files):
            self.write(name, data)
        return files

    def test_each_slot(self):
        for layout in self.LAYOUTS:
            for name, (offset, size) in zip("AB", layout.slots):
                for length in (1000, 1003, layout.max_app):
                    self.assertLessEqual(16 + length, size)
                    data = image(layout.application(length), 0x01030000)
                    self.write("more.bin", data)
                    self.merge(layout, "--slot=%s=more.bin" % name,
                               "--w25q", "w25q.bin")
                    self.judge(layout, [])
                    self.assertEqual(self.read("w25q.bin"),
                                     b"\xFF" * offset + data)

    def test_both_slots(self):
        for layout in self.LAYOUTS:
            files = self.files_of(layout)
            said = self.merge(layout, "--w25q=w.bin", "--slot", "B=1.bin",
                              "--slot", "A=0.bin")
            self.assertEqual(said, "factory.bin: bootloader and version 1.2.3 "
                             "for %s\nw.bin: version 2.0.0 in slot A; version "
                             "2.0.1 in slot B\n" % layout.name)
            self.judge(layout, [])
            gap = layout.slots[1][0] - len(files[0])
            self.assertEqual(self.read("w.bin"),
                             files[0] + b"\xFF" * gap + files[1])

    @needs_arm
    def test_hex_is_bin(self):
        self.files_of(BLUEPILL)
        options = ("--slot=A=0.bin", "--w25q=w.bin")
        self.merge(BLUEPILL, *options)
        plain = self.read("w.bin")
        self.merge(BLUEPILL, *options, out="factory.hex")
        self.run_program(ARM + "objcopy", "-I", "ihex", "-O", "binary",
                         "--gap-fill", "0xFF", "factory.hex", "judge.bin")
        self.assertEqual(self.read("judge.bin"), self.read("factory.bin"))
        self.assertEqual(self.read("w.bin"), plain)

    def test_dump_finds_them(self):
        for layout in self.LAYOUTS:
            self.files_of(layout)
            self.merge(layout, "--slot=A=0.bin", "--slot=B=1.bin",
                       "--w25q=w.bin")
            said = self.tool("dump", "factory.bin", "--w25q", "w.bin",
                             "--board", layout.name)
            for name, (offset, _), version in zip(
                    "AB", layout.slots, ("2.0.0", "2.0.1")):
                self.assertIn("slot %s at W25Q 0x%06X (unknown): version %s,"
                              % (name, offset, version), said)
            self.assertEqual(said.count(": valid\n"), 3)

    def test_images_for_another_layout(self):
        other = application(sp=RAM + 0x1000, reset=INTERNAL.vectors + 0x101)
        self.write("more.bin", image(other))
        for layout in self.LAYOUTS:
            self.merge(layout, "--slot=A=more.bin", "--w25q=w.bin", status=1,
                       error="set the FLASH origin in the linker script to "
                       "0x%08X" % layout.vectors)

    def test_missing_file(self):
        self.merge(EXTERNAL, "--slot=A=missing", "--w25q=w.bin", status=2,
                   error="cannot open missing")

    def test_both_outputs_or_none(self):
        self.files_of(EXTERNAL)
        slot = "--slot=A=0.bin"
        self.write("factory.bin", b"old")
        self.merge(EXTERNAL, slot, "--w25q=no/such/w.bin", status=2,
                   error="cannot write no/such/w.bin")
        self.assertEqual(self.read("factory.bin"), b"old")
        self.write("w.bin", b"old")
        self.merge(EXTERNAL, slot, "--w25q=w.bin", out="no/such/f.bin",
                   status=2, error="cannot write no/such/f.bin")
        self.assertEqual(self.read("w.bin"), b"old")


if __name__ == "__main__":
    unittest.main()
