# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that change what is in files, where FUSE cannot carry what the kernel's own calls would say."""
import os

from mounts import jbcachefs
from rw import Filesystem, get, put

BLOCK = 4096


def clone_insert_collapse(transport):
    with Filesystem(transport) as filesystem:
        filesystem.mount()
        data = os.urandom(40 * BLOCK) + b"end"
        put(filesystem / "file", data)
        with open(filesystem / "file", "r+b", buffering=0) as held:
            # Not written back yet, and in the kernel's cache.
            held.seek(0)
            held.write(b"x" * BLOCK)
            model = b"x" * BLOCK + data[BLOCK:]
            for words, after in (
                    (("insert-range", 3 * BLOCK, 5 * BLOCK), lambda m: m[:3 * BLOCK] + bytes(5 * BLOCK) + m[3 * BLOCK:]),
                    (("collapse-range", BLOCK, 4 * BLOCK), lambda m: m[:BLOCK] + m[5 * BLOCK:]),
                    (("insert-range", 0, BLOCK), lambda m: bytes(BLOCK) + m)):
                done = jbcachefs("file", words[0], filesystem / "file", str(words[1]), str(words[2]))
                assert done.returncode == 0, done
                model = after(model)
                assert os.fstat(held.fileno()).st_size == len(model), (words, os.fstat(held.fileno()), len(model))
                held.seek(0)
                assert held.read() == model, words
        put(filesystem / "other", b"o" * 100)
        done = jbcachefs("file", "clone", filesystem / "file", filesystem / "other")
        assert done.returncode == 0, done
        assert get(filesystem / "other") == model
        done = jbcachefs("file", "clone", "--offset=4096", "--dest-offset=8192", "--length=4096", filesystem / "file",
                         filesystem / "other")
        assert done.returncode == 0, done
        assert get(filesystem / "other") == model[:2 * BLOCK] + model[BLOCK:2 * BLOCK] + model[3 * BLOCK:]
        whole = str(len(model) // BLOCK * BLOCK)
        for words, why in ((("insert-range", "1", "4096"), "only whole blocks"), (("insert-range", "4096", "1"), "only whole blocks"),
                           (("insert-range", str(1 << 30), "4096"), "nothing is behind"),
                           (("collapse-range", "4096", whole), "reaches the end"), (("collapse-range", "0", "0"), "no range")):
            failed = jbcachefs("file", words[0], filesystem / "file", *words[1:])
            assert failed.returncode == 1 and why in failed.stderr, failed
        assert get(filesystem / "file") == model
        filesystem.umount()
        filesystem.check()
        filesystem.mount()
        assert get(filesystem / "file") == model


CASES = (clone_insert_collapse,)
