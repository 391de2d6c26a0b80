# SPDX-License-Identifier: MIT
"""The vboard command, run as a user runs it, on a small fixture firmware.

CTest gives the files in the environment: VBOARD is the command, FIXTURE the
firmware's ELF file, with its raw form beside it (.bin), BLUEPILL that of a
firmware for the F103. Every run is bounded:
in virtual time by --for, on the host by LIMIT.
"""

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import time
import unittest

VBOARD = os.environ["VBOARD"]
ELF = os.environ["FIXTURE"]
BIN = os.path.splitext(ELF)[0] + ".bin"

BLUEPILL = os.environ["BLUEPILL"]

LIMIT = 60  # seconds on the wall for one run
FLASH_SIZE = 512 * 1024
COUNTER = 0x60000  # where the fixture counts its boots, sector 7

GOOD, NOT_SEEN, USAGE, FAULT, VIOLATION, FAILED = range(6)


class VboardTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.flash = self.path("flash.bin")

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def call(self, *args, send=b""):
        # a file, not a pipe: it has everything from the start
        with tempfile.TemporaryFile() as stdin:
            stdin.write(send)
            stdin.seek(0)
            return subprocess.run([VBOARD, *args], stdin=stdin, timeout=LIMIT,
                                  capture_output=True, check=False)

    def run_board(self, *args, send=b"", expect=GOOD, load=ELF):
        done = self.call("run", "--mcu", "stm32f446re", "--load", load,
                         "--uart1", "stdio", *args, send=send)
        self.assertEqual(done.returncode, expect,
                         done.stdout + b"\n" + done.stderr)
        return done

    def events(self, *args, **more):
        path = self.path("events")
        self.run_board("--events", path, *args, **more)
        with open(path, encoding="ascii") as file:
            return [json.loads(line) for line in file]

    def counter(self):
        """The words that the fixture has programmed, up to the first blank."""
        with open(self.flash, "rb") as file:
            data = file.read()
        self.assertEqual(len(data), FLASH_SIZE)
        words = []
        for at in range(COUNTER, FLASH_SIZE, 4):
            word = int.from_bytes(data[at:at + 4], "little")
            if word == 0xFFFFFFFF:
                break
            words.append(word)
        return words

    @contextlib.contextmanager
    def background(self, *args, where):
        """A board that runs until the test is done with it, and what it said
        on stderr when that matched where."""
        board = subprocess.Popen(
            [VBOARD, "run", "--mcu", "stm32f446re", "--load", ELF, *args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        try:
            yield board, self.wait_for(board.stderr.fileno(), where)
        finally:
            board.kill()
            board.communicate()

    def wait_for(self, fd, pattern):
        """Reads fd until the pattern matches; the match."""
        got = b""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            if select.select([fd], [], [], 0.1)[0]:
                more = os.read(fd, 4096)
                self.assertTrue(more, got)
                got += more
            match = re.search(pattern, got)
            if match:
                return match
        self.fail(f"no {pattern!r} in {got!r}")


class Usage(VboardTest):
    def refused(self, hint, *args):
        done = self.call(*args)
        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.assertIn(hint, done.stderr)

    def refused_option(self, hint, *args):
        self.refused(hint, "run", "--mcu", "stm32f446re", "--load", ELF, *args)

    def test_no_command(self):
        self.refused(b"Usage")
        self.refused(b"Usage", "fly")

    def test_options_together(self):
        self.refused(b"--mcu NAME", "run", "--load", ELF)
        self.refused(b"--load FILE", "run", "--mcu", "stm32f446re")
        self.refused_option(b"only one UART", "--uart1", "stdio", "--uart2",
                            "stdio")
        self.refused_option(b"has its input from", "--uart1", "pty",
                            "--uart1-input", "x")
        self.refused_option(b"give --sd FILE", "--sd-fault", "bad-crc")
        self.refused_option(b"--load", "stray")
        self.refused_option(b"--nonsense", "--nonsense")

    def test_values(self):
        for option, value in (
                ("--for", "10"), ("--for", "s"), ("--for", "1.2.3s"),
                ("--for", "-1s"), ("--for", "99999999999s"),
                ("--press", "PA8"), ("--press", "PA8@"), ("--press", "@1s"),
                ("--press", "PA8@1s:"), ("--press", "PA8@1"),
                ("--press", "PA8@" + "0" * 80 + "s"),
                ("--cut-power", "flash-op:0"), ("--cut-power", "flash-op:"),
                ("--cut-power", "flash-op:1:during"), ("--cut-power", "soon"),
                ("--uart1", "usb"), ("--uart1", "file:"),
                ("--uart1", "tcp:65536"), ("--uart1", "tcp:"),
                ("--timing", "fast"), ("--seed", "x"), ("--seed", "-1"),
                ("--seed", "0x100000000"), ("--vdd", "33"), ("--vdd", "0"),
                ("--vdd", "2.5@"), ("--vdd", "@1s"), ("--vdd", "2.5@1"),
                ("--vdd", "9@1s"), ("--nrst", "1"), ("--nrst", ""),
                ("--uart1-input", ""), ("--uart1-input", "@1s"),
                ("--sd", ""), ("--sd", "@SPI1:PB5"), ("--sd-fault", "bad"),
                ("--sd-fault", "removed@0"), ("--sd-fault", "removed@"),
                ("--hse", "8G"), ("--until", ""), ("--load", "@0x08000000")):
            with self.subTest(option=option, value=value):
                self.refused_option(b"give ", option, value)

    def test_help(self):
        for args in (["--help"], ["run", "--help"]):
            done = self.call(*args)
            self.assertEqual(done.returncode, GOOD)
            self.assertIn(b"Usage: vboard run", done.stdout)
        self.assertIn(b"Exit status", done.stdout)

    def test_version_and_list(self):
        done = self.call("--version")
        self.assertEqual(done.returncode, GOOD)
        self.assertRegex(done.stdout, rb"^vboard \d+\.\d+\.\d+\n$")
        done = self.call("list")
        self.assertEqual(done.returncode, GOOD)
        self.assertEqual(done.stdout, b"stm32f446re  Cortex-M4F, "
                                      b"512 KiB flash, 128 KiB RAM\n"
                                      b"stm32f103c8  Cortex-M3, "
                                      b"64 KiB flash, 20 KiB RAM\n")

    def test_unknown_chip(self):
        self.refused(b"stm32f999", "run", "--mcu", "stm32f999", "--load", ELF)

    def test_unknown_pin(self):
        done = self.run_board("--press", "PZ1@1s", expect=FAILED)
        self.assertIn(b"no pin PZ1", done.stderr)


class Files(VboardTest):
    def test_load_without_address(self):
        done = self.run_board(load=BIN, expect=FAILED)
        self.assertIn(b"@0x08000000", done.stderr)

    def test_load_raw(self):
        self.run_board("--until", "boot 1", load=BIN + "@0x08000000")

    def test_load_missing(self):
        done = self.run_board(load=self.path("nothing"), expect=FAILED)
        self.assertIn(b"No such file", done.stderr)

    def test_flash_is_made_and_kept(self):
        self.run_board("--flash", self.flash, "--until", "boot 1")
        self.assertEqual(self.counter(), [0])
        self.run_board("--flash", self.flash, "--until", "boot 2")
        self.assertEqual(self.counter(), [0, 0])
        self.assertEqual(sorted(os.listdir(self.directory.name)),
                         ["flash.bin"])

    def test_flash_alone_boots(self):
        self.run_board("--flash", self.flash, "--until", "boot 1")
        done = self.call("run", "--mcu", "stm32f446re", "--flash", self.flash,
                         "--until", "boot 2")
        self.assertEqual(done.returncode, GOOD, done.stderr)

    def test_flash_keeps_rights_and_link(self):
        self.run_board("--flash", self.flash, "--until", "boot 1")
        os.chmod(self.flash, 0o640)
        link = self.path("link")
        os.symlink("flash.bin", link)
        self.run_board("--flash", link, "--until", "boot 2")
        self.assertTrue(os.path.islink(link))
        self.assertEqual(os.stat(self.flash).st_mode & 0o777, 0o640)
        self.assertEqual(self.counter(), [0, 0])

    def test_flash_of_wrong_size(self):
        with open(self.flash, "wb") as file:
            file.write(b"\xFF" * 1000)
        done = self.run_board("--flash", self.flash, expect=FAILED)
        self.assertIn(b"1000 bytes", done.stderr)
        self.assertIn(b"remove it", done.stderr)
        self.assertEqual(os.path.getsize(self.flash), 1000)

    def test_flash_that_cannot_be_made(self):
        done = self.run_board("--flash", self.path("no/flash"), expect=FAILED)
        self.assertIn(b"No such file", done.stderr)

    def make_card(self, size):
        path = self.path("card")
        with open(path, "wb") as file:
            file.truncate(size)
        return path

    def test_card(self):
        # the fixture does not look at it; a FILE may have an @ of its own
        card = self.make_card(1 << 20)
        for place in ("", "@SPI1:PB5", "@SPI2:PA8"):
            self.run_board("--sd", card + place, "--until", "boot 1")
        for fault in ("never-ready", "bad-crc", "miso-high", "miso-low",
                      "removed@3", "version-1"):
            self.run_board("--sd", card, "--sd-fault", fault,
                           "--until", "boot 1")
        other = self.path("card@home")
        os.rename(card, other)
        self.run_board("--sd", other, "--until", "boot 1")
        self.assertEqual(os.path.getsize(other), 1 << 20)

    def test_card_of_no_use(self):
        for size, hint in ((0, b"empty"), (1000, b"multiple of 512")):
            done = self.run_board("--sd", self.make_card(size), expect=FAILED)
            self.assertIn(hint, done.stderr)
        done = self.run_board("--sd", self.path("nothing"), expect=FAILED)
        self.assertIn(b"No such file", done.stderr)
        card = self.make_card(512)
        done = self.run_board("--sd", card + "@SPI1:PZ1", expect=FAILED)
        self.assertIn(b"no pin PZ1", done.stderr)

    def test_card_and_flash_on_one_pin(self):
        done = self.run_board("--w25q", self.path("w25q") + "@SPI1:PB5",
                              "--sd", self.make_card(512), expect=FAILED)
        self.assertIn(b"another chip is selected by PB5", done.stderr)

    def test_events_that_cannot_be_made(self):
        done = self.run_board("--events", self.path("no/events"),
                              expect=FAILED)
        self.assertIn(b"--events", done.stderr)


class Ends(VboardTest):
    def test_time(self):
        done = self.run_board("--for", "250ms")
        self.assertEqual(done.stdout, b"boot 1\r\n")
        self.assertIn(b"ended by time at 0.250", done.stderr)

    def test_time_by_default(self):
        done = self.run_board()
        self.assertIn(b"ended by time at 10.000", done.stderr)

    def test_until_not_seen(self):
        done = self.run_board("--for", "1s", "--until", "boot 2",
                              expect=NOT_SEEN)
        self.assertIn(b"boot 2 did not come", done.stderr)

    def test_until_ends_at_once(self):
        done = self.run_board("--until", "oo")
        self.assertEqual(done.stdout, b"boo")

    def test_until_on_an_unconnected_uart(self):
        done = self.call("run", "--mcu", "stm32f446re", "--load", ELF,
                         "--until", "boot 1\r\n")
        self.assertEqual(done.returncode, GOOD, done.stderr)
        self.assertEqual(done.stdout, b"")

    def test_fault(self):
        done = self.run_board("--for", "1s", send=b"f", expect=FAULT)
        self.assertIn(b"fault\r\n", done.stdout)

    def test_fault_that_was_waited_for(self):
        self.run_board("--for", "1s", "--until", "fault", send=b"f")

    def test_lockup(self):
        done = self.run_board("--for", "1s", send=b"l", expect=FAULT)
        self.assertIn(b"ended by lockup", done.stderr)

    def test_violation(self):
        done = self.run_board("--for", "1s", send=b"v", expect=VIOLATION)
        self.assertIn(b"USART2", done.stderr)
        self.assertNotIn(b"went on", done.stdout)

    def test_same_again(self):
        runs = []
        for _ in range(2):
            events = self.events("--for", "1s", "--seed", "7",
                                 "--press", "PA8@200ms", send=b"abc")
            runs.append(events)
        self.assertEqual(runs[0], runs[1])

    def test_output_without_reader(self):
        board = subprocess.Popen(
            [VBOARD, "run", "--mcu", "stm32f446re", "--load", ELF, "--uart1",
             "stdio", "--flash", self.flash],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        board.stdout.close()
        stderr = board.stderr.read()
        board.stderr.close()
        self.assertEqual(board.wait(LIMIT), FAILED, stderr)
        self.assertEqual(self.counter(), [0])


class Events(VboardTest):
    def of(self, events, kind):
        return [event for event in events if event["event"] == kind]

    def test_kinds(self):
        events = self.events("--for", "1s")
        times = [event["time"] for event in events]
        self.assertEqual(times, sorted(times))
        reset = events[0]
        self.assertEqual(reset["event"], "reset")
        self.assertIn("PORRSTF", reset["cause"])
        self.assertTrue(int(reset["csr"], 16) & 1 << 27)
        flash = self.of(events, "flash")
        self.assertEqual(len(flash), 1)
        self.assertEqual(flash[0]["op"], "program")
        self.assertEqual(flash[0]["number"], 1)
        self.assertEqual(flash[0]["address"], "0x08060000")
        self.assertEqual(flash[0]["size"], 4)
        lines = self.of(events, "uart")
        self.assertEqual([line["line"] for line in lines], ["boot 1"])
        self.assertTrue(lines[0]["complete"])
        self.assertEqual(events[-1]["event"], "end")
        self.assertEqual(events[-1]["reason"], "time")
        self.assertEqual(events[-1]["status"], GOOD)

    def test_led(self):
        edges = self.of(self.events("--for", "1.05s"), "pin")
        self.assertEqual({edge["pin"] for edge in edges}, {"PA1"})
        self.assertEqual([edge["level"] for edge in edges], [1, 0] * 5)
        for before, after in zip(edges, edges[1:]):
            self.assertAlmostEqual(after["time"] - before["time"], 0.1, 3)

    def test_led_summary(self):
        done = self.run_board("--for", "1.05s")
        self.assertIn(b"PA1 toggles every 100 ms (10 edges", done.stderr)

    def test_uart_text(self):
        lines = self.of(self.events("--for", "1s", send=b"x"), "uart")
        self.assertEqual(lines[1]["line"], '"quoted" \\ \t\xE9')

    def test_unfinished_line(self):
        lines = self.of(self.events("--until", "boo"), "uart")
        self.assertEqual([line["line"] for line in lines], ["boo"])
        self.assertFalse(lines[0]["complete"])

    def test_software_reset(self):
        events = self.events("--until", "boot 2", send=b"r")
        resets = self.of(events, "reset")
        self.assertEqual(len(resets), 2)
        self.assertIn("SFTRSTF", resets[1]["cause"])

    def test_watchdog_reset(self):
        events = self.events("--for", "0.6s", send=b"w")
        resets = self.of(events, "reset")
        self.assertEqual(len(resets), 2)
        self.assertEqual(resets[1]["cause"], "IWDGRSTF")
        # the letter may arrive some milliseconds after the start
        self.assertTrue(0.512 < resets[1]["time"] < 0.53, resets[1])

    def test_reset_button(self):
        resets = self.of(self.events("--nrst", "0.2s", "--nrst", "50ms",
                                     "--until", "boot 3"), "reset")
        self.assertEqual([(reset["cause"], round(reset["time"], 4))
                          for reset in resets],
                         [("PORRSTF", 0), ("PINRSTF", 0.05),
                          ("PINRSTF", 0.2)])

    def test_supply(self):
        # x32 programming needs 2.7 V
        self.events("--vdd", "2.0@1ms", "--for", "10ms")
        found = self.of(self.events("--vdd", "2.0@1ms", "--nrst", "2ms",
                                    "--for", "10ms", expect=VIOLATION),
                        "violation")
        self.assertEqual(len(found), 1)
        self.events("--vdd", "2.0@1ms", "--vdd", "3.0@1.5ms", "--nrst", "2ms",
                    "--until", "boot 2")
        cuts = self.of(self.events("--vdd", "3.0", "--vdd", "1.5@3ms"),
                       "power-cut")
        self.assertEqual([cut["how"] for cut in cuts], ["supply"])
        self.assertAlmostEqual(cuts[0]["time"], 0.003, 4)

    def test_fault(self):
        faults = self.of(self.events("--for", "1s", send=b"f", expect=FAULT),
                         "fault")
        self.assertTrue(faults)

    def test_violation(self):
        found = self.of(self.events("--for", "1s", send=b"v",
                                    expect=VIOLATION), "violation")
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0]["address"], "0x4000440c")

    def test_handover(self):
        events = self.events("--until", "boot 2", send=b"h")
        handover = self.of(events, "handover")
        self.assertEqual(len(handover), 1)
        self.assertEqual(handover[0]["vtor"], "0x08000000")
        differences = handover[0]["differences"]
        self.assertEqual(handover[0]["count"], len(differences))
        self.assertTrue([x for x in differences if "USART1_CR1" in x])

    def test_timing(self):
        def programmed(*args):
            uart = self.of(self.events("--until", "boot", *args), "uart")
            return uart[0]["time"]
        self.assertGreater(programmed("--timing", "max"),
                           programmed("--timing", "typ"))


class Presses(VboardTest):
    def test_press(self):
        lines = [event for event in self.events(
            "--press", "PA8@100ms", "--press", "PA8@0.5s:0.3s", "--for", "1s")
            if event["event"] == "uart"]
        self.assertEqual([line["line"] for line in lines],
                         ["boot 1", "pressed", "released", "pressed",
                          "released"])
        for line, expected in zip(lines[1:], (0.1, 0.2, 0.5, 0.8)):
            self.assertAlmostEqual(line["time"], expected, 2)

    def test_press_at_power_on(self):
        done = self.run_board("--press", "PA8@0s:1s", "--for", "0.5s")
        self.assertEqual(done.stdout, b"boot 1\r\npressed\r\n")


class Cuts(VboardTest):
    def cut(self, when, *more, expect=GOOD):
        return self.run_board("--flash", self.flash, "--cut-power", when,
                              *more, expect=expect)

    def test_time(self):
        done = self.cut("0.35s")
        self.assertIn(b"ended by power-cut at 0.350", done.stderr)
        self.assertEqual(self.counter(), [0])
        self.run_board("--flash", self.flash, "--until", "boot 2")

    def test_before(self):
        self.cut("flash-op:1:before")
        self.assertEqual(self.counter(), [])
        self.run_board("--flash", self.flash, "--until", "boot 1")

    def test_after(self):
        self.cut("flash-op:1:after")
        self.assertEqual(self.counter(), [0])
        self.run_board("--flash", self.flash, "--until", "boot 2")

    def test_torn(self):
        seen = set()
        for seed in range(8):
            with contextlib.suppress(FileNotFoundError):
                os.remove(self.flash)
            self.cut("flash-op:1", "--seed", str(seed))
            seen.update(self.counter())
            self.run_board("--flash", self.flash, "--for", "100ms")
        self.assertTrue(seen - {0}, "no torn word was half programmed")

    def test_event(self):
        for when, how, number in (("flash-op:1", "torn", 1),
                                  ("flash-op:1:before", "before", 1),
                                  ("flash-op:1:after", "after", 1),
                                  ("10us", "time", 1),  # in the middle of it
                                  ("0.35s", "time", 0)):
            events = self.events("--cut-power", when)
            self.assertEqual(events[-2]["event"], "power-cut")
            self.assertEqual(events[-2]["how"], how)
            self.assertEqual(events[-2]["number"], number)
            self.assertEqual(events[-1]["reason"], "power-cut")

    def test_cut_that_does_not_come(self):
        done = self.cut("flash-op:2", "--for", "1s", expect=NOT_SEEN)
        self.assertIn(b"the power cut did not come", done.stderr)
        self.cut("2s", "--for", "1s", expect=NOT_SEEN)

    def test_cut_before_text(self):
        self.cut("flash-op:1", "--until", "boot", expect=NOT_SEEN)

    def test_text_before_cut(self):
        self.cut("1s", "--until", "boot")


class Uarts(VboardTest):
    def test_file(self):
        path = self.path("uart")
        done = self.call("run", "--mcu", "stm32f446re", "--load", ELF,
                         "--uart1", "file:" + path, "--for", "0.1s")
        self.assertEqual(done.returncode, GOOD, done.stderr)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b"boot 1\r\n")

    def test_input_file(self):
        data = self.path("input")
        with open(data, "wb") as file:
            file.write(b"ab")
        for end in ((), ("--uart1", "file:" + self.path("uart"))):
            path = self.path("events")
            done = self.call("run", "--mcu", "stm32f446re", "--load", ELF,
                             "--uart1-input", data + "@0.205s", *end,
                             "--events", path, "--until", "got b")
            self.assertEqual(done.returncode, GOOD, done.stderr)
            with open(path, encoding="ascii") as file:
                lines = [event for event in map(json.loads, file)
                         if event["event"] == "uart"]
            self.assertAlmostEqual(lines[1]["time"], 0.2058, 3)
        done = self.call("run", "--mcu", "stm32f446re", "--load", ELF,
                         "--uart1-input", self.path("nothing"))
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(b"No such file", done.stderr)

    def test_stdin(self):
        done = self.run_board("--for", "1s", send=b"ab")
        self.assertEqual(done.stdout, b"boot 1\r\ngot a\r\ngot b\r\n")

    def test_stdin_pipe(self):
        board = subprocess.run(
            [VBOARD, "run", "--mcu", "stm32f446re", "--load", ELF, "--uart1",
             "stdio", "--until", "got a"],
            input=b"a", timeout=LIMIT, capture_output=True, check=False)
        self.assertEqual(board.returncode, GOOD, board.stderr)

    def converse(self, read_fd, send):
        self.wait_for(read_fd, rb"^boot 1\r\n")
        for letter in (b"a", b"b"):
            send(letter)
            self.wait_for(read_fd, rb"got " + letter + rb"\r\n")

    def test_pty(self):
        with self.background("--uart1", "pty",
                             where=rb"USART1 is at (\S+)\n") as (_, match):
            fd = os.open(match[1], os.O_RDWR | os.O_NOCTTY)
            try:
                self.converse(fd, lambda data: os.write(fd, data))
            finally:
                os.close(fd)

    def test_pty_last_bytes(self):
        with self.background("--uart1", "pty", "--until", "got a",
                             where=rb"USART1 is at (\S+)\n") as (board, match):
            fd = os.open(match[1], os.O_RDWR | os.O_NOCTTY)
            self.addCleanup(os.close, fd)
            os.write(fd, b"a")
            time.sleep(0.05)  # the reader is not there yet
            got = b""
            with contextlib.suppress(OSError):  # the other side has gone
                while more := os.read(fd, 4096):
                    got += more
            self.assertTrue(got.endswith(b"got a"), got)
            self.assertEqual(board.wait(LIMIT), GOOD)

    def test_tcp(self):
        with self.background(
                "--uart1", "tcp:0",
                where=rb"USART1 is at 127\.0\.0\.1:(\d+)\n") as (_, match):
            address = ("127.0.0.1", int(match[1]))
            with socket.create_connection(address, LIMIT) as peer:
                self.converse(peer.fileno(), peer.sendall)
            # the next caller
            with socket.create_connection(address, LIMIT) as peer:
                peer.sendall(b"c")
                self.wait_for(peer.fileno(), rb"got c\r\n")

    def test_tcp_port_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            done = self.call("run", "--mcu", "stm32f446re", "--load", ELF,
                             "--uart1", f"tcp:{port}")
            self.assertEqual(done.returncode, FAILED)
            self.assertIn(b"give another one", done.stderr)

    def test_live_time_is_wall_time(self):
        before = time.monotonic()
        done = self.call("run", "--mcu", "stm32f446re", "--load", ELF,
                         "--uart1", "tcp:0", "--for", "1s")
        self.assertEqual(done.returncode, GOOD, done.stderr)
        self.assertGreaterEqual(time.monotonic() - before, 0.99)

    def test_interrupt(self):
        with self.background("--uart1", "tcp:0", "--flash", self.flash,
                             where=rb"USART1 is at") as (board, _):
            time.sleep(0.5)
            board.send_signal(signal.SIGINT)
            self.assertEqual(board.wait(LIMIT), GOOD)
            self.assertIn(b"ended by interrupted", board.stderr.read())
        self.assertEqual(self.counter(), [0])


class BluePill(VboardTest):
    """The other chip: it blinks, prints, and has a small flash of its own."""

    def run_f103(self, *args, expect=GOOD):
        done = self.call("run", "--mcu", "stm32f103c8", "--load", BLUEPILL,
                         "--uart1", "stdio", "--flash", self.flash, *args)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def test_blinks_and_prints(self):
        done = self.run_f103("--for", "1s")
        self.assertEqual(done.stdout, b"boot 1\r\n")
        self.assertIn(b"PC13 toggles every 100 ms", done.stderr)

    def test_flash_is_kept(self):
        self.run_f103("--until", "boot 1")
        self.run_f103("--until", "boot 2")
        with open(self.flash, "rb") as file:
            data = file.read()
        self.assertEqual(len(data), 64 * 1024)
        self.assertEqual(data[63 * 1024:63 * 1024 + 6], b"\0\0\0\0\xFF\xFF")

    def test_flash_of_the_other_chip(self):
        with open(self.flash, "wb") as file:
            file.write(b"\xFF" * FLASH_SIZE)
        self.run_f103(expect=FAILED)

    def test_power_cut(self):
        events = self.path("events")
        self.run_f103("--cut-power", "flash-op:1:after", "--events", events)
        with open(events, encoding="ascii") as file:
            cut = [json.loads(line) for line in file if "flash" in line]
        self.assertEqual(cut[0]["address"], "0x0800fc00")
        self.assertEqual(cut[0]["size"], 2)
        self.run_f103("--until", "boot 2")

    def test_program_for_the_other_chip(self):
        """Its ports are not where this chip has them."""
        done = self.call("run", "--mcu", "stm32f103c8", "--load", ELF,
                         "--for", "1s")
        self.assertIn(done.returncode, (FAULT, VIOLATION), done.stderr)


if __name__ == "__main__":
    unittest.main()
