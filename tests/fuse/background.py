# SPDX-License-Identifier: GPL-2.0-or-later
"""What a mount does by itself, beside its users."""
import json
import os
import re

from mounts import jbcachefs, wait_until
from rw import Filesystem, put


def background_work(_):
    """What is to be compressed, moved and copied later is, while it is mounted; nobody has to ask."""
    options = ("--label=fast", "--background_compression=zstd", "--foreground_target=fast", "--background_target=slow")
    with Filesystem("dev", (), devices=2, megabytes=256) as filesystem:
        made = jbcachefs("format", "--force", *options, filesystem.images[0], "--label=slow", filesystem.images[1])
        assert made.returncode == 0, made

        def placed():
            """On which devices extents are, and how they are compressed."""
            listed = jbcachefs("list", "-b", "extents", *filesystem.images)
            assert listed.returncode == 0, listed
            return (sorted(os.path.basename(name) for name in set(re.findall(r"ptr: +(\S+) ", listed.stdout))),
                    set(re.findall(r"compress (\S+)", listed.stdout)))

        def counted():
            """The same by what the filesystem counts while it is mounted: devices of data, and how it is compressed."""
            shown = jbcachefs("fs", "usage", "--json", filesystem.directory)
            assert shown.returncode == 0, shown
            usage = json.loads(shown.stdout)["data"]
            return ({tuple(entry["devices"]) for entry in usage["replicas"] if entry["data_type"] == "user" and entry["bytes"]},
                    {entry["type"] for entry in usage["compression"] if entry["extents"]})

        data = b"".join(bytes([97 + number % 7]) * 500 for number in range(8000))
        filesystem.mount("rw,noreconcile_enabled")
        put(filesystem / "file", data)
        os.sync()
        filesystem.umount()
        assert placed() == (["image0"], {"none"}), placed()
        filesystem.mount()
        wait_until("all of it is compressed and moved", lambda: counted() == ({(1,)}, {"zstd"}), 60)
        with open(filesystem / "file", "rb") as file:
            assert file.read() == data
        filesystem.umount()
        filesystem.check()
        assert placed() == (["image1"], {"zstd"}), placed()
        filesystem.mount()
        changed = jbcachefs("set-file-option", "--data_replicas=2", filesystem / "file")
        assert changed.returncode == 0, changed
        changed = jbcachefs("set-file-option", "--background_target=none", "--foreground_target=none", filesystem / "file")
        assert changed.returncode == 0, changed
        wait_until("all of it has two copies", lambda: counted() == ({(0, 1)}, {"zstd"}), 60)
        with open(filesystem / "file", "rb") as file:
            assert file.read() == data
        filesystem.umount()
        filesystem.check()
        assert placed() == (["image0", "image1"], {"zstd"}), placed()


def watched(_):
    """fs top says what is being done, and the superblock afterwards what was done in all."""
    with Filesystem("dev", (), devices=2, megabytes=256) as filesystem:
        made = jbcachefs("format", "--force", "--replicas=2", *filesystem.images)
        assert made.returncode == 0, made
        filesystem.mount()

        def top():
            shown = jbcachefs("fs", "top", "--json", "--once", filesystem.directory)
            assert shown.returncode == 0, shown
            frame = json.loads(shown.stdout)["data"][0]
            return ({counter["name"]: counter["mount"] for counter in frame["counters"]},
                    {(os.path.basename(entry["path"]), entry["data_type"]): entry["written_bytes"]
                     for entry in frame["devices"]})

        before, _ = top()
        put(filesystem / "file", os.urandom(4 << 20))
        os.sync()
        with open(filesystem / "file", "r+b") as file:
            os.fsync(file.fileno())
        counters, written = top()
        assert counters["data_write"] - before.get("data_write", 0) == 4 << 20, (before, counters)
        assert counters["fsync"] > before.get("fsync", 0), (before, counters)
        assert written["image0", "user"] == written["image1", "user"] == 4 << 20, written
        text = jbcachefs("fs", "top", "-h", "-n", "2", filesystem.directory)
        assert text.returncode == 0 and text.stdout.count("counters:") == 2, text
        assert re.search(r"data_write +0 +4.00M +4.00M B", text.stdout), text
        filesystem.umount()
        shown = jbcachefs("show-super", "-f", "counters", filesystem.images[0])
        assert re.search(rf"^data_write +{(4 << 20) >> 9}$", shown.stdout, re.M), shown
        nowhere = jbcachefs("fs", "top", "--once", filesystem.directory)
        assert nowhere.returncode == 1 and "not on a filesystem that jbcachefs has mounted" in nowhere.stderr, nowhere


CASES = (background_work, watched)
