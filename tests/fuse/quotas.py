# SPDX-License-Identifier: GPL-2.0-or-later
"""Quotas of users, groups and projects through a mount."""
import fcntl
import json
import os
import struct
import subprocess

import mounts
from mounts import jbcachefs
from rw import NOBODY, Filesystem, put

GROUP = 4321
PROJECT = 77


def as_user(script, *words):
    """Runs Python as an ordinary user; what it printed."""
    line = ["setpriv", f"--reuid={NOBODY}", f"--regid={GROUP}", "--clear-groups", mounts.interpreter(NOBODY), "-c",
            "import errno, os, sys\n" + script, *words]
    ended = subprocess.run(line, capture_output=True, text=True, check=False, timeout=mounts.SECONDS)
    assert ended.returncode == 0, ended
    return ended.stdout.strip()


WRITE = """
fd = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
written = 0
try:
    while written < int(sys.argv[2]):
        written += os.write(fd, os.urandom(65536))
    print("all")
except OSError as e:
    print(errno.errorcode[e.errno])
"""

MAKE = """
made = 0
try:
    for number in range(int(sys.argv[2])):
        os.mkdir(f"{sys.argv[1]}{number}")
        made += 1
    print(made)
except OSError as e:
    print(made, errno.errorcode[e.errno])
"""


def set_project(path, project):
    """FS_IOC_FSSETXATTR."""
    fd = os.open(path, os.O_RDONLY)
    fcntl.ioctl(fd, 0x401C5820, struct.pack("=IIIII8x", 0, 0, 0, project, 0))
    os.close(fd)


def quotas(_):
    """EDQUOT comes from write(2), and from whatever makes files; root may do more; what is shown is what is there."""
    with Filesystem("dev", ("--usrquota", "--grpquota", "--prjquota")) as filesystem:
        def limit(*words):
            ended = jbcachefs("quota", "set", *words, filesystem.directory)
            assert ended.returncode == 0, ended

        def shown():
            ended = jbcachefs("quota", "show", "--json", filesystem.directory)
            assert ended.returncode == 0, ended
            return {(row["type"], row["id"]): row for row in json.loads(ended.stdout)["data"]}

        filesystem.mount()
        home = filesystem / "home"
        os.mkdir(home)
        os.chown(home, NOBODY, GROUP)
        limit("-u", str(NOBODY), "--space-hard=1M")
        assert as_user(WRITE, home + "/large", "4000000") == "EDQUOT", "at the write, not later"
        size = os.stat(home + "/large")
        assert 900_000 <= size.st_size <= 1 << 20, size
        fd = os.open(home + "/large", os.O_WRONLY | os.O_APPEND)
        os.write(fd, b"r" * 2_000_000)
        os.fsync(fd)
        os.close(fd)
        row = shown()["user", NOBODY]
        assert row["space_used_bytes"] == (os.stat(home).st_blocks + os.stat(home + "/large").st_blocks) * 512, row
        assert row["inodes_used"] == 2 and row["space_hard_bytes"] == 1 << 20, row
        os.unlink(home + "/large")
        assert as_user(WRITE, home + "/small", "900000") == "all"
        limit("-g", str(GROUP), "--inodes-hard=10")
        assert as_user(MAKE, home + "/d", "20") == "8 EDQUOT"
        limit("-g", str(GROUP), "--inodes-hard=0", "--inodes-soft=11")
        limit("-g", "all", "--inodes-grace=0")
        assert as_user(MAKE, home + "/e", "20") == "2 EDQUOT", "no grace"
        assert shown()["group", GROUP]["inodes_grace_ends"] is not None
        project = filesystem / "project"
        os.mkdir(project)
        os.chmod(project, 0o777)
        set_project(project, PROJECT)
        limit("-p", str(PROJECT), "--inodes-hard=3")
        limit("-g", str(GROUP), "--inodes-soft=0")
        assert as_user(MAKE, project + "/d", "9") == "2 EDQUOT", "what is made in it belongs to the project"
        before = shown()
        assert jbcachefs("subvolume", "create", filesystem / "sub").returncode == 0
        assert jbcachefs("subvolume", "snapshot", filesystem.directory, filesystem / "snap").returncode == 0
        put(filesystem / "snap/more", b"m" * 1_000_000)
        after = shown()
        for key, row in after.items():
            if key != ("user", 0) and key != ("group", 0) and key != ("project", 0):
                assert row == before[key], (row, before[key])
        assert after["user", 0]["inodes_used"] == before["user", 0]["inodes_used"] + 1, "the new subvolume's root"
        filesystem.umount()
        filesystem.check()
        filesystem.mount()
        assert shown() == after, "what is counted at the next mount"
        filesystem.umount()


CASES = (quotas,)
