# SPDX-License-Identifier: GPL-2.0-or-later
"""Mounting read-write: what POSIX promises, random operations against a model, what fsync promises, and after each
of them fsck -n and verify of what is left on the devices."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

import mounts
from mounts import COMMAND, Mountpoint, daemons, jbcachefs, mounted, wait_until

HERE = pathlib.Path(__file__).resolve().parent
NIGHTLY = os.environ.get("JBCACHEFS_NIGHTLY") == "true"
SEED_BASE = int(os.environ.get("JBCACHEFS_SEED_BASE", "1"))
NOBODY = 65534
FSX_OPERATIONS = int(os.environ.get("JBCACHEFS_FSX_OPERATIONS", "1000000" if NIGHTLY else "100000"))
# For images whose durability is nobody's question.
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
# How often a new file may end early before it counts.
EARLY_ENDS = 5


class Filesystem:
    """New images of a size, formatted, and where they get mounted; nothing of them stays behind."""

    def __init__(self, transport, options=(), devices=1, megabytes=512, user=None, folder=None):
        self.place = folder
        self.transport, self.options, self.user = transport, options, user
        self.devices, self.megabytes = devices, megabytes
        self.passphrase = None

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="jbcachefs-rw-", dir=self.place or mounts.reachable(self.user))
        self.images = [os.path.join(self.folder.name, f"image{i}") for i in range(self.devices)]
        for image in self.images:
            with open(image, "wb") as file:
                file.truncate(self.megabytes << 20)
        made = jbcachefs("format", *self.options, *self.images)
        assert made.returncode == 0, made.stderr
        if self.user is not None:
            os.chmod(self.folder.name, 0o755)
            for image in self.images:
                os.chown(image, self.user, self.user)
        self.point = Mountpoint(self.user)
        self.directory = self.point.__enter__()
        return self

    def __exit__(self, *_):
        for daemon in daemons(self.directory):
            os.kill(daemon, signal.SIGKILL)
        self.point.__exit__()
        self.folder.cleanup()

    def mount(self, options="rw"):
        made = jbcachefs("mount", ":".join(self.images), self.directory, "-o",
                         f"{options},transport={self.transport}", user=self.user)
        assert made.returncode == 0, made.stderr
        assert mounted(self.directory), "mount ended with 0, but nothing is mounted"

    def umount(self):
        ended = jbcachefs("umount", self.directory, user=self.user)
        assert ended.returncode == 0, ended.stderr

    def kill(self):
        """The daemon dies as at a power cut of its own; everybody else gets an error."""
        for daemon in daemons(self.directory):
            os.kill(daemon, signal.SIGKILL)
        subprocess.run(["umount", "-l", self.directory], check=True)
        wait_until("the daemon is gone", lambda: not daemons(self.directory))

    def check(self):
        """What our own tools say of what is on the devices."""
        looked = jbcachefs("fsck", "-n", *self.images)
        assert looked.returncode == 0, f"fsck -n ends with {looked.returncode}: {looked.stdout[-2000:]}{looked.stderr}"
        read = jbcachefs("verify", *self.images)
        assert read.returncode == 0, f"verify ends with {read.returncode}: {read.stdout[-2000:]}{read.stderr}"

    def check_mounted(self):
        """fsck -n of what is mounted read-only, and at rest."""
        looked = jbcachefs("fsck", "-n", *self.images)
        assert looked.returncode == 0, f"fsck -n ends with {looked.returncode}: {looked.stdout[-2000:]}{looked.stderr}"

    def __truediv__(self, name):
        return os.path.join(self.directory, name)


def posix_cases(filesystem, user=None):
    line = [mounts.interpreter(user), mounts.readable(user, HERE / "posix.py"), filesystem.directory]
    if user is not None:
        line = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *line]
    ended = subprocess.run(line, capture_output=True, text=True, check=False, timeout=mounts.SECONDS)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-1000:]
    print(f"    {ended.stdout.strip().splitlines()[-1]}")


def posix_as_root(transport):
    """The table of what POSIX promises, as root, who plays users too."""
    with Filesystem(transport) as filesystem:
        filesystem.mount()
        posix_cases(filesystem)
        filesystem.umount()
        filesystem.check()


def posix_as_a_user(transport):
    """The same as an ordinary user who mounts for himself."""
    with Filesystem(transport, user=NOBODY) as filesystem:
        filesystem.user = None
        filesystem.mount()
        os.chown(filesystem.directory, NOBODY, NOBODY)
        filesystem.umount()
        filesystem.user = NOBODY
        filesystem.mount()
        posix_cases(filesystem, NOBODY)
        filesystem.umount()
        filesystem.check()


def exerciser():
    """The program that does random operations; CMake makes it, or else the compiler here."""
    built = mounts.TOP / "build" / "tests" / "fuse" / "fsx"
    if built.exists() and built.stat().st_mtime >= (HERE / "fsx.c").stat().st_mtime:
        return str(built)
    made = os.path.join(mounts.shared(None), "fsx")
    if not os.path.exists(made):
        subprocess.run(["cc", "-O2", "-o", made, str(HERE / "fsx.c")], check=True)
    return made


def random_operations(transport):
    """Random reads, writes, truncations, holes, copies and mappings against a model in memory: 100,000 operations over
    both transports together, 1,000,000 nightly."""
    kinds = ((), ("--encrypted", "--no_passphrase")) if transport == "dev" else (
        ("--compression=lz4",), ("--data_checksum=xxhash", "--compression=zstd"))
    operations = FSX_OPERATIONS // 4
    for number, options in enumerate(kinds):
        seed = SEED_BASE + number
        with Filesystem(transport, options, folder=MEMORY) as filesystem:
            filesystem.mount()
            begun = time.monotonic()
            done = subprocess.run([exerciser(), filesystem / "file", str(seed), str(operations)], check=False,
                                  capture_output=True, text=True, timeout=6000)
            assert done.returncode == 0, (
                f"{' '.join(options)}: {done.stdout}{done.stderr}\n    reproduce: format {' '.join(options)} IMAGE, mount it with "
                f"-o transport={transport}, then fsx FILE {seed} {operations}")
            print(f"    {' '.join(options) or 'no options'}: {done.stdout.strip()}, {time.monotonic() - begun:.1f} s", flush=True)
            filesystem.umount()
            filesystem.check()


def two_copies(transport):
    """Two devices with two replicas: written, and read from either one alone."""
    with Filesystem(transport, ("--replicas=2",), devices=2, megabytes=256) as filesystem:
        filesystem.mount()
        data = os.urandom(3_000_000)
        with open(filesystem / "file", "wb") as file:
            file.write(data)
        filesystem.umount()
        filesystem.check()
        for image in filesystem.images:
            shown = subprocess.run([COMMAND, "cat", image, "/file"], capture_output=True, check=False)
            assert shown.stdout == data, shown.stderr


def what_was_synced_survives(transport):
    """kill -9 of the daemon: what fsync was told is there, names too, and the rest is sound."""
    with Filesystem(transport) as filesystem:
        known = {}
        for turn in range(3):
            filesystem.mount()
            for path, data in known.items():
                with open(filesystem / path, "rb") as file:
                    assert file.read() == data, f"{path}: something else after kill -9"
            os.mkdir(filesystem / f"d{turn}")
            for number in range(20):
                path, data = f"d{turn}/f{number}", os.urandom(1 + number * number * 700)
                fd = os.open(filesystem / path, os.O_CREAT | os.O_WRONLY)
                os.write(fd, data)
                if number % 2 == 0:
                    os.fsync(fd)
                    known[path] = data
                os.close(fd)
            fd = os.open(filesystem / f"d{turn}", os.O_RDONLY)
            os.rename(filesystem / f"d{turn}/f0", filesystem / f"d{turn}/renamed")
            os.fsync(fd)
            os.close(fd)
            known[f"d{turn}/renamed"] = known.pop(f"d{turn}/f0")
            fd = os.open(filesystem / f"d{turn}/unlinked", os.O_CREAT | os.O_RDWR)
            os.write(fd, b"x" * 100_000)
            os.unlink(filesystem / f"d{turn}/unlinked")
            os.fsync(fd)
            filesystem.kill()
        filesystem.mount()
        for path, data in known.items():
            with open(filesystem / path, "rb") as file:
                assert file.read() == data, f"{path}: something else after kill -9"
        filesystem.umount()
        filesystem.check()


def filled_to_the_last_block(transport):
    """Full, then emptied, and again, five times (20 nightly): the same room each time, and df says the same; with and
    without snapshots and compression."""
    for options, snapshots in (((), False), ((), True), (("--compression=lz4",), False), (("--compression=lz4",), True)):
        with Filesystem(transport, options, megabytes=96) as filesystem:
            fill_and_empty(filesystem, " ".join(options) or "no options", snapshots)


def fill_and_empty(filesystem, name, snapshots):
    filesystem.mount()
    empty, first = free(filesystem), None
    for round in range(20 if NIGHTLY else 5):
        where = f"{name}, {'with' if snapshots else 'without'} snapshots, round {round}"
        fd = os.open(filesystem / "big", os.O_CREAT | os.O_WRONLY)
        written = fill(fd)
        for _ in range(EARLY_ENDS):
            if written > empty * 3 // 4:
                break
            # Seen now and then on busy machines right after much was deleted; a second later there is room.
            print(f"    no room after {written} bytes, though {free(filesystem)} are free: tried again", flush=True)
            time.sleep(1)
            written += fill(fd)
        os.close(fd)
        first = first or written
        assert written > max(empty * 3 // 4, first - (2 << 20)), f"{where}: only {written} of {empty} bytes had room, {first} at first"
        if snapshots:
            # What is deleted stays in the snapshot until that is gone, too.
            made = jbcachefs("subvolume", "snapshot", filesystem.directory, filesystem / "snapshot")
            if made.returncode != 0:
                # A full filesystem may have no room for that.
                assert "ENOSPC" in made.stderr or "space" in made.stderr, made
        os.unlink(filesystem / "big")
        if snapshots and os.path.isdir(filesystem / "snapshot"):
            gone = jbcachefs("subvolume", "delete", filesystem / "snapshot")
            assert gone.returncode == 0, f"{where}: {gone.stderr}"
        wait_until(f"as much is free again as before: {where}", lambda: free(filesystem) > empty - (2 << 20), 60)
    put(filesystem / "after", b"room" * 1000)
    filesystem.umount()
    filesystem.check()


def fill(fd):
    """Writes until there is no room; how much."""
    written = 0
    try:
        while True:
            written += os.write(fd, os.urandom(1 << 20))
            os.fsync(fd)
    except OSError as e:
        assert e.errno == 28, e
    return written


def free(filesystem):
    seen = os.statvfs(filesystem.directory)
    return seen.f_bfree * seen.f_frsize


def subvolumes_and_snapshots(_):
    """Commands change a mounted filesystem, and the kernel shows at once what they did."""
    with Filesystem("dev") as filesystem:
        filesystem.mount()

        def command(*words, code=0):
            ended = jbcachefs("subvolume", *words)
            assert ended.returncode == code, (words, ended)
            return ended.stdout + ended.stderr

        assert not os.path.exists(filesystem / "sub"), "now the kernel knows that there is no such name"
        command("create", filesystem / "sub")
        assert os.listdir(filesystem / "sub") == []
        assert "exists" in command("create", filesystem / "sub", code=1)
        put(filesystem / "sub/file", b"before")
        held = open(filesystem / "sub/file", "rb")
        command("snapshot", "-r", filesystem / "sub", filesystem / "frozen")
        command("snapshot", filesystem / "sub", filesystem / "thawed")
        put(filesystem / "sub/file", b"after!")
        put(filesystem / "thawed/file", b"other")
        assert [get(filesystem / name) for name in ("frozen/file", "sub/file", "thawed/file")] == [b"before", b"after!", b"other"]
        assert held.read() == b"after!", "a file that was open before the snapshot is the subvolume's"
        held.close()
        try:
            put(filesystem / "frozen/file", b"no")
            raise AssertionError("a read-only snapshot could be written to")
        except OSError as e:
            assert e.errno == 30, e
        listed = command("list", "-s", filesystem.directory)
        assert all(name in listed for name in ("sub", "frozen", "thawed")), listed
        assert "ro" in listed, listed
        put(filesystem / "sub/dirty", b"d" * 1_000_000)
        command("snapshot", filesystem / "sub", filesystem / "late")
        assert get(filesystem / "late/dirty") == b"d" * 1_000_000
        command("delete", filesystem / "sub", filesystem / "late")
        assert sorted(os.listdir(filesystem.directory)) == ["frozen", "lost+found", "thawed"]
        assert get(filesystem / "frozen/file") == b"before"
        command("delete", filesystem.directory + "/lost+found", code=1)
        used = jbcachefs("fs", "usage", filesystem.directory)
        assert used.returncode == 0 and "Used" in used.stdout, used
        filesystem.umount()
        filesystem.check()


def put(path, data):
    with open(path, "wb") as file:
        file.write(data)


def get(path):
    with open(path, "rb") as file:
        return file.read()


def locked_against_others(_):
    """A second mount of the same devices is refused, and so is fsck that would write."""
    with Filesystem("dev") as filesystem, Mountpoint() as other:
        filesystem.mount()
        refused = jbcachefs("mount", ":".join(filesystem.images), other, "-o", "rw")
        assert refused.returncode == 32 and "in use" in refused.stderr, refused
        assert not mounted(other)
        filesystem.umount()


def read_only(_):
    """ro, nochanges and norecovery: nothing can be changed, and nothing is."""
    with Filesystem("dev") as filesystem:
        filesystem.mount()
        with open(filesystem / "file", "wb") as file:
            file.write(b"text")
        filesystem.umount()
        before = digest(filesystem.images)
        for option in ("ro", "nochanges", "norecovery"):
            filesystem.mount(option)
            try:
                open(filesystem / "file", "ab")
                raise AssertionError(f"-o {option}: a file could be opened for writing")
            except OSError as e:
                assert e.errno == 30, e
            with open(filesystem / "file", "rb") as file:
                assert file.read() == b"text"
            filesystem.umount()
        assert digest(filesystem.images) == before, "a read-only mount changed the devices"


def checked_and_repaired_while_it_is_used(_):
    """fsck of what is mounted, in its daemon: nothing of what changes meanwhile is a problem; repairs go on beside."""
    with Filesystem("dev") as filesystem:
        filesystem.mount()
        ended = threading.Event()
        done = [0]

        def work():
            while not ended.is_set():
                done[0] += 1
                name = filesystem / f"file{done[0] * 7 % 40}"
                put(name, os.urandom(done[0] * 997 % 90_000))
                if done[0] % 3 == 0:
                    os.unlink(name)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            for named in ([filesystem.directory], filesystem.images):
                before = done[0]
                looked = jbcachefs("fsck", "-n", *named)
                assert looked.returncode == 0, looked.stdout[-2000:] + looked.stderr
                assert done[0] > before, "nothing was changed meanwhile"
        finally:
            ended.set()
            worker.join()
        put(filesystem / "kept", b"k" * 200_000)
        filesystem.umount()
        listed = jbcachefs("list", "-b", "backpointers", *filesystem.images).stdout
        pointer = next(line for line in listed.splitlines() if "btree=extents" in line).split()[4].rsplit(":", 1)[0]
        edited = jbcachefs("edit", "--yes-i-understand", "-e", f"delete backpointers {pointer}", *filesystem.images)
        assert edited.returncode == 0, edited.stderr
        filesystem.mount()
        looked = jbcachefs("fsck", "-n", filesystem.directory)
        assert looked.returncode == 4 and "ptr_to_missing_backpointer" in looked.stdout, looked.stdout + looked.stderr
        mended = jbcachefs("fsck", "-y", filesystem.directory)
        assert mended.returncode == 1, f"{mended.returncode}: {mended.stdout}{mended.stderr}"
        assert get(filesystem / "kept") == b"k" * 200_000
        looked = jbcachefs("fsck", "-n", filesystem.directory)
        assert looked.returncode == 0, looked.stdout + looked.stderr
        filesystem.umount()
        filesystem.check()


def digest(images):
    return [subprocess.run(["sha256sum", image], check=True, capture_output=True).stdout for image in images]


def ended_by_a_signal(transport):
    """SIGTERM to the daemon: everything is written, and the filesystem is clean, though a file is open."""
    with Filesystem(transport) as filesystem:
        filesystem.mount()
        file = open(filesystem / "file", "wb")
        file.write(b"a" * 5_000_000)
        file.flush()
        (daemon,) = daemons(filesystem.directory)
        os.kill(daemon, signal.SIGTERM)
        wait_until("the daemon has ended", lambda: not daemons(filesystem.directory), 40)
        assert not mounted(filesystem.directory)
        try:
            file.close()
        except OSError:
            pass
        filesystem.check()
        filesystem.mount("ro")
        assert os.path.getsize(filesystem / "file") == 5_000_000
        filesystem.umount()


EACH_TRANSPORT = (posix_as_root, random_operations, what_was_synced_survives)
ONCE = (posix_as_a_user, two_copies, filled_to_the_last_block, ended_by_a_signal, subvolumes_and_snapshots,
        locked_against_others, read_only, checked_and_repaired_while_it_is_used)


def run(ring, names):
    import background  # they use what is here
    import newest
    import ranges
    import programs
    import quotas
    import remount

    passed = failed = 0
    cases = [(case, transport) for case in EACH_TRANSPORT for transport in ring.transports]
    cases += [(case, "dev") for case in ONCE + remount.CASES + quotas.CASES + programs.CASES + background.CASES + ranges.CASES
              + newest.CASES]
    for case, transport in cases:
        if names and case.__name__ not in names:
            continue
        begun = time.monotonic()
        try:
            case(transport)
            passed += 1
            print(f"{case.__name__} over {transport}: passed in {time.monotonic() - begun:.1f} s", flush=True)
        except (AssertionError, OSError, subprocess.SubprocessError) as e:
            failed += 1
            print(f"{case.__name__} over {transport}: FAILED: {type(e).__name__}: {e}", flush=True)
    return passed, failed
