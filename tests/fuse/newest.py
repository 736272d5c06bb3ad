# SPDX-License-Identifier: GPL-2.0-or-later
"""Filesystems of version 1.39 through the mount: written, cut off, written again, and each time what is there compared."""
import os
import subprocess

from mounts import jbcachefs


def fill(folder):
    """A tree with something of every kind; what it is like comes from names alone."""
    os.makedirs(folder, exist_ok=True)
    for number in range(40):
        inner = os.path.join(folder, f"d{number % 5}")
        os.makedirs(inner, exist_ok=True)
        with open(os.path.join(inner, f"file-{number}"), "wb") as file:
            file.write(bytes([number]) * (number * 7919))
    with open(os.path.join(folder, "sparse"), "wb") as file:
        file.truncate(30_000_000)
        file.seek(20_000_000)
        file.write(b"middle")
    os.symlink("d1/file-1", os.path.join(folder, "symlink"))
    os.link(os.path.join(folder, "d2", "file-2"), os.path.join(folder, "hardlink"))
    os.mkfifo(os.path.join(folder, "fifo"))
    os.setxattr(os.path.join(folder, "d3", "file-3"), "user.note", b"kept")
    os.chmod(os.path.join(folder, "d4", "file-4"), 0o640)


def tree(folder):
    """Everything below that folder: names, types, modes, links, sizes, xattrs, contents."""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in sorted(folders) + sorted(files):
            path = os.path.join(place, name)
            status = os.lstat(path)
            kept = [status.st_mode, status.st_nlink if not os.path.isdir(path) else 0]
            if os.path.islink(path):
                kept.append(os.readlink(path))
            elif os.path.isfile(path):
                kept.append({key: os.getxattr(path, key) for key in os.listxattr(path) if key.startswith("user.")})
                with open(path, "rb") as file:
                    kept.append(file.read())
            found[os.path.relpath(path, folder)] = kept
    return found


def command(*words):
    done = jbcachefs(*words)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def version_1_39(transport):
    """A tree, a snapshot, changes, a killed daemon: the filesystem stays at 1.39 and sound, and everything is there."""
    from rw import MEMORY, Filesystem

    with Filesystem(transport, ("--version=1.39",), megabytes=256, folder=MEMORY) as filesystem:
        filesystem.mount()
        command("subvolume", "create", filesystem / "work")
        fill(filesystem / "work")
        before = tree(filesystem / "work")
        command("subvolume", "snapshot", filesystem / "work", filesystem / "then")
        for number in range(0, 40, 3):
            os.unlink(os.path.join(filesystem / "work", f"d{number % 5}", f"file-{number}"))
        after = tree(filesystem / "work")
        filesystem.umount()
        filesystem.check()
        filesystem.mount()
        assert tree(filesystem / "then") == before
        assert tree(filesystem / "work") == after
        with open(os.path.join(filesystem / "work", "synced"), "wb") as file:
            file.write(b"s" * 100_000)
            os.fsync(file.fileno())
        command("subvolume", "delete", filesystem / "then")
        subprocess.run(["sync", "-f", filesystem.directory], check=True)
        filesystem.kill()
        filesystem.mount()
        kept = tree(filesystem / "work")
        assert kept.pop("synced")[-1] == b"s" * 100_000
        assert kept == after
        assert not os.path.exists(filesystem / "then")
        filesystem.umount()
        filesystem.check()
        assert "(1.39)" in command("show-super", *filesystem.images)
        keep = os.environ.get("JBCACHEFS_KEPT")
        if keep:
            subprocess.run(["cp", "--sparse=always", *filesystem.images, keep], check=True)


CASES = (version_1_39,)
