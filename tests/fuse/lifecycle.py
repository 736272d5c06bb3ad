# SPDX-License-Identifier: GPL-2.0-or-later
"""Mounting and unmounting in every way, and what becomes of processes when things end badly."""
import contextlib
import errno
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading

import mounts
from golden import NOBODY
from mounts import COMMAND, Mountpoint, daemons, jbcachefs, mounted, wait_until

IMAGE = "multi-file-tree"
INCOMPLETE = "degraded"


def mount(directory, options="ro", user=None, image=IMAGE):
    made = jbcachefs("mount", ":".join(mounts.images(image, user)), directory, "-o", options, user=user)
    assert made.returncode == 0, made.stderr
    assert mounted(directory), "mount ended with 0, but nothing is mounted"


def quiet(directory):
    assert not mounted(directory), "is mounted still"
    wait_until("the daemon ends", lambda: not daemons(directory))


def listable(directory):
    return len(os.listdir(directory)) > 0


def mount_and_umount(transport):
    """jbcachefs umount returns when the daemon has closed its devices."""
    with Mountpoint() as directory:
        mount(directory, f"ro,transport={transport}")
        assert listable(directory)
        tried = jbcachefs("umount", "--dry-run", directory)
        assert (tried.returncode, tried.stdout) == (0, f"would unmount {os.path.realpath(directory)}\n"), tried
        assert listable(directory)
        ended = jbcachefs("umount", directory)
        assert ended.returncode == 0, ended.stderr
        assert not mounted(directory)
        tried = jbcachefs("umount", "--dry-run", directory)
        assert tried.returncode == 1 and "no jbcachefs is mounted here" in tried.stderr, tried
        # The lock is released after the devices; only the process itself may take a little longer.
        quiet(directory)


def umount_of_util_linux(transport):
    """umount(8) works, too, and the daemon ends by itself."""
    with Mountpoint() as directory:
        mount(directory, f"ro,transport={transport}")
        subprocess.run(["umount", directory], check=True)
        quiet(directory)


def as_a_user(transport):
    """An ordinary user mounts and unmounts through fusermount3."""
    with Mountpoint(NOBODY) as directory:
        mount(directory, f"ro,transport={transport}", user=NOBODY)
        seen = subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "ls", directory],
                              check=True, capture_output=True).stdout
        assert seen, "the user sees nothing"
        try:
            os.listdir(directory)
            raise AssertionError("root sees a user's mount without allow_other")
        except PermissionError:
            pass
        ended = jbcachefs("umount", directory, user=NOBODY)
        assert ended.returncode == 0, ended.stderr
        quiet(directory)


def users_helper_unmounts(transport):
    """fusermount3 -u ends a user's mount."""
    with Mountpoint(NOBODY) as directory:
        mount(directory, f"ro,transport={transport}", user=NOBODY)
        subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                        "fusermount3", "-u", directory], check=True)
        quiet(directory)


@contextlib.contextmanager
def installed():
    """The command where mount.fuse3 looks for it: that has a PATH of its own."""
    place = pathlib.Path("/usr/local/sbin/jbcachefs")
    os.symlink(COMMAND, place)
    try:
        yield
    finally:
        place.unlink()


def by_mount_8(transport):
    """mount -t fuse.jbcachefs, through mount.fuse3."""
    with Mountpoint() as directory, installed():
        subprocess.run(["mount", "-t", "fuse.jbcachefs", ":".join(mounts.images(IMAGE)), directory, "-o",
                        f"ro,nosuid,x-systemd.automount,_netdev,nofail,noatime,transport={transport}"], check=True)
        wait_until("the directory is mounted", lambda: mounted(directory))
        with open("/proc/self/mountinfo", encoding="utf-8") as lines:
            entry = next(line.split() for line in lines if line.split()[4] == directory)
        assert "fuse.jbcachefs" in entry, entry
        for word in ("ro", "nosuid", "noatime"):
            assert word in entry[5].split(","), entry
        assert listable(directory)
        subprocess.run(["umount", directory], check=True)
        quiet(directory)


def by_its_helper_name(transport):
    """mount.jbcachefs, as mount(8) calls its helpers."""
    with Mountpoint() as directory, tempfile.TemporaryDirectory() as path:
        helper = pathlib.Path(path, "mount.jbcachefs")
        os.symlink(COMMAND, helper)
        subprocess.run([helper, ":".join(mounts.images(IMAGE)), directory, "-n", "-o", f"ro,transport={transport}",
                        "-t", "jbcachefs"], check=True)
        assert listable(directory)
        assert jbcachefs("umount", directory).returncode == 0
        quiet(directory)


def in_the_foreground(transport):
    """--foreground stays until SIGTERM, which unmounts."""
    with Mountpoint() as directory:
        process = subprocess.Popen([COMMAND, "mount", "--foreground", ":".join(mounts.images(IMAGE)), directory, "-o",
                                    f"ro,transport={transport}"])
        wait_until("the directory is mounted", lambda: mounted(directory))
        assert listable(directory)
        process.terminate()
        process.wait(20)
        quiet(directory)


def terminated_in_the_background(transport):
    """SIGTERM to the daemon unmounts, even while a file is open."""
    with Mountpoint() as directory:
        mount(directory, f"ro,transport={transport}")
        with open(some_file(directory), "rb") as held:
            held.read(1)
            os.kill(daemons(directory)[0], signal.SIGTERM)
            wait_until("it is unmounted", lambda: not mounted(directory))
        quiet(directory)


def some_file(directory):
    for folder, _, files in os.walk(directory):
        for name in sorted(files):
            path = os.path.join(folder, name)
            if os.path.isfile(path) and os.path.getsize(path) > 0:
                return path
    raise AssertionError("no file with data")


def busy(transport):
    """A mount in use is not unmounted, says so, and goes on; lazily it goes when its user has gone."""
    with Mountpoint() as directory:
        mount(directory, f"ro,transport={transport}")
        with open(some_file(directory), "rb") as held:
            refused = jbcachefs("umount", directory)
            assert refused.returncode == 1 and "busy" in refused.stderr, refused
            assert held.read(1)
            assert jbcachefs("umount", "-l", directory).returncode == 0
            assert not mounted(directory)
            held.seek(0)
            assert held.read(1), "what was open cannot be read any more"
        quiet(directory)


class Load:
    """Threads that walk and read the tree until told to stop, or until it goes away."""

    def __init__(self, directory, threads=6):
        self.directory = directory
        self.stopping = False
        self.files = 0
        self.errors = set()
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self):
        while not self.stopping:
            for folder, _, files in os.walk(self.directory):
                for name in files:
                    if self.stopping:
                        return
                    try:
                        with open(os.path.join(folder, name), "rb") as file:
                            file.read()
                        self.files += 1
                    except OSError as e:
                        self.errors.add(e.errno)
                        if e.errno in (errno.ENOTCONN, errno.ECONNABORTED, errno.ENOENT):
                            return

    def finish(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in self.threads), "a reader hangs"


def unmounted_under_load(transport):
    """umount -l under load: readers get answers or errors, none hangs, the daemon ends."""
    with Mountpoint() as directory:
        mount(directory, f"ro,transport={transport}")
        load = Load(directory)
        wait_until("files are read", lambda: load.files > 500, 60)
        subprocess.run(["umount", "-l", directory], check=True)
        load.finish()
        assert errno.EIO not in load.errors, "input/output errors"
        quiet(directory)


def killed_under_load(transport):
    """kill -9: everybody gets ENOTCONN, nobody hangs, and umount -l clears the place."""
    with Mountpoint() as directory:
        mount(directory, f"ro,transport={transport}")
        load = Load(directory)
        wait_until("files are read", lambda: load.files > 500, 60)
        os.kill(daemons(directory)[0], signal.SIGKILL)
        wait_until("the connection is gone", lambda: dead(directory))
        load.finish()
        subprocess.run(["umount", "-l", directory], check=True)
        quiet(directory)


def dead(directory):
    try:
        os.statvfs(directory)
        return False
    except OSError as e:
        return e.errno in (errno.ENOTCONN, errno.ECONNABORTED)


def exit_codes(_):
    """mount(8)'s: 1 for wrong words, 32 for what cannot be mounted."""
    with Mountpoint() as directory:
        image = mounts.images(IMAGE)[0]
        written = os.stat(image).st_mtime_ns
        for words, code, said in (
                ([image], 0, ""),
                ([], 1, "DEVS"),
                ([image, "-o", "ro"], 0, ""),
                ([image, directory, "-o", "no_such_option"], 1, "no_such_option"),
                ([image, directory, "-o", "transport=pigeon"], 1, "transport"),
                ([image, directory, "-o", "degraded=perhaps"], 1, "degraded"),
                ([image + ".missing", directory], 32, "no such file"),
                ([image, directory + "/missing"], 32, "no such file"),
                ([image, image], 32, "not a directory"),
                (["/dev/null", directory], 32, "")):
            ended = jbcachefs("mount", *words)
            assert ended.returncode == code, (words, ended)
            assert said in ended.stderr, (words, ended)
            assert "Exception" not in ended.stderr, ended.stderr
            assert not mounted(directory)
            assert os.stat(image).st_mtime_ns == written, (words, "nothing was mounted, and something was written")


def incomplete(_):
    """Missing members: refused unless -o degraded says otherwise; asking needs a terminal."""
    devices = ":".join(mounts.images(INCOMPLETE))
    with Mountpoint() as directory:
        for option in ("ro", "ro,degraded=ask", "ro,degraded=no"):
            ended = jbcachefs("mount", devices, directory, "-o", option, start_new_session=True)
            assert ended.returncode == 32 and "device 2" in ended.stderr, ended
        for option in ("ro,degraded", "ro,degraded=yes", "ro,degraded=very"):
            mount(directory, option, image=INCOMPLETE)
            assert jbcachefs("umount", directory).returncode == 0


def nothing_there(_):
    """umount of what is not mounted says so."""
    with Mountpoint() as directory:
        ended = jbcachefs("umount", directory)
        assert ended.returncode == 1 and "no jbcachefs is mounted" in ended.stderr, ended


EACH_TRANSPORT = (mount_and_umount, umount_of_util_linux, as_a_user, users_helper_unmounts, by_mount_8, by_its_helper_name,
                  in_the_foreground, terminated_in_the_background, busy, unmounted_under_load, killed_under_load)
ONCE = (exit_codes, incomplete, nothing_there)


def run(ring, names):
    passed = failed = 0
    cases = [(case, transport) for case in EACH_TRANSPORT for transport in ring.transports]
    cases += [(case, None) for case in ONCE]
    for case, transport in cases:
        if names and case.__name__ not in names:
            continue
        if case is by_mount_8 and not (shutil.which("mount.fuse3") or os.path.exists("/sbin/mount.fuse3")):
            print("by_mount_8: FAILED: mount.fuse3 is not installed")
            failed += 1
            continue
        over = f" over {transport}" if transport else ""
        try:
            case(transport)
            passed += 1
            print(f"{case.__name__}{over}: passed", flush=True)
        except (AssertionError, OSError, subprocess.SubprocessError) as e:
            failed += 1
            print(f"{case.__name__}{over}: FAILED: {type(e).__name__}: {e}", flush=True)
    return passed, failed
