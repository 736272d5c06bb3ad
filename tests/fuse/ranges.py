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


def dry_runs(transport):
    """-n says what would be done, finds what stands against it, and changes nothing."""
    with Filesystem(transport) as filesystem:
        filesystem.mount()
        put(filesystem / "file", b"f" * 3 * BLOCK)
        put(filesystem / "other", b"o")
        assert jbcachefs("subvolume", "create", filesystem / "sub").returncode == 0

        def tree():
            return {name: (os.stat(filesystem / name).st_size, os.stat(filesystem / name).st_mtime_ns)
                    for name in sorted(os.listdir(filesystem.directory))}

        before, content = tree(), get(filesystem / "file")
        here = str(filesystem.directory)
        for words, said in (
                (("subvolume", "create", "-n", here + "/new"), "would make subvolume new"),
                (("subvolume", "snapshot", "-n", "-r", here + "/sub", here + "/snap"), "would make snapshot snap of subvolume 2, read-only"),
                (("subvolume", "delete", "-n", here + "/sub"), "would delete subvolume sub"),
                (("file", "insert-range", "-n", here + "/file", "0", "4096"), "would make room for 4096 bytes at byte 0 of"),
                (("file", "collapse-range", "-n", here + "/file", "0", "4096"), "would take 4096 bytes from byte 0 on out of"),
                (("file", "clone", "-n", here + "/file", here + "/other"), "share what is from byte 0 of"),
                (("set-file-option", "-n", "--compression=lz4", here + "/file"), "would set compression to lz4 for"),
                (("set-file-option", "-n", "--remove-all", here + "/sub"), "would take all options from")):
            done = jbcachefs(*words)
            assert done.returncode == 0 and said in done.stdout, done
            assert (tree(), get(filesystem / "file")) == (before, content), words
            assert "bcachefs.compression" not in os.listxattr(filesystem / "file"), words
        for words, why in (
                (("subvolume", "create", "-n", here + "/sub"), "there is something of that name"),
                (("subvolume", "create", "-n", here + "/no/where"), "no"),
                (("subvolume", "delete", "-n", here + "/file"), "not a subvolume"),
                (("subvolume", "delete", "-n", here + "/nothing"), "there is nothing of that name"),
                (("set-file-option", "-n", "--compression=best", here + "/file"), "best")):
            failed = jbcachefs(*words)
            assert failed.returncode in (1, 2) and why in failed.stderr, failed


CASES = (clone_insert_collapse, dry_runs)
