# SPDX-License-Identifier: GPL-2.0-or-later
"""Remounts, access times, and what errors= makes of damage that is found while mounted."""
import contextlib
import errno
import os
import subprocess
import time

import mounts
from lifecycle import installed
from mounts import daemons, jbcachefs, mounted, wait_until
from rw import NIGHTLY, NOBODY, Filesystem, digest, get, put


def refused(what, number=errno.EROFS):
    try:
        what()
    except OSError as e:
        assert e.errno == number, e
        return
    raise AssertionError(f"went through, though {os.strerror(number)} was due")


def run(*words):
    ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=mounts.SECONDS)
    assert ended.returncode == 0, (words, ended)


def by_hand(filesystem):
    """Ways to remount: our command, the mount command, mount(8) with its helper, the kernel alone."""
    def ours(options):
        ended = jbcachefs("remount", filesystem.directory, "-o", options)
        assert ended.returncode == 0, ended

    def helper(options):
        ended = jbcachefs("mount", ":".join(filesystem.images), filesystem.directory, "-o", "remount," + options)
        assert ended.returncode == 0, ended

    return (ours, helper, lambda options: run("mount", "-o", "remount," + options, filesystem.directory),
            lambda options: run("mount", "-i", "-o", "remount," + options, filesystem.directory))


def fsync(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def clean(filesystem):
    """Bit 1 of the superblock's first word of flags, which is at byte 144."""
    with open(filesystem.images[0], "rb") as image:
        image.seek(4096 + 144)
        return image.read(1)[0] & 2 != 0


def remounted(_):
    """Read-only means that nothing changes and that the devices are as after unmounting; and back, in every way."""
    with Filesystem("dev") as filesystem, installed():
        filesystem.mount()
        ways = by_hand(filesystem)[0 if NIGHTLY else 2:]
        for turn, remount in enumerate(ways):
            put(filesystem / f"before{turn}", b"b" * 300_000)
            remount("ro")
            wait_until("the devices are at rest", lambda: clean(filesystem))
            filesystem.check_mounted()
            seen = digest(filesystem.images)
            refused(lambda: put(filesystem / "no", b"no"))
            refused(lambda: os.unlink(filesystem / "before0"))
            assert get(filesystem / f"before{turn}") == b"b" * 300_000
            os.sync()
            time.sleep(1.2)
            assert digest(filesystem.images) == seen, "something was written though it is read-only"
            remount("rw")
            put(filesystem / f"after{turn}", b"a")
            wait_until("the devices say that it is in use", lambda: not clean(filesystem))
        tried = jbcachefs("remount", filesystem.directory, "-o", "ro,errors=panic", "--dry-run")
        assert tried.returncode == 0 and tried.stdout.endswith(": relatime,ro,errors=panic\n"), tried
        tried = jbcachefs("mount", filesystem.images[0], filesystem.directory, "-o", "remount,ro", "--dry-run")
        assert tried.returncode == 0 and tried.stdout.endswith(": relatime,ro\n"), tried
        put(filesystem / "still", b"rw")
        os.unlink(filesystem / "still")
        file = open(filesystem / "open", "wb")
        busy = jbcachefs("remount", filesystem.directory, "-o", "ro")
        assert busy.returncode == 1 and "open for writing" in busy.stderr, busy
        file.write(b"still")
        file.close()
        assert get(filesystem / "open") == b"still"
        by_hand(filesystem)[0]("ro")
        filesystem.umount()
        filesystem.check()
        filesystem.mount("ro")
        assert sorted(os.listdir(filesystem.directory)) == sorted(
            ["lost+found", "open", *(f"{word}{turn}" for word in ("before", "after") for turn in range(len(ways)))])
        filesystem.umount()


def read_only_at_first(transport):
    """A mount that began read-only becomes read-write in every way, recovery first; and back, and again."""
    with Filesystem(transport) as filesystem, installed():
        for turn, remount in enumerate(by_hand(filesystem)[0 if NIGHTLY else 2:]):
            filesystem.mount()
            put(filesystem / f"synced{turn}", b"s" * 200_000)
            fsync(filesystem / f"synced{turn}")
            gone = os.open(filesystem / "nameless", os.O_CREAT | os.O_RDWR)
            os.write(gone, b"x" * 100_000)
            os.unlink(filesystem / "nameless")
            os.fsync(gone)
            filesystem.kill()
            os.close(gone)
            assert not clean(filesystem)
            seen = digest(filesystem.images)
            filesystem.mount("ro")
            assert get(filesystem / f"synced{turn}") == b"s" * 200_000
            refused(lambda: put(filesystem / "no", b"no"))
            assert digest(filesystem.images) == seen, "mounted read-only, and something was written"
            kept = os.open(filesystem / f"synced{turn}", os.O_RDONLY)
            remount("rw")
            put(filesystem / f"now{turn}", b"n" * 300_000)
            assert os.pread(kept, 200_000, 0) == b"s" * 200_000, "a file that was opened before"
            os.close(kept)
            os.rename(filesystem / f"now{turn}", filesystem / f"then{turn}")
            if turn % 2 == 0:
                remount("ro")
                wait_until("the devices are at rest", lambda: clean(filesystem))
                filesystem.check_mounted()
                refused(lambda: put(filesystem / "no", b"no"))
                remount("rw")
                put(filesystem / "again", b"a")
                filesystem.umount()
            else:
                fsync(filesystem / f"then{turn}")
                filesystem.kill()
                filesystem.mount()
                filesystem.umount()
            filesystem.check()
            filesystem.mount("ro")
            assert get(filesystem / f"then{turn}") == b"n" * 300_000
            filesystem.umount()


def read_only_for_good(transport):
    """What cannot be changed is refused by name, and is read as before: options, devices, a full stop by the kernel alone."""
    with Filesystem(transport) as filesystem, installed():
        filesystem.mount()
        put(filesystem / "file", b"f" * 100_000)
        filesystem.umount()
        for option in ("nochanges", "norecovery"):
            filesystem.mount("ro," + option)
            for remount in by_hand(filesystem)[0:1]:
                ended = jbcachefs("remount", filesystem.directory, "-o", "rw")
                assert ended.returncode == 1 and option in ended.stderr, ended
            run("mount", "-i", "-o", "remount,rw", filesystem.directory)
            refused(lambda: put(filesystem / "no", b"no"))
            assert get(filesystem / "file") == b"f" * 100_000
            filesystem.umount()
        loop = subprocess.run(["losetup", "-r", "-f", "--show", filesystem.images[0]], capture_output=True, text=True, check=True)
        images, filesystem.images = filesystem.images, [loop.stdout.strip()]
        try:
            filesystem.mount("ro")
            ended = jbcachefs("remount", filesystem.directory, "-o", "rw")
            assert ended.returncode == 1 and filesystem.images[0] in ended.stderr, ended
            assert get(filesystem / "file") == b"f" * 100_000, "it is read as before"
            assert os.listdir(filesystem.directory)
            run("mount", "-i", "-o", "remount,rw", filesystem.directory)
            refused(lambda: put(filesystem / "no", b"no"))
            filesystem.umount()
        finally:
            subprocess.run(["losetup", "-d", filesystem.images[0]], check=False)
            filesystem.images = images


def remounted_by_a_user(_):
    """A user's daemon cannot tell the kernel; it refuses changes itself."""
    with Filesystem("dev", user=NOBODY) as filesystem:
        filesystem.user = None
        filesystem.mount()
        os.chown(filesystem.directory, NOBODY, NOBODY)
        filesystem.umount()
        filesystem.user = NOBODY
        filesystem.mount()

        def touch(code):
            ended = subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                                    "mkdir", filesystem / "new"], capture_output=True, check=False)
            assert ended.returncode == code, ended

        assert jbcachefs("remount", filesystem.directory, "-o", "ro", user=NOBODY).returncode == 0
        touch(1)
        assert clean(filesystem)
        assert jbcachefs("remount", filesystem.directory, "-o", "rw", user=NOBODY).returncode == 0
        touch(0)
        filesystem.umount()
        filesystem.check()


DAY = 24 * 3600


def access_times(_):
    """relatime, noatime, nodiratime, strictatime and lazytime, and that they are there after the next mount."""
    with Filesystem("dev") as filesystem:
        filesystem.mount()
        path = filesystem / "file"

        def read(what=path):
            """Read through the devices, and when that was before and after."""
            fd = os.open(what, os.O_RDONLY)
            if not os.path.isdir(what):
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)
            before = os.stat(what).st_atime_ns
            if os.path.isdir(what):
                os.listdir(what)
            else:
                get(what)
            return before, os.stat(what).st_atime_ns

        def remount(options):
            assert jbcachefs("remount", filesystem.directory, "-o", options).returncode == 0

        put(path, b"x" * 100_000)
        os.sync()
        os.mkdir(filesystem / "dir")
        now = time.time()
        os.utime(path, (now - 100, now - 50))
        before, after = read()
        assert after > before, "relatime: a file that was changed after it was read"
        before, after = read()
        assert after == before, "relatime: a file that was read since it was changed"
        os.utime(path, (now - 2 * DAY, now - 3 * DAY))
        subprocess.run(["chattr", "+A", path], check=True)
        before, after = read()
        assert after == before, "chattr +A: reads are not noted"
        subprocess.run(["chattr", "-A", path], check=True)
        before, after = read()
        assert after > before, "relatime: a time that is two days old"
        remount("strictatime")
        before, after = read()
        assert after > before, "strictatime: every read counts"
        remount("nodiratime")
        before, after = read(filesystem / "dir")
        assert after == before, "nodiratime: directories do not count"
        before, after = read()
        assert after > before, "nodiratime: files do"
        remount("noatime")
        before, after = read()
        assert after == before, "noatime: no read counts"
        remount("relatime,diratime")
        os.utime(filesystem / "dir", (now - 2 * DAY, now - 2 * DAY))
        assert read(filesystem / "dir")[1] > now - 1, "a directory"
        os.utime(path, (now - 2 * DAY, now))
        kept = read()[1]
        filesystem.umount()
        filesystem.check()

        filesystem.mount("rw,lazytime,strictatime")
        assert os.stat(path).st_atime_ns == kept, "the time is there after the next mount"
        before, after = read()
        assert after > before == kept
        time.sleep(2)
        filesystem.kill()
        filesystem.mount("rw,lazytime,strictatime")
        assert os.stat(path).st_atime_ns == kept, "lazytime: a read alone is not written within seconds"
        after = read()[1]
        fd = os.open(path, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)
        filesystem.kill()
        filesystem.mount()
        assert os.stat(path).st_atime_ns == after, "lazytime: fsync writes it"
        filesystem.umount()
        filesystem.check()


@contextlib.contextmanager
def damaged():
    """A filesystem whose directory d holds names that cannot be read any more."""
    with Filesystem("dev", ("--btree_node_size=4k",), megabytes=128) as filesystem:
        filesystem.mount()
        os.mkdir(filesystem / "d")
        for number in range(400):
            put(filesystem / f"d/f{number}", b"")
        put(filesystem / "whole", b"here")
        filesystem.umount()
        killed = jbcachefs("kill_btree_node", "--yes-i-understand", "-n", "dirents:0:2", *filesystem.images)
        assert killed.returncode == 0, killed
        yield filesystem


def hurt(filesystem):
    """Meets the damage: any name in d that cannot be looked for."""
    found = set()
    for number in range(400):
        try:
            os.stat(filesystem / f"d/f{number}")
        except OSError as e:
            found.add(e.errno)
    return found


def errors_found_while_mounted(_):
    """errors=: metadata that cannot be read make it read-only, end it, or are only told."""
    with damaged() as filesystem:
        for option in ("", ",errors=ro", ",errors=fix_safe") if NIGHTLY else ("",):
            filesystem.mount("rw" + option)
            put(filesystem / "new", b"new")
            assert hurt(filesystem) == {errno.EIO}
            refused(lambda: os.mkdir(filesystem / "more"))
            assert get(filesystem / "whole") == b"here", "what can be read is read"
            again = jbcachefs("remount", filesystem.directory, "-o", "rw")
            assert again.returncode == 1 and "went wrong" in again.stderr, again
            filesystem.umount()
        filesystem.mount("rw,errors=continue")
        assert hurt(filesystem) == {errno.EIO}
        os.mkdir(filesystem / "more")
        assert jbcachefs("remount", filesystem.directory, "-o", "errors=ro").returncode == 0
        hurt(filesystem)
        refused(lambda: os.mkdir(filesystem / "evenmore"))
        filesystem.umount()
        filesystem.mount("rw,errors=panic")
        assert errno.ENOTCONN in hurt(filesystem) or errno.ECONNABORTED in hurt(filesystem)
        wait_until("the daemon has ended", lambda: not daemons(filesystem.directory))
        subprocess.run(["umount", "-l", filesystem.directory], check=True)
        assert jbcachefs("set-fs-option", "--errors=continue", *filesystem.images).returncode == 0
        filesystem.mount("rw")
        assert hurt(filesystem) == {errno.EIO}
        os.mkdir(filesystem / "yes")
        filesystem.umount()
        assert not mounted(filesystem.directory)


CASES = (remounted, read_only_at_first, read_only_for_good, remounted_by_a_user, access_times, errors_found_while_mounted)
