# SPDX-License-Identifier: GPL-2.0-or-later
"""Fills filesystems of ours through a mount on this machine: every operation of tree-writer, and what only commands can do."""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

from . import reading
from .guest import GuestFailure

ROUNDS = 2
SECONDS = 300
OPTIONS = (("compression", ("none", "lz4", "gzip:3", "zstd")), ("data_checksum", ("none", "crc32c", "crc64", "xxhash")), ("nocow", ("0", "1")))


def missing():
    """Why nothing can be mounted here, or None."""
    if not os.path.exists("/dev/fuse"):
        return "there is no /dev/fuse"
    if os.geteuid() != 0:
        return "mounting needs root"
    return None if shutil.which("setfattr") else "setfattr is not installed"


class Mount:
    """A mount of some members, gone whatever happens."""

    def __init__(self, images):
        self.images = images

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="jbcachefs-fill-"))
        done = reading.jbcachefs("mount", ":".join(map(str, self.images)), self.directory, "-o", "rw")
        if done.returncode:
            os.rmdir(self.directory)
            raise GuestFailure("\n".join(reading.complaint(done)))
        return self

    def __exit__(self, *_):
        if os.path.ismount(self.directory):
            self.kill()
        os.rmdir(self.directory)

    def umount(self):
        """Ends it as it should end."""
        command(True, "umount", self.directory)

    def kill(self):
        """Ends the daemon as a power cut of its own would."""
        for daemon in self.daemons():
            os.kill(daemon, signal.SIGKILL)
        subprocess.run(["umount", "-l", self.directory], check=True)
        while self.daemons():
            time.sleep(0.05)

    def daemons(self):
        """Processes that serve it."""
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = pathlib.Path("/proc", entry, "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"org.jbcachefs.cli.Cli" in words and os.fsencode(self.directory) in words:
                found.append(int(entry))
        return found


def command(must, *words):
    """Runs a command of ours; whether it did what it should. One that must do so ends the stage if not."""
    done = reading.jbcachefs(*words)
    if must and done.returncode:
        raise GuestFailure("\n".join(reading.complaint(done)))
    return done.returncode == 0


def fill(images, seed, operations, killed, writer):
    """Mounts them, lets the program tree-writer do that many operations with commands of ours in between, and unmounts, or
    kills the daemon in the middle of some more."""
    chance = random.Random(seed)
    with Mount(images) as mount:
        for turn in range(ROUNDS):
            place = mount.directory / f"r{turn}"
            command(True, "subvolume", "create", place)
            write(writer, place, seed * 10 + turn, operations // ROUNDS)
            commands(mount.directory, place, turn, chance)
            write(writer, place, seed * 10 + turn + ROUNDS, operations // ROUNDS)
        fd = os.open(mount.directory, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)
        if not killed:
            mount.umount()
            return
        with subprocess.Popen([writer, mount.directory / "r0", str(seed * 10 + 7), "1000000"], stdout=subprocess.DEVNULL) as more:
            time.sleep(chance.random() * 4)
            mount.kill()
            more.wait(SECONDS)


def write(writer, place, seed, operations):
    """Lets the program do its operations."""
    done = subprocess.run([writer, place, str(seed), str(operations)], capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        raise GuestFailure(f"through our mount: {done.stdout[-500:]}{done.stderr[-500:]}")


def commands(top, place, turn, chance):
    """Snapshots, options, shared and moved ranges: what FUSE does not carry."""
    command(True, "subvolume", "snapshot", place, top / f"s{turn}")
    command(True, "subvolume", "snapshot", "-r", place, top / f"t{turn}")
    if turn > 0:
        command(True, "subvolume", "delete", top / f"s{turn - 1}")
    for option, values in OPTIONS[turn::ROUNDS]:
        folder = place / f"with-{option}"
        os.mkdir(folder)
        subprocess.run(["setfattr", "-n", f"bcachefs.{option}", "-v", chance.choice(values), folder], check=True)
        (folder / "file").write_bytes(bytes(chance.choices(range(256), k=4096)) * chance.randint(3, 60))
        (folder / "clone").touch()
        command(True, "file", "clone", folder / "file", folder / "clone")
        command(True, "subvolume", "snapshot", place, top / f"u{turn}-{option}")
        command(True, "file", "insert-range", folder / "file", "4096", str(4096 * chance.randint(1, 9)))
        command(True, "file", "collapse-range", folder / "clone", "4096", "4096")
        with open(folder / "file", "r+b") as file:
            file.seek(chance.randint(0, 9000))
            file.write(bytes(chance.choices(range(256), k=5000)))
