# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that look after their data themselves, on a mount."""
import os
import shutil
import sqlite3
import subprocess

import mounts
from rw import MEMORY, NIGHTLY, Filesystem


def present(program):
    """Whether a program is here; bin/test installs it, so that it has to be where CI=true."""
    found = shutil.which(program) is not None
    assert found or os.environ.get("CI") != "true", f"{program} is not installed"
    if not found:
        print(f"SKIPPED: fuse-rw: {program} is not installed", flush=True)
    return found


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
    with Filesystem(transport) as filesystem:
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
    if not present("fio"):
        return
    size = "64m" if NIGHTLY else "4m"
    with Filesystem(transport, megabytes=1024) as filesystem:
        filesystem.mount()
        ended = subprocess.run(
            ["fio", "--name=v", f"--directory={filesystem.directory}", "--numjobs=8", f"--size={size}", "--rw=randrw",
             "--bsrange=512-64k", "--bs_unaligned=1", "--verify=crc32c", "--verify_fatal=1", "--do_verify=1",
             "--fsync=64", "--group_reporting", "--randrepeat=1", "--norandommap=0", "--allrandrepeat=1",
             "--ioengine=psync", "--verify_state_save=0"],
            capture_output=True, text=True, check=False, timeout=1200, cwd=filesystem.folder.name)
        assert ended.returncode == 0, ended.stdout[-1500:] + ended.stderr[-1500:]
        filesystem.umount()
        filesystem.check()


# What stress-ng of this machine has in its class "filesystem" but a mount through FUSE cannot take part in.
NOT_HERE = {
    "bind-mount": "may hang a machine: stress-ng asks for --pathological",
    "binderfs": "a filesystem of its own",
    "procfs": "a filesystem of its own",
}
STRESSED_SECONDS = 10 if NIGHTLY else 1


def stressors():
    """The names in the class; stress-ng lists them where the name of the class is followed by a question mark."""
    listed = subprocess.run(["stress-ng", "--class", "filesystem?"], capture_output=True, text=True, check=False)
    return listed.stdout.partition(":")[2].split()


def stress(transport):
    """stress-ng's stressors of filesystems, one after the other: a second each, ten nightly."""
    if not present("stress-ng"):
        return
    with Filesystem(transport, megabytes=2048, folder=MEMORY) as filesystem:
        filesystem.mount()
        wrong, skipped = [], []
        for name in stressors():
            if name in NOT_HERE:
                continue
            ended = subprocess.run(
                ["stress-ng", f"--{name}", "1", "--timeout", f"{STRESSED_SECONDS}s", "--verify", "--temp-path",
                 filesystem.directory], capture_output=True, text=True, check=False, timeout=600, cwd=filesystem.folder.name)
            said = ended.stdout + ended.stderr
            if ended.returncode == 4 or (ended.returncode == 0 and "skipped: 1" in said):
                skipped.append(name)
            elif ended.returncode != 0:
                wrong.append(f"{name} ends with {ended.returncode}: {said[-1200:]}")
            if not mounts.daemons(filesystem.directory):
                raise AssertionError(f"{name}: the daemon is gone: {said[-500:]}")
        print(f"    stress-ng: not possible on FUSE: {', '.join(sorted(NOT_HERE))}; found nothing to do: {', '.join(skipped) or 'none'}",
              flush=True)
        filesystem.umount()
        filesystem.check()
        assert not wrong, "\n".join(wrong)


CASES = (sqlite_and_kill, fio_verify, stress)
