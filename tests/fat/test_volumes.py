# SPDX-License-Identifier: MIT
"""The FAT reader on volumes of mkfs.vfat, filled and fragmented by mtools.

Every file that is read is compared with what was written. By default a sample
that has each size, FAT type and cluster size; with --long all of them.
"""

import itertools
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

FAT_READ = os.environ["FAT_READ"]
os.environ["PATH"] += ":/usr/sbin:/sbin"
os.environ["MTOOLS_SKIP_CHECK"] = "1"
# mkfs.vfat writes through to the disk, which takes its time
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
LONG = "--long" in sys.argv
needs_tools = unittest.skipUnless(
    shutil.which("mkfs.vfat") and shutil.which("mcopy"),
    "dosfstools or mtools is not installed")

BLOCK = 512
KIB = [64 << i for i in range(17)]   # 64 KiB to 4 GiB
LARGEST = 2**32 - BLOCK              # blocks are counted in 32 bits by mkfs
PER_CLUSTER = [1, 2, 4, 8, 16, 32, 64, 128]
CONTENTS = random.Random(1).randbytes(1 << 20)
LABEL = "FIRMWAREBIN"                # in the directory as the file's name is


def run(*command, check=True, **more):
    done = subprocess.run([str(word) for word in command], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          **more)
    if check and done.returncode:
        raise AssertionError(f"{command}: {done.stdout}{done.stderr}")
    return done


class Volume:
    """An image file with one FAT volume, and what is in it."""

    def __init__(self, directory, kib, bits, per_cluster, partition):
        self.directory = directory
        self.path = os.path.join(directory, "image")
        self.start = partition           # block at which the volume begins
        self.made = self.make(kib, bits, per_cluster)
        if not self.made:
            return
        self.drive = f"{self.path}@@{partition * BLOCK}"
        with open(self.path, "rb") as image:
            image.seek(partition * BLOCK)
            bpb = image.read(BLOCK)
        self.cluster = bpb[13] * BLOCK
        total = (struct.unpack_from("<H", bpb, 19)[0] or
                 struct.unpack_from("<I", bpb, 32)[0])
        self.reserved, self.fats, entries = struct.unpack_from("<HBH", bpb, 14)
        self.fat_size = (struct.unpack_from("<H", bpb, 22)[0] or
                         struct.unpack_from("<I", bpb, 36)[0])
        root = (entries * 32 + BLOCK - 1) // BLOCK
        self.clusters = (total - self.reserved - self.fats * self.fat_size -
                         root) // bpb[13]
        self.free = self.clusters - (bits == 32)    # its directory
        self.bits = bits
        self.files = {}

    def make(self, kib, bits, per_cluster):
        if os.path.exists(self.path):
            os.remove(self.path)
        size = min(kib * 1024, LARGEST)
        with open(self.path, "wb") as image:
            image.truncate(size + self.start * BLOCK)
            if self.start:
                kind = {12: 1, 16: 6, 32: 12}[bits]
                image.seek(446 + 16)     # the second of four entries
                image.write(struct.pack("<B3sB3sII", 0, b"", kind, b"",
                                        self.start, size // BLOCK))
                image.seek(510)
                image.write(b"\x55\xaa")
        made = run("mkfs.vfat", "-F", bits, "-s", per_cluster, "-n", LABEL,
                   "--offset", self.start, self.path, size // 1024,
                   check=False)
        # "will be misinterpreted": the number of clusters is another type's;
        # mtools too goes by that number
        return made.returncode == 0 and "WARNING: N" not in made.stderr

    def occupy(self, count):
        """Leaves free count clusters at each end of the volume, no others."""
        if self.bits == 32:
            # the hint where to look for free ones first (FSI_Nxt_Free)
            with open(self.path, "r+b") as image:
                image.seek((self.start + 1) * BLOCK + 492)
                image.write(struct.pack("<I", max(2, self.clusters - count)))
            return
        bad = range(2 + count, 2 + self.clusters - count)
        with open(self.path, "r+b") as image:
            for copy in range(self.fats):
                image.seek((self.start + self.reserved + copy * self.fat_size) *
                           BLOCK)
                fat = self.marked_bad(image.read(self.fat_size * BLOCK), bad)
                image.seek(-len(fat), os.SEEK_CUR)
                image.write(fat)
        self.free -= len(bad)

    def marked_bad(self, fat, clusters):
        fat = bytearray(fat)
        for cluster in clusters:
            if self.bits == 16:
                struct.pack_into("<H", fat, cluster * 2, 0xFFF7)
            else:
                at = cluster * 12 // 8
                pair = struct.unpack_from("<H", fat, at)[0]
                pair |= 0xFF70 if cluster & 1 else 0x0FF7
                struct.pack_into("<H", fat, at, pair)
        return fat

    def source(self, name):
        return os.path.join(self.directory, "in", name)

    def put(self, sizes):
        """Writes files of these sizes, as far as there is room."""
        names = []
        for name, size in sizes.items():
            clusters = -(-size // self.cluster)
            if clusters > self.free:
                continue
            self.free -= clusters
            at = random.randrange(1000)
            with open(self.source(name), "wb") as out:
                out.write((CONTENTS[at:] * (size // len(CONTENTS) + 2))[:size])
            self.files[name] = size
            names.append(name)
        if names:
            run("mcopy", "-i", self.drive, *map(self.source, names), "::")

    def delete(self, names):
        names = [name for name in names if name in self.files]
        for name in names:
            self.free += -(-self.files.pop(name) // self.cluster)
        if names:
            run("mdel", "-i", self.drive, *("::" + name for name in names))

    def read_back(self):
        out = os.path.join(self.directory, "out")
        aliases = {name: name.upper() for name in self.files}
        if "a long name" in aliases:
            aliases["a long name"] = "ALONGN~1"
        done = run(FAT_READ, self.path, out, *aliases.values(), check=False)
        if done.returncode:
            return done.stderr
        for name, alias in aliases.items():
            with open(self.source(name), "rb") as a, \
                    open(os.path.join(out, alias), "rb") as b:
                if a.read() != b.read():
                    return f"{name} reads as something else"
        return None


def fill(volume, fragmented):
    cluster = volume.cluster
    if fragmented:
        # every second one is deleted; firmware.bin goes into the gaps
        count = min(40, volume.free // 3)
        volume.occupy(count + 2)
        gaps = {f"gap{i}.x": cluster + 1 for i in range(count // 2)}
        volume.put(gaps)
        volume.delete(list(gaps)[::2])
        volume.put({"a long name": 1})
        size = min(volume.free * cluster * 3 // 4, 1 << 20)
        volume.put({"firmware.bin": max(0, size - 3)})
    else:
        volume.put({"firmware.bin": min(volume.free * cluster // 2 + 1,
                                        150000)})
    volume.put({f"s{size}": size for size in (0, 1, 511, 512, 513)})
    volume.put({f"c{i}": max(0, cluster * (1 + i // 3) + i % 3 - 1)
                for i in range(6)})


def combinations():
    every = list(itertools.product(KIB, (12, 16, 32), PER_CLUSTER,
                                   (0, 63), (False, True)))
    if LONG:
        return every
    choice = random.Random(4)
    sample = []
    for kib, bits, per_cluster in itertools.product(KIB, (12, 16, 32),
                                                    PER_CLUSTER):
        if kib // per_cluster <= 1 << 18:   # larger FATs take their time
            sample.append((kib, bits, per_cluster, choice.choice((0, 63)),
                           choice.random() < 0.6))
    return sample


@needs_tools
class Images(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(dir=SCRATCH)
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        os.mkdir(os.path.join(self.directory, "in"))
        os.mkdir(os.path.join(self.directory, "out"))

    def test_all(self):
        random.seed(3)
        seen = set()
        count = 0
        for kib, bits, per_cluster, partition, fragmented in combinations():
            volume = Volume(self.directory, kib, bits, per_cluster, partition)
            if not volume.made:
                continue
            fill(volume, fragmented)
            with self.subTest(kib=kib, bits=bits, per_cluster=per_cluster,
                              partition=partition, fragmented=fragmented):
                self.assertIsNone(volume.read_back())
                self.assertTrue(volume.files)
            seen |= {kib, f"FAT{bits}", f"{per_cluster} blocks"}
            count += 1
        # nothing was left out because a tool did not do its part
        wanted = {*KIB, "FAT12", "FAT16", "FAT32",
                  *(f"{n} blocks" for n in PER_CLUSTER)}
        self.assertEqual(seen, wanted)
        print(f"{count} volumes")


if __name__ == "__main__":
    unittest.main(argv=[word for word in sys.argv if word != "--long"])
