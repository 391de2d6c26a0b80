# SPDX-License-Identifier: MIT
"""otatool pack: the bytes, the three inputs, and everything it refuses."""

import struct
import unittest
import zlib

from support import (ARM, BLUEPILL, BOARD, FLASH, INTERNAL, LAYOUTS, MAX_APP,
                     RAM, RAM_SIZE, VECTORS, ToolTest, application, image,
                     needs_arm)


def hex_line(kind, address, data=b""):
    body = bytes((len(data), address >> 8, address & 0xFF, kind)) + data
    return b":%s%02X\n" % (body.hex().upper().encode(), -sum(body) & 0xFF)


def hex_file(app, base=VECTORS, step=16):
    """Intel HEX by a second hand."""
    out = b""
    for at in range(0, len(app), step):
        address = base + at
        if at == 0 or address & 0xFFFF == 0:
            out += hex_line(4, 0, struct.pack(">H", address >> 16))
        out += hex_line(0, address & 0xFFFF, app[at:at + step])
    return out + hex_line(1, 0)


class PackTest(ToolTest):
    def pack(self, name, version="1.2.3", board=BOARD, **expected):
        said = self.tool("pack", name, "--board", board, "--version", version,
                         **expected)
        return said if "status" in expected else self.read("ota_image.bin")


class Bytes(PackTest):
    def test_header_and_application(self):
        for size in (0x102, 1000, 1001, 1002, 1003, 4096):
            app = application(size)
            self.write("app.bin", app)
            packed = self.pack("app.bin")
            self.assertEqual(
                packed, struct.pack("<IIII", 0xABCDEFAB, size,
                                    zlib.crc32(app), 0x01020003) + app)

    def test_version(self):
        self.write("app.bin", application())
        for text, number in (("1.2.3", 0x01020003), ("4", 4), ("0.0.1", 1),
                             ("255.255.65535", 0xFFFFFFFF),
                             ("4294967295", 0xFFFFFFFF),
                             ("0x01000000", 0x01000000)):
            packed = self.pack("app.bin", version=text)
            self.assertEqual(struct.unpack_from("<I", packed, 12)[0], number)

    def test_says_what_it_made(self):
        self.write("app.bin", application())
        said = self.tool("pack", "app.bin", "--board", BOARD,
                         "--version", "1.2.3")
        self.assertIn("1.2.3", said)
        self.assertIn(BOARD, said)
        self.assertIn("1000 bytes", said)
        self.assertIn("0x%08X" % zlib.crc32(application()), said)
        self.assertEqual(said.count("\n"), 1)

    def test_largest(self):
        app = application(MAX_APP)
        self.write("app.bin", app)
        self.assertEqual(self.pack("app.bin"), image(app))
        self.write("app.hex", hex_file(app))
        self.assertEqual(self.pack("app.hex"), image(app))


class Layouts(PackTest):
    def test_largest_of_each(self):
        for layout in LAYOUTS:
            app = layout.application(layout.max_app)
            self.write("app.bin", app)
            self.assertEqual(self.pack("app.bin", board=layout.name),
                             image(app))
            self.write("app.bin", app + b"\0")
            self.pack("app.bin", board=layout.name, status=1,
                      error="the app slot of %s takes %d"
                      % (layout.name, layout.max_app))

    def test_default_is_the_first_one(self):
        for board, layout in (("nucleo_f446re", INTERNAL),
                              ("bluepill_f103c8", BLUEPILL)):
            app = layout.application()
            self.write("app.bin", app)
            self.assertEqual(self.pack("app.bin", board=board), image(app))
            self.assertIn(" for %s, " % layout.name, self.tool(
                "pack", "app.bin", "--board", board, "--version", "1"))

    @needs_arm
    def test_linked_for_another_layout(self):
        self.link("app", VECTORS)
        self.pack("app.elf", board=INTERNAL.name, status=1,
                  error="linked for 0x08010200, but the app slot of %s begins "
                        "at 0x08020200" % INTERNAL.name)


@needs_arm
class Linked(PackTest):
    def test_elf_hex_and_bin_are_one(self):
        app = self.link("app", VECTORS)
        for name in ("app.elf", "app.hex", "app.bin"):
            self.assertEqual(self.pack(name), image(app), name)

    def test_elf_is_known_by_its_content(self):
        app = self.link("app", VECTORS)
        self.write("app.out", self.read("app.elf"))
        self.write("app.txt", self.read("app.hex"))
        self.assertEqual(self.pack("app.out"), image(app))
        self.assertEqual(self.pack("app.txt"), image(app))

    def test_segment_that_begins_with_the_elf_headers(self):
        self.link("app", VECTORS)
        self.run_program(ARM + "gcc", "-mcpu=cortex-m4", "-mthumb", "-Os",
                         "-nostdlib", "-ffreestanding", "-T", "app.ld",
                         "-Wl,-z,max-page-size=0x10000", "app.c", "-o",
                         "wide.elf")
        first = next(line.split() for line in
                     self.run_program(ARM + "readelf", "-lW",
                                      "wide.elf").splitlines()
                     if line.strip().startswith("LOAD"))
        self.assertLess(int(first[3], 0), VECTORS, "the linker changed")
        self.run_program(ARM + "objcopy", "-O", "binary", "--gap-fill",
                         "0xFF", "wide.elf", "wide.bin")
        self.assertEqual(self.pack("wide.elf"), image(self.read("wide.bin")))

    def test_linked_for_another_address(self):
        self.link("app", FLASH)
        error = ("linked for 0x08000000, but the app slot of %s begins at "
                 "0x08010200: set the FLASH origin in the linker script"
                 % BOARD)
        self.pack("app.elf", status=1, error=error)
        self.pack("app.hex", status=1, error=error)
        self.pack("app.bin", status=1,
                  error="set the FLASH origin in the linker script to "
                        "0x08010200")

    def test_objects_and_host_programs(self):
        self.link("app", VECTORS)
        self.run_program(ARM + "gcc", "-mcpu=cortex-m4", "-mthumb", "-c",
                         "app.c", "-o", "object.elf")
        self.pack("object.elf", status=1, error="no linked 32-bit ARM program")
        elf = self.read("app.elf")
        self.write("x86.elf", elf[:18] + b"\x03" + elf[19:])
        self.pack("x86.elf", status=1, error="no linked 32-bit ARM program")
        self.write("host.elf", b"\x7fELF\x02\x01\x01" + bytes(57))
        self.pack("host.elf", status=1, error="host.elf")

    def test_broken_elf(self):
        self.link("app", VECTORS)
        elf = self.read("app.elf")
        self.write("text.elf", b"this is text")
        self.pack("text.elf", status=1, error="no readable ELF file")
        for size in range(4, len(elf) - 1, 997):
            self.write("cut.elf", elf[:size])
            self.pack("cut.elf", status=1, error="cut.elf")


class Refused(PackTest):
    def refuse(self, app, error):
        self.write("app.bin", app)
        self.pack("app.bin", status=1, error=error)

    def test_size(self):
        self.refuse(application(MAX_APP + 1), "too large")
        self.refuse(application(7), "vector table")
        self.refuse(application(1), "vector table")

    def test_stack_pointer(self):
        for sp in (0, RAM, RAM + RAM_SIZE + 1, RAM + RAM_SIZE + 4, FLASH,
                   0xFFFFFFFF):
            self.refuse(application(sp=sp), "bad stack pointer")
        self.write("app.bin", application(sp=RAM + RAM_SIZE))
        self.pack("app.bin")
        # the Blue Pill has less
        reset, end = BLUEPILL.vectors + 0x101, RAM + BLUEPILL.ram_size
        self.write("app.bin", application(reset=reset, sp=end + 4))
        self.pack("app.bin", board=BLUEPILL.name, status=1,
                  error="0x20005004 is not in the RAM of " + BLUEPILL.name)
        self.write("app.bin", application(reset=reset, sp=end))
        self.pack("app.bin", board=BLUEPILL.name)

    def test_reset_vector(self):
        self.refuse(application(reset=VECTORS + 0x100), "is even")
        for reset in (VECTORS + 1, VECTORS + 7, VECTORS - 1, FLASH + 0x1C5,
                      VECTORS + 1001, 0xFFFFFFFF):
            self.refuse(application(reset=reset), "outside the application")
        for reset in (VECTORS + 9, VECTORS + 999):
            self.write("app.bin", application(reset=reset))
            self.pack("app.bin")

    def test_an_image_is_not_packed_twice(self):
        self.refuse(image(), "is an image already")


class Hex(PackTest):
    def accept(self, text, app):
        self.write("app.hex", text)
        self.assertEqual(self.pack("app.hex"), image(app))

    def refuse(self, text, error):
        self.write("app.hex", text)
        self.pack("app.hex", status=1, error=error)

    def test_forms(self):
        app = application(70000)
        good = hex_file(app)
        self.accept(good, app)
        self.accept(good.lower(), app)
        self.accept(good.replace(b"\n", b"\r\n"), app)
        self.accept(good.rstrip(b"\n"), app)
        self.accept(hex_file(app, step=32), app)
        start = hex_line(5, 0, struct.pack(">I", VECTORS))
        self.accept(start + hex_line(3, 0, bytes(4)) + good, app)

    def test_order_and_gaps(self):
        app = application(48, reset=VECTORS + 9)
        first, a, _, c, last = hex_file(app).splitlines(keepends=True)
        self.accept(first + c + a + last,
                    app[:16] + b"\xFF" * 16 + app[32:])

    def test_segment_addresses_are_read(self):
        # 0x1000 << 4 = 0x10000: not our slot, and the message shows it
        text = hex_line(2, 0, b"\x10\x00") + hex_line(0, 0x200, bytes(16))
        self.refuse(text + hex_line(1, 0), "linked for 0x00010200")

    def test_damage(self):
        good = hex_file(application())
        lines = good.splitlines(keepends=True)
        for bad, error in (
                (good.replace(b":10", b";10", 1), "app.hex:2: does not begin"),
                (lines[0][:-2] + b"0\n", "app.hex:1: "),
                (good.replace(b"\n", b" \n", 1), "wrong number of digits"),
                (b":00000\n", "wrong number of digits"),
                (b":000000\n", "wrong number of digits"),
                (b":" + b"00" * 261 + b"\n", "wrong number of digits"),
                (good.replace(b":10", b":1G", 1), "not a hexadecimal digit"),
                (good.replace(b":10", b":0F", 1), "length does not match"),
                (lines[0] + hex_line(0, 0, b"\x01\x02").replace(
                    b"0102", b"0103"), "bad checksum"),
                (good + good, "goes on after its end record"),
                (b"".join(lines[:-1]), "without an end record"),
                (hex_line(6, 0) + good, "unknown record type"),
                (hex_line(4, 0, b"\x08") + good, "wrong length"),
                (hex_line(2, 0, b"\x08\0\0") + good, "wrong length"),
                (hex_line(1, 0, b"\x08"), "wrong length"),
                (hex_line(0, 0xFFFF, b"\1\2") + good, "64 KiB"),
                (hex_line(4, 0, b"\xFF\xFF") + hex_line(0, 0xFFFF, b"\1"),
                 "above 4 GiB"),
                (lines[0] + lines[1] + good, "two values for address"),
                (hex_line(1, 0), "holds no bytes"),
                (b"\n", "without an end record"),
                (b"no hex at all", "does not begin with ':'"),
        ):
            with self.subTest(error=error):
                self.refuse(bad, error)

    def test_every_flipped_digit_is_found(self):
        app = application(0x110)
        good = hex_file(app)
        for at in range(0, len(good), 7):
            for digit in b"0F:":
                if good[at] == digit or good[at:at + 1] == b"\n":
                    continue
                text = bytearray(good)
                text[at] = digit
                with self.subTest(at=at, digit=chr(digit)):
                    self.refuse(bytes(text), "app.hex")

    def test_span(self):
        # data left in RAM: four hundred megabytes from the code
        good = hex_file(application()).splitlines(keepends=True)
        text = b"".join(good[:-1]) + hex_line(4, 0, b"\x20\0")
        text += hex_line(0, 0, b"data") + good[-1]
        self.refuse(text, "or leave out (objcopy -R) what lies elsewhere")


if __name__ == "__main__":
    unittest.main()
