# SPDX-License-Identifier: GPL-2.0-or-later
"""What POSIX and Linux promise of system calls on files, one table, held against any directory.

    python3 posix.py DIR [NAME...]     runs the cases (or those named) in DIR and prints what is wrong

As root, cases play several users (processes that gave up their rights); as an ordinary user, those that
need another user are left out. Every case works in a directory of its own.
"""
import contextlib
import errno
import fcntl
import mmap
import os
import pickle
import shutil
import socket
import stat
import struct
import subprocess
import sys
import time

ALICE, BOB = 65534, 65533
NAME_MAX = 512
AT_FDCWD = -100
RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT = 1, 2, 4

CASES = []


def case(*needs):
    """Puts a function into the table; needs: "root" if it plays other users or makes devices."""
    def keep(function):
        CASES.append((function.__name__, needs, function))
        return function
    return keep


class Failed(Exception):
    pass


# ---------------------------------------------------------------------------------------------------------
# Calls that Python does not have

import ctypes  # noqa: E402

LIBC = ctypes.CDLL(None, use_errno=True)


def libc(name, *arguments):
    result = getattr(LIBC, name)(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def renameat2(source, target, flags):
    return libc("renameat2", AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), flags)


def fallocate(fd, mode, offset, length):
    return libc("fallocate", fd, mode, ctypes.c_long(offset), ctypes.c_long(length))


# ---------------------------------------------------------------------------------------------------------
# Who does it


class Actor:
    """A process with a user's rights that does calls on request."""

    def __init__(self, uid, gid, groups=()):
        self.uid, self.gid = uid, gid
        here, there = socket.socketpair()
        self.child = os.fork()
        if self.child == 0:
            here.close()
            os.setgroups(list(groups))
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            self._serve(there)
        there.close()
        self.stream = here.makefile("rwb")
        here.close()

    @staticmethod
    def _serve(there):
        stream = there.makefile("rwb")
        while True:
            try:
                function, arguments = pickle.load(stream)
            except EOFError:
                os._exit(0)
            try:
                answer = (0, function(*arguments))
            except OSError as e:
                answer = (e.errno, None)
            pickle.dump(answer, stream)
            stream.flush()

    def __call__(self, function, *arguments):
        pickle.dump((function, arguments), self.stream)
        self.stream.flush()
        code, value = pickle.load(self.stream)
        if code:
            raise OSError(code, os.strerror(code))
        return value

    def end(self):
        self.stream.close()
        os.waitpid(self.child, 0)


def here(function, *arguments):
    return function(*arguments)


# Functions for actors have to be found by name.

def create(path, mode=0o644):
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))


def touch(path, flags):
    os.close(os.open(path, flags))


def write_to(path, data=b"x"):
    fd = os.open(path, os.O_WRONLY)
    try:
        return os.write(fd, data)
    finally:
        os.close(fd)


def lists(path):
    return sorted(os.listdir(path))


class Place:
    """A case's directory and its players."""

    def __init__(self, directory, root, alice, bob):
        self.directory, self.root, self.alice, self.bob = directory, root, alice, bob

    def __truediv__(self, name):
        return os.path.join(self.directory, name)

    def file(self, name, data=b"", mode=0o644):
        path = self / name
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        os.write(fd, data)
        os.fchmod(fd, mode)
        os.close(fd)
        return path

    def folder(self, name, mode=0o755):
        path = self / name
        os.mkdir(path)
        os.chmod(path, mode)
        return path


def fails(wanted, function, *arguments, by=here):
    """Holds that a call fails with one of these errors (names joined by '|')."""
    try:
        by(function, *arguments)
    except OSError as e:
        if e.errno not in [getattr(errno, name) for name in wanted.split("|")]:
            raise Failed(f"{function.__name__}{shown(arguments)}: expected {wanted}, "
                         f"is {errno.errorcode.get(e.errno, e.errno)}") from e
        return
    raise Failed(f"{function.__name__}{shown(arguments)}: expected {wanted}, but it succeeded")


def shown(arguments):
    return tuple(a if len(repr(a)) < 60 else repr(a)[:25] + "..." for a in arguments)


def same(expected, actual, what=""):
    if expected != actual:
        raise Failed(f"{what}: expected {expected!r}, is {actual!r}")


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


@contextlib.contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def times(path):
    seen = os.lstat(path)
    return seen.st_atime_ns, seen.st_mtime_ns, seen.st_ctime_ns


@contextlib.contextmanager
def touches(path, *which):
    """Holds that within, exactly those of "mtime" and "ctime" of a path are set anew."""
    before = times(path)
    time.sleep(0.011)
    yield
    after = times(path)
    for index, name in ((1, "mtime"), (2, "ctime")):
        changed = after[index] > before[index]
        if changed != (name in which):
            raise Failed(f"{name} of {os.path.basename(path)} was {'' if changed else 'not '}set anew")


# ---------------------------------------------------------------------------------------------------------
# One path, every call: errors of the way to it

def fifo(path):
    os.mkfifo(path, 0o644)


def hardlink_from(path):
    os.link(path, path + ".link")


def rename_from(path):
    os.rename(path, path + ".new")


def symlink_at(path):
    os.symlink("target", path)


def chmod(path):
    os.chmod(path, 0o600)


def chown(path):
    os.chown(path, os.geteuid(), os.getegid())


def truncate(path):
    os.truncate(path, 10)


def utimes(path):
    os.utime(path, (1, 2))


def open_read(path):
    touch(path, os.O_RDONLY)


def open_create(path):
    touch(path, os.O_CREAT | os.O_WRONLY)


def setxattr(path):
    os.setxattr(path, "user.x", b"1")


# Those that need the file, and those that make it.
ON_FILES = [open_read, os.stat, os.lstat, chmod, chown, truncate, utimes, os.unlink, os.rmdir, hardlink_from,
            rename_from, os.listdir, setxattr]
MAKING = [os.mkdir, fifo, symlink_at, create, open_create]


@case()
def a_component_that_is_no_directory(p):
    p.file("file")
    for call in ON_FILES + MAKING:
        fails("ENOTDIR", call, p / "file/below")


@case()
def a_component_that_is_not_there(p):
    for call in ON_FILES + MAKING:
        fails("ENOENT", call, p / "nothing/below")


@case()
def a_name_that_is_not_there(p):
    for call in ON_FILES:
        fails("ENOENT", call, p / "nothing")
    fails("ENOENT", os.rename, p / "nothing", p / "other")
    fails("ENOENT", os.link, p / "nothing", p / "other")


@case()
def names_that_are_too_long(p):
    for call in ON_FILES + MAKING:
        fails("ENAMETOOLONG", call, p / ("n" * (NAME_MAX + 1)))
        fails("ENAMETOOLONG", call, p / ("d/" * 2048 + "x"))


@case()
def names_as_long_as_they_may_be(p):
    name = "n" * NAME_MAX
    os.mkdir(p / name)
    same([name], lists(p.directory))
    os.rmdir(p / name)
    create(p / name)
    os.rename(p / name, p / name.upper())
    os.unlink(p / name.upper())
    symlink_at(p / name)
    os.unlink(p / name)
    same([], lists(p.directory))


@case()
def loops_of_symbolic_links(p):
    os.symlink("b", p / "a")
    os.symlink("a", p / "b")
    for call in (open_read, os.stat, chmod, truncate, utimes, os.listdir, setxattr, open_create):
        fails("ELOOP", call, p / "a")
    for call in ON_FILES + MAKING:
        fails("ELOOP", call, p / "a/below")


@case("root")
def directories_that_may_not_be_searched(p):
    closed = p.folder("closed", 0o700)
    p.file("closed/there", mode=0o666)
    for call in ON_FILES:
        fails("EACCES", call, os.path.join(closed, "there"), by=p.alice)
    for call in MAKING:
        fails("EACCES", call, os.path.join(closed, "new"), by=p.alice)
    same(["there"], lists(closed))


@case("root")
def directories_that_may_not_be_written(p):
    shared = p.folder("shared", 0o755)
    p.file("shared/there", mode=0o666)
    p.folder("shared/folder")
    for call in MAKING:
        fails("EACCES", call, os.path.join(shared, "new"), by=p.alice)
    fails("EACCES", os.unlink, os.path.join(shared, "there"), by=p.alice)
    fails("EACCES", os.rmdir, os.path.join(shared, "folder"), by=p.alice)
    fails("EACCES", rename_from, os.path.join(shared, "there"), by=p.alice)
    fails("EACCES|EPERM", hardlink_from, os.path.join(shared, "there"), by=p.alice)
    same(["folder", "there"], lists(shared))


@case()
def names_that_exist(p):
    p.file("file")
    p.folder("folder")
    os.symlink("nowhere", p / "link")
    for name in ("file", "folder", "link"):
        for call in (os.mkdir, fifo, symlink_at, create):
            fails("EEXIST", call, p / name)
        fails("EEXIST", os.link, p / "file", p / name)


@case()
def dots_cannot_be_made_or_removed(p):
    p.folder("d")
    fails("EEXIST", os.mkdir, p / "d/.")
    fails("EEXIST", os.mkdir, p / "d/..")
    fails("EINVAL", os.rmdir, p / "d/.")
    fails("ENOTEMPTY", os.rmdir, p / "d/..")
    fails("EINVAL|EBUSY", os.rename, p / "d/.", p / "e")


# ---------------------------------------------------------------------------------------------------------
# Making

@case()
def what_new_files_look_like(p):
    with umask(0o022):
        for make, kind, mode in ((lambda n: create(n, 0o666), stat.S_IFREG, 0o644),
                                 (lambda n: os.mkdir(n, 0o777), stat.S_IFDIR, 0o755),
                                 (lambda n: os.mkfifo(n, 0o666), stat.S_IFIFO, 0o644)):
            path = p / f"new{kind:o}"
            make(path)
            seen = os.lstat(path)
            same((kind, mode), (stat.S_IFMT(seen.st_mode), stat.S_IMODE(seen.st_mode)))
            same((os.geteuid(), os.getegid()), (seen.st_uid, seen.st_gid))
            same(2 if kind == stat.S_IFDIR else 1, seen.st_nlink)
            if kind != stat.S_IFDIR:
                same(0, seen.st_size)
            same(seen.st_mtime_ns, seen.st_ctime_ns)
            assert abs(seen.st_mtime - time.time()) < 60


@case()
def modes_and_umask(p):
    for mask in (0, 0o022, 0o077, 0o777, 0o070, 0o501):
        for mode in (0o777, 0o666, 0o755, 0o151, 0):
            with umask(mask):
                create(p / "f", mode)
                os.mkdir(p / "d", mode)
                same(mode & ~mask, mode_of(p / "f"))
                same(mode & ~mask, mode_of(p / "d"))
                os.unlink(p / "f")
                os.rmdir(p / "d")


@case()
def making_touches_the_directory(p):
    d = p.folder("d")
    for call in (os.mkdir, fifo, symlink_at, create):
        with touches(d, "mtime", "ctime"):
            call(os.path.join(d, call.__name__))
    with touches(d, "mtime", "ctime"):
        os.link(p.file("file"), os.path.join(d, "link"))


@case()
def failing_touches_nothing(p):
    d = p.folder("d")
    p.file("d/file")
    with touches(d):
        fails("EEXIST", os.mkdir, os.path.join(d, "file"))
        fails("ENOENT", os.unlink, os.path.join(d, "nothing"))
        fails("ENOTDIR", os.rmdir, os.path.join(d, "file"))


@case("root")
def devices_and_sockets(p):
    for kind, device in ((stat.S_IFCHR, os.makedev(1, 3)), (stat.S_IFBLK, os.makedev(259, 70000)),
                         (stat.S_IFSOCK, 0), (stat.S_IFIFO, 0)):
        path = p / f"node{kind:o}"
        os.mknod(path, kind | 0o640, device)
        seen = os.lstat(path)
        same((kind, device), (stat.S_IFMT(seen.st_mode), seen.st_rdev))
    os.chmod(p.directory, 0o777)
    fails("EPERM", os.mknod, p / "x", stat.S_IFCHR | 0o600, os.makedev(1, 3), by=p.alice)


@case("root")
def groups_of_set_group_id_directories(p):
    d = p.folder("d")
    os.chown(d, 0, BOB)
    os.chmod(d, 0o2777)
    p.alice(create, d + "/f")
    p.alice(os.mkdir, d + "/sub", 0o755)
    same(BOB, os.stat(d + "/f").st_gid)
    same((BOB, 0o2755), (os.stat(d + "/sub").st_gid, mode_of(d + "/sub")))
    with umask(0):
        p.alice(create, d + "/g", 0o2755)
    same(0, mode_of(d + "/g") & 0o2000, "set-group-ID of a group one is not in")


@case()
def symbolic_links_keep_their_text(p):
    for text in ("x", "/absolute/../path", "t" * 1023, "t" * 4095, "with\nnewline", "ü"):
        path = p / "l"
        os.symlink(text, path)
        same(text, os.readlink(path))
        seen = os.lstat(path)
        same((len(os.fsencode(text)), 0o777), (seen.st_size, stat.S_IMODE(seen.st_mode)))
        os.unlink(path)
    fails("ENAMETOOLONG", os.symlink, "t" * 4096, p / "l")
    fails("EINVAL", os.readlink, p.file("file"))
    fails("EINVAL", os.readlink, p.folder("folder"))


@case()
def hard_links(p):
    path = p.file("a", b"text")
    os.chmod(path, 0o640)
    with touches(path, "ctime"):
        os.link(path, p / "b")
    for one, other in (("a", "b"), ("b", "a")):
        seen = os.stat(p / one)
        same((2, 0o640), (seen.st_nlink, stat.S_IMODE(seen.st_mode)))
        same(seen.st_ino, os.stat(p / other).st_ino)
    write_to(p / "b", b"TEXT")
    same(b"TEXT", open(p / "a", "rb").read())
    with touches(p / "b", "ctime"):
        os.unlink(p / "a")
    same(1, os.stat(p / "b").st_nlink)
    fails("EPERM", os.link, p.folder("d"), p / "e")
    many = 300
    for i in range(many):
        os.link(p / "b", p / f"n{i}")
    same(many + 1, os.stat(p / "b").st_nlink)
    for i in range(many):
        os.unlink(p / f"n{i}")
    same(1, os.stat(p / "b").st_nlink)


@case()
def links_to_symbolic_links_and_fifos(p):
    os.symlink("nowhere", p / "l")
    os.link(p / "l", p / "m", follow_symlinks=False)
    same((2, "nowhere"), (os.lstat(p / "l").st_nlink, os.readlink(p / "m")))
    fifo(p / "f")
    os.link(p / "f", p / "g")
    same(2, os.lstat(p / "g").st_nlink)


@case()
def temporary_files_without_a_name(p):
    fd = os.open(p.directory, os.O_TMPFILE | os.O_RDWR, 0o600)
    os.write(fd, b"hidden")
    same([], lists(p.directory))
    same(0, os.fstat(fd).st_nlink)
    libc("linkat", AT_FDCWD, f"/proc/self/fd/{fd}".encode(), AT_FDCWD, os.fsencode(p / "shown"), 0x400)
    same(1, os.fstat(fd).st_nlink)
    os.close(fd)
    same(b"hidden", open(p / "shown", "rb").read())
    fd = os.open(p.directory, os.O_TMPFILE | os.O_RDWR, 0o600)
    os.write(fd, b"gone")
    os.close(fd)
    same(["shown"], lists(p.directory))


# ---------------------------------------------------------------------------------------------------------
# Removing

@case()
def directories_that_are_not_empty(p):
    p.folder("d")
    p.file("d/f")
    p.folder("e")
    p.folder("e/sub")
    fails("ENOTEMPTY|EEXIST", os.rmdir, p / "d")
    fails("ENOTEMPTY|EEXIST", os.rmdir, p / "e")
    p.folder("x")
    fails("ENOTEMPTY|EEXIST", os.rename, p / "x", p / "d")
    os.unlink(p / "d/f")
    os.rmdir(p / "d")
    same(["e", "x"], lists(p.directory))


@case()
def removing_by_the_wrong_call(p):
    p.file("f")
    p.folder("d")
    fails("EISDIR|EPERM", os.unlink, p / "d")
    fails("ENOTDIR", os.rmdir, p / "f")
    os.symlink("d", p / "l")
    fails("ENOTDIR", os.rmdir, p / "l")
    os.unlink(p / "l")
    same(["d", "f"], lists(p.directory))


@case()
def links_of_directories_are_counted(p):
    d = p.folder("d")
    for i in range(5):
        os.mkdir(f"{d}/{i}")
        same(3 + i, os.stat(d).st_nlink)
    os.rename(d + "/0", p / "0")
    same(6, os.stat(d).st_nlink)
    for i in range(1, 5):
        os.rmdir(f"{d}/{i}")
    same(2, os.stat(d).st_nlink)


@case()
def what_is_open_lives_on(p):
    path = p.file("f", b"still here")
    fd = os.open(path, os.O_RDWR)
    os.unlink(path)
    same(0, os.fstat(fd).st_nlink)
    same(b"still here", os.pread(fd, 100, 0))
    os.pwrite(fd, b"longer than before", 0)
    os.fsync(fd)
    same(18, os.fstat(fd).st_size)
    create(path)
    same(b"longer than before", os.pread(fd, 100, 0))
    same(0, os.stat(path).st_size)
    os.close(fd)


@case()
def a_directory_that_is_open_lives_on(p):
    d = p.folder("d")
    fd = os.open(d, os.O_RDONLY)
    os.rmdir(d)
    same([], os.listdir(fd))
    fails("ENOENT", lambda: os.mkdir("x", dir_fd=fd))
    os.close(fd)
    fails("ENOENT", os.stat, d)


@case()
def removing_touches_the_directory(p):
    d = p.folder("d")
    p.file("d/f")
    p.folder("d/sub")
    with touches(d, "mtime", "ctime"):
        os.unlink(d + "/f")
    with touches(d, "mtime", "ctime"):
        os.rmdir(d + "/sub")


@case("root")
def sticky_directories(p):
    d = p.folder("d", 0o1777)
    for owner in (p.alice, p.bob):
        owner(create, f"{d}/{owner.uid}")
    for mine, theirs in ((p.alice, p.bob), (p.bob, p.alice)):
        fails("EPERM|EACCES", os.unlink, f"{d}/{theirs.uid}", by=mine)
        fails("EPERM|EACCES", os.rename, f"{d}/{theirs.uid}", f"{d}/stolen", by=mine)
        fails("EPERM|EACCES", os.rename, f"{d}/{mine.uid}", f"{d}/{theirs.uid}", by=mine)
    p.alice(os.rename, f"{d}/{ALICE}", f"{d}/renamed")
    p.alice(os.unlink, f"{d}/renamed")
    os.chown(d, ALICE, ALICE)
    p.alice(os.unlink, f"{d}/{BOB}")
    same([], lists(d))


# ---------------------------------------------------------------------------------------------------------
# Renaming

@case()
def renaming_keeps_the_file(p):
    for make in (create, os.mkdir, fifo, symlink_at):
        make(p / "old")
        before = os.lstat(p / "old")
        os.rename(p / "old", p / "new")
        fails("ENOENT", os.lstat, p / "old")
        after = os.lstat(p / "new")
        same((before.st_ino, before.st_mode, before.st_nlink), (after.st_ino, after.st_mode, after.st_nlink))
        os.rename(p / "new", p / f"kept-{make.__name__}")


@case()
def renaming_replaces(p):
    p.file("a", b"a")
    p.file("b", b"b")
    fd = os.open(p / "b", os.O_RDONLY)
    os.rename(p / "a", p / "b")
    same(["b"], lists(p.directory))
    same(b"a", open(p / "b", "rb").read())
    same((b"b", 0), (os.pread(fd, 9, 0), os.fstat(fd).st_nlink))
    os.close(fd)
    p.folder("d")
    p.folder("e")
    os.rename(p / "d", p / "e")
    same(["b", "e"], lists(p.directory))


@case()
def renaming_one_kind_over_another(p):
    p.file("f")
    p.folder("d")
    fails("EISDIR", os.rename, p / "f", p / "d")
    fails("ENOTDIR", os.rename, p / "d", p / "f")
    os.symlink("x", p / "l")
    fails("ENOTDIR", os.rename, p / "d", p / "l")
    os.rename(p / "f", p / "l")
    same(["d", "l"], lists(p.directory))


@case()
def renaming_into_itself(p):
    p.folder("d")
    p.folder("d/sub")
    fails("EINVAL", os.rename, p / "d", p / "d/sub/deeper")
    fails("EINVAL", os.rename, p / "d", p / "d/new")
    fails("ENOTEMPTY|EEXIST", os.rename, p / "d/sub", p / "d")


@case()
def renaming_one_link_over_another(p):
    p.file("a")
    os.link(p / "a", p / "b")
    os.rename(p / "a", p / "b")
    same(["a", "b"], lists(p.directory))
    same(2, os.stat(p / "a").st_nlink)
    os.rename(p / "a", p / "a")


@case()
def renaming_touches_both_directories(p):
    d, e = p.folder("d"), p.folder("e")
    p.file("d/f")
    with touches(d, "mtime", "ctime"), touches(e, "mtime", "ctime"):
        os.rename(d + "/f", e + "/g")
    before = times(e + "/g")
    time.sleep(0.011)
    os.rename(e + "/g", e + "/h")
    after = times(e + "/h")
    same(before[1], after[1])
    assert after[2] > before[2], "ctime was not set anew"


@case()
def a_directory_that_moves_knows_its_parent(p):
    p.folder("d")
    p.folder("e")
    p.folder("d/sub")
    os.rename(p / "d/sub", p / "e/sub")
    same(os.stat(p / "e").st_ino, os.stat(p / "e/sub/..").st_ino)
    same((2, 3), (os.stat(p / "d").st_nlink, os.stat(p / "e").st_nlink))


@case()
def renaming_without_replacing(p):
    p.file("a", b"a")
    p.file("b", b"b")
    fails("EEXIST", renameat2, p / "a", p / "b", RENAME_NOREPLACE)
    renameat2(p / "a", p / "c", RENAME_NOREPLACE)
    same(["b", "c"], lists(p.directory))
    fails("EINVAL", renameat2, p / "b", p / "c", RENAME_NOREPLACE | RENAME_EXCHANGE)


@case()
def exchanging(p):
    p.file("f", b"f")
    p.folder("d")
    p.file("d/inner")
    p.folder("e")
    renameat2(p / "f", p / "d", RENAME_EXCHANGE)
    same(b"f", open(p / "d", "rb").read())
    same(["inner"], lists(p / "f"))
    renameat2(p / "f", p / "e", RENAME_EXCHANGE)
    same(["inner"], lists(p / "e"))
    fails("ENOENT", renameat2, p / "f", p / "nothing", RENAME_EXCHANGE)
    os.rename(p / "d", p / "e/moved")
    renameat2(p / "f", p / "e/moved", RENAME_EXCHANGE)
    same((3, 1), (os.stat(p / "e").st_nlink, os.stat(p / "f").st_nlink))
    same(os.stat(p / "e").st_ino, os.stat(p / "e/moved/..").st_ino)


@case("root")
def whiteouts(p):
    p.file("a", b"a")
    renameat2(p / "a", p / "b", RENAME_WHITEOUT)
    seen = os.lstat(p / "a")
    same((stat.S_IFCHR, 0), (stat.S_IFMT(seen.st_mode), seen.st_rdev))
    same(b"a", open(p / "b", "rb").read())


# ---------------------------------------------------------------------------------------------------------
# Attributes

@case()
def changing_modes(p):
    for path in (p.file("f"), p.folder("d")):
        for mode in (0, 0o111, 0o640, 0o777, 0o1777, 0o4755 if path.endswith("f") else 0o2755):
            os.chmod(path, mode)
            same(mode, mode_of(path))
        with touches(path, "ctime"):
            os.chmod(path, 0o700)
    os.symlink("f", p / "l")
    os.chmod(p / "l", 0o751)
    same((0o751, 0o777), (mode_of(p / "f"), mode_of(p / "l")))


@case("root")
def who_may_change_modes_and_owners(p):
    path = p.file("f", mode=0o666)
    os.chmod(p.directory, 0o777)
    fails("EPERM", chmod, path, by=p.alice)
    fails("EPERM", os.chown, path, ALICE, -1, by=p.alice)
    fails("EPERM", os.utime, path, (1, 2), by=p.alice)
    p.alice(os.utime, path)
    fails("EACCES|EPERM", os.utime, p.file("closed", mode=0o600), by=p.alice)
    os.chown(path, ALICE, ALICE)
    p.alice(os.chmod, path, 0o600)
    fails("EPERM", os.chown, path, BOB, -1, by=p.alice)
    fails("EPERM", os.chown, path, -1, BOB, by=p.alice)
    fails("EACCES", open_read, path, by=p.bob)
    fails("EACCES", write_to, path, by=p.bob)
    fails("EACCES", os.truncate, path, 0, by=p.bob)
    os.chown(path, -1, BOB)
    same((ALICE, BOB), (os.stat(path).st_uid, os.stat(path).st_gid))
    os.lchown(symlink(p / "l"), BOB, ALICE)
    same((BOB, ALICE), (os.lstat(p / "l").st_uid, os.lstat(p / "l").st_gid))
    os.chown(path, 4294967294, 4000000000)
    same((4294967294, 4000000000), (os.stat(path).st_uid, os.stat(path).st_gid))


def symlink(path):
    symlink_at(path)
    return path


@case("root")
def changing_owners_takes_set_user_id_away(p):
    path = p.file("f")
    os.chown(path, ALICE, ALICE)
    for before, after in ((0o6755, 0o755), (0o4711, 0o711), (0o2644, 0o2644), (0o1755, 0o1755)):
        os.chmod(path, before)
        os.chown(path, ALICE, ALICE)
        same(after, mode_of(path), f"{before:o}")
    d = p.folder("d")
    os.chmod(d, 0o2755)
    os.chown(d, ALICE, ALICE)
    same(0o2755, mode_of(d), "a directory keeps it")
    with touches(path, "ctime"):
        os.chown(path, BOB, BOB)


@case("root")
def writing_takes_set_user_id_away(p):
    for change in (write_to, truncate):
        path = p / change.__name__
        create(path)
        os.chown(path, ALICE, ALICE)
        os.chmod(path, 0o6777)
        p.bob(change, path)
        same(0o777, mode_of(path), change.__name__)
        os.chmod(path, 0o6777)
        p.root(change, path)
        same(0o6777, mode_of(path), f"{change.__name__} by root")


@case()
def setting_times(p):
    path = p.file("f")
    for atime, mtime in ((0, 0), (1, 2), (-5, -1), (1_500_000_000, 4_200_000_000)):
        ns = (atime * 10**9 + 123_456_789, mtime * 10**9 + 987_654_321)
        with touches_ctime(path):
            os.utime(path, ns=ns)
        same(ns, times(path)[:2])
    os.utime(path)
    assert abs(os.stat(path).st_mtime - time.time()) < 60
    os.utime(symlink(p / "l"), ns=(5, 6), follow_symlinks=False)
    same((5, 6), times(p / "l")[:2])


@contextlib.contextmanager
def touches_ctime(path):
    before = times(path)[2]
    time.sleep(0.011)
    yield
    assert times(path)[2] > before, "ctime was not set anew"


@case()
def writing_sets_times(p):
    path = p.file("f", b"text")
    with touches(path, "mtime", "ctime"):
        write_to(path, b"more text")
    with touches(path, "mtime", "ctime"):
        os.truncate(path, 3)
    with touches(path, "mtime", "ctime"):
        os.truncate(path, 30)
    with touches(path):
        open(path, "rb").read()


@case()
def birth_times(p):
    path = p.file("f")
    born = statx_birth(path)
    assert abs(born - time.time()) < 60
    time.sleep(0.01)
    write_to(path)
    os.rename(path, p / "g")
    same(born, statx_birth(p / "g"))


def statx_birth(path):
    buffer = ctypes.create_string_buffer(256)
    libc("statx", AT_FDCWD, os.fsencode(path), 0, 0xfff, buffer)
    mask = struct.unpack_from("I", buffer, 0)[0]
    assert mask & 0x800, "statx tells no birth time"
    seconds, nanos = struct.unpack_from("qI", buffer, 80)
    return seconds + nanos / 1e9


# ---------------------------------------------------------------------------------------------------------
# Data

@case()
def truncating(p):
    path = p.file("f", bytes(range(256)) * 40)
    for size in (10240, 5000, 4096, 1, 0, 100, 70000, 3):
        os.truncate(path, size)
        same(size, os.stat(path).st_size)
        same(size, len(open(path, "rb").read()))
    same(b"\0\0\0", open(path, "rb").read())
    fails("EISDIR", os.truncate, p.folder("d"), 0)
    fails("EINVAL", os.truncate, path, -1)
    fails("EFBIG|EINVAL", os.truncate, path, 2**63 - 1)
    fd = os.open(path, os.O_RDONLY)
    fails("EINVAL|EBADF", os.ftruncate, fd, 0)
    os.close(fd)


@case()
def what_was_cut_off_does_not_come_back(p):
    path = p.file("f", b"secret" * 2000)
    os.truncate(path, 5)
    os.truncate(path, 12000)
    same(b"secre" + bytes(11995), open(path, "rb").read())


@case()
def opening_flags(p):
    path = p.file("f", b"0123456789")
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(fd, b"ab")
    os.lseek(fd, 0, os.SEEK_SET)
    os.write(fd, b"cd")
    os.close(fd)
    same(b"0123456789abcd", open(path, "rb").read())
    touch(path, os.O_WRONLY | os.O_TRUNC)
    same(0, os.stat(path).st_size)
    fails("EEXIST", touch, path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    fails("EISDIR", touch, p.folder("d"), os.O_WRONLY)
    fails("EISDIR", touch, p / "d", os.O_CREAT | os.O_WRONLY)
    fails("ENOTDIR", touch, path, os.O_RDONLY | os.O_DIRECTORY)
    os.symlink("f", p / "l")
    fails("ELOOP", touch, p / "l", os.O_RDONLY | os.O_NOFOLLOW)
    fails("ENXIO", touch, made_fifo(p / "q"), os.O_WRONLY | os.O_NONBLOCK)


def made_fifo(path):
    fifo(path)
    return path


@case()
def a_file_that_may_not_be_written_can_be_made_and_filled(p):
    fd = os.open(p / "f", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o000)
    same(4, os.write(fd, b"text"))
    os.close(fd)
    same((4, 0), (os.stat(p / "f").st_size, mode_of(p / "f")))


@case()
def holes(p):
    path = p.file("f")
    fd = os.open(path, os.O_RDWR)
    os.pwrite(fd, b"a" * 4096, 1 << 20)
    os.pwrite(fd, b"b" * 4096, 3 << 20)
    os.ftruncate(fd, 4 << 20)
    os.fsync(fd)
    same((1 << 20, (1 << 20) + 4096), (os.lseek(fd, 0, os.SEEK_DATA), os.lseek(fd, 1 << 20, os.SEEK_HOLE)))
    same((3 << 20, (3 << 20) + 4096), (os.lseek(fd, 2 << 20, os.SEEK_DATA), os.lseek(fd, 3 << 20, os.SEEK_HOLE)))
    same(0, os.lseek(fd, 0, os.SEEK_HOLE))
    fails("ENXIO", os.lseek, fd, (3 << 20) + 4096, os.SEEK_DATA)
    fails("ENXIO", os.lseek, fd, 4 << 20, os.SEEK_HOLE)
    same(bytes(4096), os.pread(fd, 4096, 2 << 20))
    assert os.fstat(fd).st_blocks * 512 < 1 << 20, "holes take space"
    os.close(fd)


@case()
def data_that_is_not_written_yet_is_no_hole(p):
    fd = os.open(p.file("f"), os.O_RDWR)
    os.pwrite(fd, b"x" * 100, 1 << 20)
    same(1 << 20, os.lseek(fd, 0, os.SEEK_DATA))
    os.close(fd)


@case()
def allocating_punching_and_zeroing(p):
    path = p.file("f", b"d" * 100_000)
    fd = os.open(path, os.O_RDWR)
    keep_size, punch, zero = 1, 2, 16
    fallocate(fd, 0, 0, 200_000)
    same(200_000, os.fstat(fd).st_size)
    same(b"d" * 100_000 + bytes(100_000), os.pread(fd, 300_000, 0))
    fallocate(fd, keep_size, 0, 400_000)
    same(200_000, os.fstat(fd).st_size)
    fallocate(fd, punch | keep_size, 10_000, 20_000)
    same(b"d" * 10_000 + bytes(20_000) + b"d" * 70_000, os.pread(fd, 100_000, 0))
    fallocate(fd, zero, 50_000, 10_000)
    same(b"d" * 20_000 + bytes(10_000) + b"d" * 40_000, os.pread(fd, 70_000, 30_000))
    fallocate(fd, zero, 190_000, 60_000)
    same(250_000, os.fstat(fd).st_size)
    fallocate(fd, punch | keep_size, 0, 1 << 30)
    same((bytes(250_000), 250_000), (os.pread(fd, 300_000, 0), os.fstat(fd).st_size))
    fails("EINVAL", fallocate, fd, 0, 0, 0)
    fails("EINVAL", fallocate, fd, 0, -1, 10)
    fails("EFBIG|EINVAL|ENOSPC", fallocate, fd, 0, (1 << 63) - 4096, 4096)
    os.close(fd)


@case()
def copying_ranges(p):
    data = os.urandom(300_000)
    source, target = os.open(p.file("a", data), os.O_RDONLY), os.open(p.file("b"), os.O_RDWR)
    done = 0
    while done < len(data):
        done += os.copy_file_range(source, target, len(data) - done)
    same(data, os.pread(target, len(data), 0))
    os.copy_file_range(source, target, 5000, 7, 100_003)
    expected = data[:100_003] + data[7:5007] + data[105_003:]
    same(expected, os.pread(target, len(data), 0))
    os.close(source)
    os.close(target)
    same(data, open(p / "a", "rb").read())


@case()
def mapped_files(p):
    path = p.file("f", b"a" * 10_000)
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 10_000) as mapped:
        mapped[5_000:5_004] = b"MMAP"
        same(b"MMAP", os.pread(file.fileno(), 4, 5_000))
        os.pwrite(file.fileno(), b"write", 6_000)
        same(b"write", mapped[6_000:6_005])
        mapped.flush()
    same(b"aMMAPa", open(path, "rb").read()[4_999:5_005])


@case()
def direct_io(p):
    path = p.file("f")
    try:
        fd = os.open(path, os.O_RDWR | os.O_DIRECT)
    except OSError:
        raise Failed("O_DIRECT is refused") from None
    page = mmap.mmap(-1, 8192)
    page.write(b"direct!!" * 1024)
    same(8192, os.pwritev(fd, [page], 4096))
    back = mmap.mmap(-1, 8192)
    same(8192, os.preadv(fd, [back], 4096))
    same(page[:], back[:])
    os.close(fd)
    same(bytes(4096) + page[:], open(path, "rb").read())


@case()
def reading_at_the_end(p):
    fd = os.open(p.file("f", b"12345"), os.O_RDONLY)
    same((b"45", b"", b""), (os.pread(fd, 10, 3), os.pread(fd, 10, 5), os.pread(fd, 10, 1 << 40)))
    fails("EBADF", os.write, fd, b"x")
    os.close(fd)


@case()
def small_writes_everywhere(p):
    path = p.file("f")
    fd = os.open(path, os.O_RDWR)
    model = bytearray(20_000)
    for at in range(0, 20_000, 997):
        piece = bytes([at % 251]) * 313
        os.pwrite(fd, piece, at)
        model[at:at + len(piece)] = piece
    size = os.fstat(fd).st_size
    os.fsync(fd)
    os.close(fd)
    drop_caches(path)
    same(bytes(model[:size]), open(path, "rb").read())


def drop_caches(path):
    fd = os.open(path, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


@case()
def syncing(p):
    fd = os.open(p.file("f"), os.O_RDWR)
    os.write(fd, b"x")
    os.fsync(fd)
    os.fdatasync(fd)
    os.close(fd)
    fd = os.open(p.directory, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    fd = os.open(p / "f", os.O_WRONLY | os.O_SYNC)
    same(2, os.write(fd, b"yz"))
    os.close(fd)
    same(b"yz", open(p / "f", "rb").read())


@case()
def locks(p):
    path = p.file("f")
    with open(path, "r+b") as one, open(path, "r+b") as other:
        fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fails("EWOULDBLOCK|EAGAIN", fcntl.flock, other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(one, fcntl.LOCK_UN)
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(one, fcntl.LOCK_SH | fcntl.LOCK_NB)
    child_fails_to_lock(path)


def child_fails_to_lock(path):
    with open(path, "r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, 5)
        child = os.fork()
        if child == 0:
            code = 1
            with open(path, "r+b") as mine:
                try:
                    fcntl.lockf(mine, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, 10)
                except OSError:
                    code = 0
            os._exit(code)
        same(0, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "a lock that another process holds")


# ---------------------------------------------------------------------------------------------------------
# Extended attributes, ACLs, flags

@case()
def extended_attributes(p):
    for path in (p.file("f"), p.folder("d")):
        os.setxattr(path, "user.a", b"1")
        os.setxattr(path, "user.b", b"")
        os.setxattr(path, "user.c", os.urandom(1900))
        same(["user.a", "user.b", "user.c"], sorted(n for n in os.listxattr(path) if n.startswith("user.")))
        same((b"1", b""), (os.getxattr(path, "user.a"), os.getxattr(path, "user.b")))
        with touches(path, "ctime"):
            os.setxattr(path, "user.a", b"22", os.XATTR_REPLACE)
        same(b"22", os.getxattr(path, "user.a"))
        fails("EEXIST", os.setxattr, path, "user.a", b"", os.XATTR_CREATE)
        fails("ENODATA", os.setxattr, path, "user.z", b"", os.XATTR_REPLACE)
        fails("ENODATA", os.getxattr, path, "user.z")
        with touches(path, "ctime"):
            os.removexattr(path, "user.a")
        fails("ENODATA", os.removexattr, path, "user.a")
        fails("ENODATA", os.getxattr, path, "user.a")
        fails("EOPNOTSUPP", os.setxattr, path, "unknown.a", b"")
        fails("ERANGE|ENAMETOOLONG", os.setxattr, path, "user." + "n" * 251, b"")


@case("root")
def attributes_of_root(p):
    path = p.file("f", mode=0o666)
    for name in ("trusted.t", "security.s"):
        os.setxattr(path, name, b"v")
        same(b"v", os.getxattr(path, name))
    assert "trusted.t" not in p.alice(os.listxattr, path)
    fails("EPERM", os.setxattr, path, "trusted.t", b"w", by=p.alice)
    os.setxattr(symlink(p / "l"), "trusted.t", b"w", follow_symlinks=False)


def acl(*entries):
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, perm, who & 0xffffffff) for tag, perm, who in entries)


USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 1, 2, 4, 8, 16, 32


@case("root")
def access_control_lists(p):
    path = p.file("f", b"text", 0o600)
    os.setxattr(path, "system.posix_acl_access",
                acl((USER_OBJ, 6, -1), (USER, 4, ALICE), (GROUP_OBJ, 0, -1), (MASK, 4, -1), (OTHER, 0, -1)))
    same(0o640, mode_of(path), "the mask shows as the group's rights")
    p.alice(open_read, path)
    fails("EACCES", write_to, path, by=p.alice)
    fails("EACCES", open_read, path, by=p.bob)
    os.chmod(path, 0o600)
    fails("EACCES", open_read, path, by=p.alice)
    os.chmod(path, 0o660)
    p.alice(open_read, path)
    os.removexattr(path, "system.posix_acl_access")
    fails("EACCES", open_read, path, by=p.alice)


@case("root")
def default_access_control_lists_are_inherited(p):
    d = p.folder("d", 0o777)
    os.setxattr(d, "system.posix_acl_default",
                acl((USER_OBJ, 7, -1), (USER, 6, ALICE), (GROUP_OBJ, 5, -1), (MASK, 7, -1), (OTHER, 0, -1)))
    with umask(0o077):
        create(d + "/f", 0o666)
        os.mkdir(d + "/sub", 0o777)
    same(0o660, mode_of(d + "/f"), "the umask does not count")
    same(0o770, mode_of(d + "/sub"))
    p.alice(write_to, d + "/f")
    fails("EACCES", write_to, d + "/f", by=p.bob)
    same(os.getxattr(d, "system.posix_acl_default"), os.getxattr(d + "/sub", "system.posix_acl_default"))
    fails("ENODATA", os.getxattr, d + "/f", "system.posix_acl_default")


FS_IOC_GETFLAGS, FS_IOC_SETFLAGS = 0x80086601, 0x40086602
IMMUTABLE, APPEND, NODUMP = 0x10, 0x20, 0x40


def get_flags(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return struct.unpack("i", fcntl.ioctl(fd, FS_IOC_GETFLAGS, struct.pack("i", 0)))[0]
    finally:
        os.close(fd)


def set_flags(path, flags):
    fd = os.open(path, os.O_RDONLY)
    try:
        flags |= get_flags(path) & ~(IMMUTABLE | APPEND | NODUMP)
        fcntl.ioctl(fd, FS_IOC_SETFLAGS, struct.pack("i", flags))
    finally:
        os.close(fd)


@case("root")
def flags_of_chattr(p):
    path = p.file("f", b"text")
    set_flags(path, NODUMP)
    same(NODUMP, get_flags(path) & NODUMP)
    set_flags(path, IMMUTABLE)
    for call in (chmod, os.unlink, truncate, hardlink_from, rename_from, utimes, setxattr):
        fails("EPERM", call, path)
    # FUSE's client in the kernel does not know these flags: it lets one open, and refuses what is written.
    fails("EPERM|EIO", write_to, path)
    drop_caches(path)
    set_flags(path, 0)
    write_to(path, b"TEXT")
    d = p.folder("d")
    p.file("d/f")
    set_flags(d, IMMUTABLE)
    fails("EPERM", create, d + "/g")
    fails("EPERM", os.unlink, d + "/f")
    set_flags(d, APPEND)
    create(d + "/g")
    fails("EPERM", os.unlink, d + "/f")
    fails("EPERM", os.rename, d + "/f", d + "/h")
    set_flags(d, 0)
    os.unlink(d + "/f")
    fails("EPERM", set_flags, path, IMMUTABLE, by=p.alice)


@case("root")
def files_that_only_grow(p):
    path = p.file("f", b"text")
    set_flags(path, APPEND)
    fails("EPERM", truncate, path)
    fails("EPERM", os.unlink, path)
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(fd, b" more")
    os.close(fd)
    same(b"text more", open(path, "rb").read())
    set_flags(path, 0)


# ---------------------------------------------------------------------------------------------------------
# Directories

@case()
def big_directories(p):
    names = {f"file-{i:04d}" for i in range(1500)}
    for name in names:
        create(p / name)
    same(names, set(os.listdir(p.directory)))
    for name in sorted(names)[::2]:
        os.unlink(p / name)
    same(set(sorted(names)[1::2]), set(os.listdir(p.directory)))


@case()
def removing_while_listing(p):
    names = {f"n{i}" for i in range(400)}
    for name in names:
        create(p / name)
    seen = set()
    with os.scandir(p.directory) as entries:
        for entry in entries:
            seen.add(entry.name)
            os.unlink(entry.path)
    same((names, []), (seen, lists(p.directory)))


@case()
def names_of_any_bytes(p):
    base = os.fsencode(p.directory)
    names = [b"\xff\xfe", b"a\nb", b" ", b"...", "\u00e9".encode(), "e\u0301".encode(), b"A", b"a"]
    for name in names:
        os.mkdir(os.path.join(base, name))
    same(sorted(names), sorted(os.listdir(base)))


@case()
def deep_trees(p):
    at = p.directory
    for _ in range(60):
        at = os.path.join(at, "deep")
        os.mkdir(at)
    create(at + "/f")
    shutil.rmtree(p / "deep")
    same([], lists(p.directory))


@case()
def statfs(p):
    seen = os.statvfs(p.directory)
    assert 0 < seen.f_bavail <= seen.f_bfree <= seen.f_blocks, seen
    same(NAME_MAX, seen.f_namemax)


# ---------------------------------------------------------------------------------------------------------
# Bad arguments, and files that are in use

NOBODYS = 4096  # an address that nothing is mapped at
UTIME_NOW, UTIME_OMIT = (1 << 30) - 1, (1 << 30) - 2


@case()
def bad_addresses(p):
    bad = ctypes.c_void_p(NOBODYS)
    good = os.fsencode(p.file("f"))
    for name, arguments in (("open", (bad, 0)), ("open", (bad, os.O_CREAT, 0o600)), ("mkdir", (bad, 0o700)), ("rmdir", (bad,)),
                            ("unlink", (bad,)), ("link", (bad, good)), ("link", (good, bad)), ("symlink", (bad, good)),
                            ("symlink", (b"x", bad)), ("rename", (bad, good)), ("rename", (good, bad)), ("chmod", (bad, 0o600)),
                            ("chown", (bad, -1, -1)), ("lchown", (bad, -1, -1)), ("mkfifo", (bad, 0o600)),
                            ("mknod", (bad, stat.S_IFIFO | 0o600, 0)), ("truncate", (bad, ctypes.c_long(0)))):
        fails("EFAULT", libc, name, *arguments)


@case()
def a_program_that_runs_is_not_written_to(p):
    program = p / "sleep"
    with open("/bin/sleep", "rb") as source:
        create(program, 0o755)
        write_to(program, source.read())
    os.chmod(program, 0o755)
    running = subprocess.Popen([program, "60"])
    try:
        for _ in range(500):
            if os.readlink(f"/proc/{running.pid}/exe") == os.path.realpath(program):
                break
            time.sleep(0.01)
        fails("ETXTBSY", touch, program, os.O_WRONLY)
        fails("ETXTBSY", touch, program, os.O_RDWR)
        fails("ETXTBSY", touch, program, os.O_RDONLY | os.O_TRUNC)
        fails("ETXTBSY", os.truncate, program, 123)
        os.chmod(program, 0o700)
        os.rename(program, p / "moved")
        os.unlink(p / "moved")
    finally:
        running.kill()
        running.wait()


def utimensat(path, atime, mtime, flags=0):
    """Times as (seconds, nanoseconds), as they are given to the kernel."""
    words = (ctypes.c_long * 4)(*atime, *mtime)
    return libc("utimensat", AT_FDCWD, os.fsencode(path), words, flags)


@case()
def times_that_are_left_alone_or_set_to_now(p):
    path = p.file("f")
    utimensat(path, (100, 1), (200, 2))
    with touches_ctime(path):
        utimensat(path, (0, UTIME_OMIT), (300, 3))
    same((100 * 10**9 + 1, 300 * 10**9 + 3), times(path)[:2])
    utimensat(path, (400, 4), (0, UTIME_OMIT))
    same((400 * 10**9 + 4, 300 * 10**9 + 3), times(path)[:2])
    utimensat(path, (0, UTIME_NOW), (0, UTIME_OMIT))
    same(300 * 10**9 + 3, times(path)[1])
    assert abs(os.stat(path).st_atime - time.time()) < 60
    before = times(path)
    utimensat(path, (0, UTIME_OMIT), (0, UTIME_OMIT))
    same(before, times(path), "nothing was to be set")
    for wrong in (-1, 10**9, 2**40):
        fails("EINVAL", utimensat, path, (1, wrong), (1, 0))
        fails("EINVAL", utimensat, path, (1, 0), (1, wrong))
    fails("ENOENT", utimensat, p / "missing", (1, 1), (1, 1))
    fails("ENOTDIR", utimensat, p / "f/x", (1, 1), (1, 1))
    os.symlink("loop", p / "loop")
    fails("ELOOP", utimensat, p / "loop", (1, 1), (1, 1))


@case("root")
def who_may_set_times(p):
    path = p.file("f")
    os.chmod(path, 0o644)
    os.chown(path, ALICE, ALICE)
    p.alice(utimensat, path, (1, 1), (2, 2))
    p.alice(utimensat, path, (0, UTIME_NOW), (0, UTIME_OMIT))
    fails("EPERM", utimensat, path, (1, 1), (2, 2), by=p.bob)
    fails("EPERM", utimensat, path, (0, UTIME_NOW), (0, UTIME_OMIT), by=p.bob)
    fails("EACCES", utimensat, path, (0, UTIME_NOW), (0, UTIME_NOW), by=p.bob)
    os.chmod(path, 0o666)
    p.bob(utimensat, path, (0, UTIME_NOW), (0, UTIME_NOW))
    fails("EPERM", utimensat, path, (1, 1), (2, 2), by=p.bob)
    os.chmod(path, 0o444)
    p.alice(utimensat, path, (0, UTIME_NOW), (0, UTIME_NOW))


@case("root")
def owners_that_are_left_alone(p):
    path = p.file("f")
    os.chown(path, ALICE, BOB)
    os.chown(path, -1, ALICE)
    same((ALICE, ALICE), (os.stat(path).st_uid, os.stat(path).st_gid))
    os.chown(path, BOB, -1)
    same((BOB, ALICE), (os.stat(path).st_uid, os.stat(path).st_gid))
    os.chown(path, -1, -1)
    same((BOB, ALICE), (os.stat(path).st_uid, os.stat(path).st_gid))
    target, link = p.file("t"), p / "l"
    os.symlink("t", link)
    os.lchown(link, ALICE, BOB)
    same((ALICE, BOB), (os.lstat(link).st_uid, os.lstat(link).st_gid))
    same((0, 0), (os.stat(target).st_uid, os.stat(target).st_gid))
    os.chown(link, BOB, BOB)
    same((BOB, BOB), (os.stat(target).st_uid, os.stat(target).st_gid), "through the link")


@case()
def truncating_what_is_no_file(p):
    fails("EISDIR", os.truncate, p.folder("d"), 1)
    fails("ENOENT", os.truncate, p / "missing", 1)
    fails("ENOTDIR", os.truncate, p.file("f") + "/x", 1)
    fails("EINVAL", os.truncate, made_fifo(p / "q"), 0)
    os.symlink("loop", p / "loop")
    fails("ELOOP", os.truncate, p / "loop", 1)
    fd = os.open(p / "d", os.O_RDONLY)
    fails("EINVAL|EBADF", os.ftruncate, fd, 0)
    os.close(fd)
    fails("EBADF", os.ftruncate, fd, 0)


@case()
def files_larger_than_the_limit(p):
    import resource
    import signal

    path = p.file("f")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        os.truncate(path, 100_000)
        fails("EFBIG", os.truncate, path, 100_001)
        fd = os.open(path, os.O_WRONLY)
        same(1, os.pwrite(fd, b"xy", 99_999))
        fails("EFBIG", os.pwrite, fd, b"x", 100_000)
        fails("EFBIG", os.posix_fallocate, fd, 0, 100_001)
        os.close(fd)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    same(100_000, os.stat(path).st_size)


@case()
def allocating_what_cannot_be(p):
    fd = os.open(p.file("f"), os.O_RDWR)
    fails("EINVAL", os.posix_fallocate, fd, 0, 0)
    fails("EINVAL", os.posix_fallocate, fd, -1, 10)
    fails("EINVAL", os.posix_fallocate, fd, 0, -1)
    os.posix_fallocate(fd, 10, 20)
    same(30, os.fstat(fd).st_size)
    os.posix_fallocate(fd, 0, 5)
    same(30, os.fstat(fd).st_size, "it gets no smaller")
    os.close(fd)
    reader = os.open(p / "f", os.O_RDONLY)
    fails("EBADF", os.posix_fallocate, reader, 0, 10)
    os.close(reader)


@case()
def sockets_are_not_opened(p):
    with socket.socket(socket.AF_UNIX) as listening:
        # A socket's whole path may be too long for its address; users may not get back to where they came from.
        os.chdir(p.folder("d"))
        try:
            listening.bind("s")
        finally:
            os.chdir("/")
        assert stat.S_ISSOCK(os.lstat(p / "d/s").st_mode)
        for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR):
            fails("ENXIO", touch, p / "d/s", flags)
    os.rename(p / "d/s", p / "moved")
    os.unlink(p / "moved")


@case("root")
def setting_the_group_id_bit_of_anothers_group(p):
    path = p.file("f")
    os.chown(path, ALICE, 0)
    p.alice(os.chmod, path, 0o2755)
    same(0o755, mode_of(path), "the owner is not in the group: the bit goes")
    os.chown(path, ALICE, ALICE)
    p.alice(os.chmod, path, 0o2755)
    same(0o2755, mode_of(path))
    p.alice(os.chmod, path, 0o1644)
    assert mode_of(path) in (0o1644, 0o644)


# ---------------------------------------------------------------------------------------------------------

def run(directory, names=()):
    """Runs the table; yields (name, what is wrong or None)."""
    privileged = os.geteuid() == 0
    # The actors inherit it, so whatever the caller's umask is does not matter.
    before = os.umask(0o022)
    players = {}
    if privileged:
        players = {"root": Actor(0, 0), "alice": Actor(ALICE, ALICE), "bob": Actor(BOB, BOB)}
    else:
        players = {"root": here, "alice": here, "bob": here}
    try:
        for name, needs, function in CASES:
            if (names and name not in names) or ("root" in needs and not privileged):
                continue
            place = os.path.join(directory, name)
            os.mkdir(place)
            begun = time.monotonic()
            try:
                function(Place(place, **players))
                yield name, None
            except (Failed, AssertionError, OSError) as e:
                yield name, f"{type(e).__name__}: {e}" if not isinstance(e, Failed) else str(e)
            shutil.rmtree(place, ignore_errors=True)
            if os.environ.get("TIMES") and time.monotonic() - begun > 0.3:
                print(f"    {name}: {time.monotonic() - begun:.1f} s")
    finally:
        os.umask(before)
        # The later ones hold the streams of those before them open.
        for player in reversed(players.values()):
            if isinstance(player, Actor):
                player.end()


def main():
    passed = failed = 0
    for name, wrong in run(sys.argv[1], sys.argv[2:]):
        passed, failed = (passed, failed + 1) if wrong else (passed + 1, failed)
        if wrong:
            print(f"{name}: {wrong}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
