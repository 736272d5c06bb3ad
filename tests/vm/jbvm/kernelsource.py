# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's source of Linux 6.12: all of it to build from, or its checkpatch alone."""

import subprocess

from .archive import Lock, Suite, Unavailable, cache_directory

SUITE = "trixie"
PACKAGE = "linux-source-6.12"
CHECKPATCH = ("checkpatch.pl", "spelling.txt", "const_structs.checkpatch")


def unpack_source(into, *members):
    """Unpacks the source, or those paths of it, into a folder that exists."""
    deb = Suite(SUITE).download(PACKAGE)
    archive = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE)
    member = subprocess.Popen(["tar", "-xO", f"./usr/src/{PACKAGE}.tar.xz"], stdin=archive.stdout, stdout=subprocess.PIPE)
    done = subprocess.run(["tar", "-xJ", "-C", str(into), "--strip-components=1", *(f"{PACKAGE}/{path}" for path in members)],
                          stdin=member.stdout)
    if done.returncode or member.wait() or archive.wait():
        raise Unavailable(f"{deb} does not unpack")
    deb.unlink()


def checkpatch():
    """The path of checkpatch.pl, with its word lists beside it."""
    folder = cache_directory() / "checkpatch"
    script = folder / "scripts" / CHECKPATCH[0]
    with Lock("checkpatch"):
        if not all((folder / "scripts" / name).exists() for name in CHECKPATCH):
            folder.mkdir(exist_ok=True)
            unpack_source(folder, *(f"scripts/{name}" for name in CHECKPATCH))
    return script
