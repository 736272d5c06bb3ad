# SPDX-License-Identifier: GPL-2.0-or-later
"""Quotas of users, groups and projects through a mount, and applications that look after their data themselves."""
import fcntl
import json
import os
import re
import shutil
import struct
import subprocess
import time

import mounts
from mounts import jbcachefs, wait_until
from rw import NIGHTLY, NOBODY, Filesystem, free, put

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


SQLITE = """
import os, sqlite3, sys
path, turn = sys.argv[1], int(sys.argv[2])
base = sqlite3.connect(path, isolation_level=None)
base.execute("pragma journal_mode=" + ("wal" if turn % 2 else "delete"))
base.execute("pragma synchronous=extra")  # the name of the journal, too
base.execute("create table if not exists t (id integer primary key, data blob)")
number = base.execute("select coalesce(max(id), 0) from t").fetchone()[0]
while True:
    number += 1
    base.execute("begin")
    base.execute("insert into t values (?, ?)", (number, os.urandom(number % 7000)))
    if number % 3 == 0:
        base.execute("delete from t where id = ?", (number // 2,))
    base.execute("commit")
    print(number, flush=True)
"""


def sqlite_and_kill(transport):
    """A database whose process, or whose mount, is killed in a loop: what was committed is there, and it is whole."""
    import sqlite3
    with Filesystem(transport, ("--compression=lz4",) if transport == "uring" else ()) as filesystem:
        filesystem.mount()
        path = filesystem / "base"
        for turn in range(30 if NIGHTLY else 4):
            writer = subprocess.Popen([mounts.interpreter(None), "-c", SQLITE, path, str(turn)], text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            for _ in range(20 + turn * 7 % 50):
                committed = int(writer.stdout.readline() or -1)
                assert committed > 0, "the database ended by itself"
            if turn % 2 == 0:
                filesystem.kill()
            writer.kill()
            said = writer.stdout.read().rpartition("\n")[0].splitlines()
            committed = int(said[-1]) if said else committed
            writer.wait()
            if turn % 2 == 0:
                filesystem.mount()
            base = sqlite3.connect(path)
            assert base.execute("pragma integrity_check").fetchone() == ("ok",)
            newest = base.execute("select max(id) from t").fetchone()[0]
            assert newest >= committed, f"{committed} was committed, {newest} is there"
            base.close()
        filesystem.umount()
        filesystem.check()


def fio_verify(transport):
    """Eight jobs write and read back what they wrote, each block with its checksum."""
    if not shutil.which("fio"):
        print("    fio is not installed: not tried")
        return
    size = "64m" if NIGHTLY else "4m"
    with Filesystem(transport, megabytes=1024) as filesystem:
        filesystem.mount()
        ended = subprocess.run(
            ["fio", "--name=v", f"--directory={filesystem.directory}", "--numjobs=8", f"--size={size}", "--rw=randrw",
             "--bsrange=512-64k", "--bs_unaligned=1", "--verify=crc32c", "--verify_fatal=1", "--do_verify=1",
             "--fsync=64", "--group_reporting", "--randrepeat=1", "--norandommap=0", "--allrandrepeat=1",
             "--ioengine=psync"],
            capture_output=True, text=True, check=False, timeout=1200)
        assert ended.returncode == 0, ended.stdout[-1500:] + ended.stderr[-1500:]
        filesystem.umount()
        filesystem.check()


def stress(transport):
    """stress-ng's stressors of filesystems; nightly, where it is installed."""
    if not NIGHTLY or not shutil.which("stress-ng"):
        print("    nightly, with stress-ng: not tried")
        return
    with Filesystem(transport, megabytes=2048) as filesystem:
        filesystem.mount()
        subprocess.run(["stress-ng", "--class", "filesystem", "--sequential", "2", "--timeout", "10s", "--temp-path",
                        filesystem.directory, "--verify"], check=False, timeout=3600)
        filesystem.umount()
        filesystem.check()


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


CASES = (quotas, sqlite_and_kill, fio_verify, background_work, stress)
