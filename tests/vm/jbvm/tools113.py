# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's bcachefs-tools 1.13: formats filesystems that old kernels mount, without installing anything.

The program wants a newer C library than this machine may have. It and its libraries are unpacked into one folder
of the cache and started through that folder's own dynamic loader.
"""

import shutil
import subprocess

from .archive import Lock, Suite, Unavailable, cache_directory, unpack

PACKAGES = {
    "experimental": ["bcachefs-tools"],
    "sid": ["libaio1t64", "libblkid1", "libc6", "libgcc-s1", "libkeyutils1", "liblz4-1", "libudev1", "liburcu8t64",
            "libuuid1", "libzstd1", "zlib1g", "libcap2"],
    "trixie": ["libsodium23"],
}
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")
CRASHES_ALLOWED = 7


class ToolDied(Exception):
    """The program was killed by a signal."""


class Tools113:
    """The unpacked program. ``run`` gives its standard output."""

    def __init__(self):
        self.folder = cache_directory() / "bcachefs-tools-1.13"
        if not self.folder.exists():
            with Lock("tools113"):
                self._fetch()
        self.loader = next(iter(self.folder.rglob("ld-linux-x86-64.so.2")))
        self.program = next(p for p in (self.folder / "usr/sbin/bcachefs", self.folder / "sbin/bcachefs") if p.exists())

    def _fetch(self):
        if self.folder.exists():
            return
        part = self.folder.with_name(self.folder.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for suite_name, packages in PACKAGES.items():
            suite = Suite(suite_name)
            for package in packages:
                one = part / "one"
                unpack([suite.download(package)], one)
                shutil.copytree(one, part, symlinks=True, dirs_exist_ok=True)
                shutil.rmtree(one)
        part.rename(self.folder)

    def run(self, *arguments, given=None):
        """Runs the program with these arguments; any failure of it is raised with what it said."""
        path = ":".join(str(self.folder / place) for place in LIBRARIES)
        done = subprocess.run([str(self.loader), "--library-path", path, str(self.program), *map(str, arguments)],
                              capture_output=True, text=True, input=given)
        if done.returncode < 0:
            raise ToolDied(f"bcachefs-tools 1.13 {arguments[0]}: killed by signal {-done.returncode}")
        if done.returncode:
            raise Unavailable(f"bcachefs-tools 1.13 {arguments[0]}: status {done.returncode}: {(done.stderr or done.stdout)[-600:]}")
        return done.stdout

    def format(self, images, megabytes, *options):
        """Formats new sparse image files of that size.

        This release now and then dies of a memory fault of its own before it is done, differently each time for
        the same arguments: such a run is thrown away and done again.
        """
        for attempt in range(CRASHES_ALLOWED, -1, -1):
            for image in images:
                with open(image, "wb") as file:
                    file.truncate(megabytes << 20)
            try:
                return self.run("format", *options, *images)
            except ToolDied:
                if not attempt:
                    raise
