# SPDX-License-Identifier: GPL-2.0-or-later
"""Random operations on one file against a model in memory.

    python3 fsx.py FILE SEED OPERATIONS     ends with 1, and the last operations, at the first difference
"""
import ctypes
import mmap
import os
import random
import sys

MOST = 400_000
BLOCK = 4096
KEEP_SIZE, PUNCH, ZERO = 1, 2, 16
LIBC = ctypes.CDLL(None, use_errno=True)


def fallocate(fd, mode, offset, length):
    if LIBC.fallocate(fd, mode, ctypes.c_long(offset), ctypes.c_long(length)) < 0:
        raise OSError(ctypes.get_errno(), "fallocate")


class Difference(Exception):
    pass


class Exerciser:
    """The file, what must be in it, and what was done lately."""

    def __init__(self, path, seed):
        self.path = path
        self.random = random.Random(seed)
        self.model = bytearray()
        self.fd = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
        self.direct = os.open(path, os.O_RDWR | os.O_DIRECT)
        self.lately = []
        self.page = mmap.mmap(-1, 64 * BLOCK)
        self.operations = [(self.write, 20), (self.append, 5), (self.read, 20), (self.truncate, 5), (self.punch, 6),
                           (self.zero, 4), (self.allocate, 3), (self.map_write, 8), (self.map_read, 6),
                           (self.copy, 4), (self.sync, 2), (self.forget, 3), (self.direct_write, 6),
                           (self.direct_read, 4), (self.reopen, 1), (self.sizes, 2)]

    def data(self, length):
        return self.random.randbytes(length) if self.random.random() < 0.5 else bytes([self.random.randrange(256)]) * length

    def place(self, beyond=0):
        """A range: often small, often at blocks' edges."""
        most = min(len(self.model) + beyond, MOST)
        offset = self.random.randrange(most + 1)
        if self.random.random() < 0.3:
            offset = offset // BLOCK * BLOCK
        length = self.random.choice((1, 100, 511, BLOCK, BLOCK + 1, 3 * BLOCK, 20_000, 70_000, 150_000))
        length = self.random.randrange(1, length + 1) if self.random.random() < 0.7 else length
        return offset, min(length, MOST - offset)

    def put(self, offset, data):
        if offset > len(self.model):
            self.model.extend(bytes(offset - len(self.model)))
        self.model[offset:offset + len(data)] = data

    def note(self, *what):
        self.lately.append(what)
        del self.lately[:-40]

    def compare(self, offset, found, what):
        expected = self.model[offset:offset + len(found)]
        if found == expected:
            return
        at = next(i for i in range(len(found)) if i >= len(expected) or found[i] != expected[i])
        wrong = sum(1 for a, b in zip(found, expected) if a != b)
        raise Difference(f"{what} at {offset}, {len(found)} bytes: byte {offset + at} is {found[at]}, "
                         f"expected {expected[at] if at < len(expected) else 'the end'} ({wrong} bytes differ, size {len(self.model)})")

    def write(self):
        offset, length = self.place(BLOCK * 20)
        if length <= 0:
            return
        self.note("write", offset, length)
        data = self.data(length)
        done = os.pwrite(self.fd, data, offset)
        self.put(offset, data[:done])

    def append(self):
        length = min(self.random.randrange(1, 9000), MOST - len(self.model))
        if length <= 0:
            return
        self.note("append", len(self.model), length)
        data = self.data(length)
        os.pwrite(self.fd, data, len(self.model))
        self.model.extend(data)

    def read(self):
        offset, length = self.place()
        self.note("read", offset, length)
        found = os.pread(self.fd, length, offset)
        if len(found) != max(0, min(length, len(self.model) - offset)):
            raise Difference(f"read at {offset} of {length}: {len(found)} bytes, the size is {len(self.model)}")
        self.compare(offset, found, "read")

    def truncate(self):
        size = self.random.choice((0, self.random.randrange(MOST), self.random.randrange(len(self.model) + 1)))
        self.note("truncate", size)
        os.ftruncate(self.fd, size)
        if size < len(self.model):
            del self.model[size:]
        else:
            self.model.extend(bytes(size - len(self.model)))

    def punch(self):
        offset, length = self.place(BLOCK)
        if length <= 0:
            return
        self.note("punch", offset, length)
        fallocate(self.fd, PUNCH | KEEP_SIZE, offset, length)
        end = min(offset + length, len(self.model))
        if offset < end:
            self.model[offset:end] = bytes(end - offset)

    def zero(self):
        offset, length = self.place(BLOCK)
        if length <= 0:
            return
        keep = self.random.random() < 0.5
        self.note("zero", offset, length, keep)
        fallocate(self.fd, ZERO | (KEEP_SIZE if keep else 0), offset, length)
        if keep:
            length = max(0, min(offset + length, len(self.model)) - offset)
        if length:
            self.put(offset, bytes(length))

    def allocate(self):
        offset, length = self.place(BLOCK)
        if length <= 0:
            return
        keep = self.random.random() < 0.5
        self.note("allocate", offset, length, keep)
        fallocate(self.fd, KEEP_SIZE if keep else 0, offset, length)
        if not keep and offset + length > len(self.model):
            self.model.extend(bytes(offset + length - len(self.model)))

    def map_write(self):
        if len(self.model) < 2:
            return
        offset, length = self.place()
        length = min(length, len(self.model) - offset)
        if length <= 0:
            return
        self.note("map write", offset, length)
        data = self.data(length)
        with mmap.mmap(self.fd, len(self.model)) as mapped:
            mapped[offset:offset + length] = data
            if self.random.random() < 0.3:
                mapped.flush()
        self.put(offset, data)

    def map_read(self):
        if not self.model:
            return
        offset, length = self.place()
        length = min(length, len(self.model) - offset)
        self.note("map read", offset, length)
        with mmap.mmap(self.fd, len(self.model), access=mmap.ACCESS_READ) as mapped:
            self.compare(offset, mapped[offset:offset + length], "map read")

    def copy(self):
        offset, length = self.place()
        length = min(length, len(self.model) - offset)
        target = self.random.randrange(min(len(self.model) + BLOCK, MOST) + 1)
        if self.random.random() < 0.5:
            offset, target, length = offset // BLOCK * BLOCK, target // BLOCK * BLOCK, -(-length // BLOCK) * BLOCK
            length = min(length, len(self.model) - offset)
        length = min(length, MOST - target)
        if length <= 0 or max(offset, target) < min(offset, target) + length:
            return
        self.note("copy", offset, target, length)
        done = 0
        while done < length:
            step = os.copy_file_range(self.fd, self.fd, length - done, offset + done, target + done)
            if step == 0:
                raise Difference("copy_file_range copied nothing")
            self.put(target + done, bytes(self.model[offset + done:offset + done + step]))
            done += step

    def sync(self):
        self.note("sync")
        os.fsync(self.fd)

    def forget(self):
        """The page cache is dropped, so that what is read next comes from the filesystem."""
        self.note("forget")
        os.fdatasync(self.fd)
        os.posix_fadvise(self.fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def direct_range(self):
        offset, length = self.place()
        offset = offset // 512 * 512
        return offset, min(max(512, length // 512 * 512), 64 * BLOCK, (MOST - offset) // 512 * 512)

    def direct_write(self):
        offset, length = self.direct_range()
        if length <= 0:
            return
        self.note("direct write", offset, length)
        data = self.data(length)
        self.page[:length] = data
        with memoryview(self.page) as view, view[:length] as part:
            done = os.pwritev(self.direct, [part], offset)
        self.put(offset, data[:done])

    def direct_read(self):
        offset, length = self.direct_range()
        if length <= 0:
            return
        self.note("direct read", offset, length)
        with memoryview(self.page) as view, view[:length] as part:
            done = os.preadv(self.direct, [part], offset)
        self.compare(offset, self.page[:done], "direct read")

    def reopen(self):
        self.note("reopen")
        os.close(self.fd)
        self.fd = os.open(self.path, os.O_RDWR)

    def sizes(self):
        self.note("size")
        size = os.fstat(self.fd).st_size
        if size != len(self.model):
            raise Difference(f"size: expected {len(self.model)}, is {size}")

    def run(self, operations):
        calls, weights = zip(*self.operations)
        for call in self.random.choices(calls, weights, k=operations):
            call()
        self.sync()
        self.whole()

    def whole(self):
        """All of it, from the filesystem."""
        self.forget()
        found = os.pread(self.fd, MOST + 1, 0)
        if len(found) != len(self.model):
            raise Difference(f"at the end {len(found)} bytes, expected {len(self.model)}")
        self.compare(0, found, "at the end")


def run(path, seed, operations):
    """None, or what is wrong."""
    exerciser = Exerciser(path, seed)
    try:
        exerciser.run(operations)
        return None
    except (Difference, OSError) as e:
        lately = "\n".join("        " + " ".join(map(str, what)) for what in exerciser.lately)
        return f"seed {seed}: {type(e).__name__}: {e}; lately:\n{lately}"
    finally:
        os.close(exerciser.fd)
        os.close(exerciser.direct)


if __name__ == "__main__":
    wrong = run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    print(wrong or "no difference")
    sys.exit(1 if wrong else 0)
