# SPDX-License-Identifier: GPL-2.0-or-later
"""What a mount does by itself, beside its users."""
import os
import re
import time

from mounts import jbcachefs, wait_until
from rw import Filesystem, free, put


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

        data = b"".join(bytes([97 + number % 7]) * 500 for number in range(8000))
        filesystem.mount("rw,noreconcile_enabled")
        put(filesystem / "file", data)
        os.sync()
        room = free(filesystem)
        filesystem.umount()
        assert placed() == (["image0"], {"none"}), placed()
        filesystem.mount()
        wait_until("it is compressed", lambda: free(filesystem) > room + len(data) // 2)
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
        time.sleep(4)
        with open(filesystem / "file", "rb") as file:
            assert file.read() == data
        filesystem.umount()
        filesystem.check()
        assert placed() == (["image0", "image1"], {"zstd"}), placed()


CASES = (background_work,)
