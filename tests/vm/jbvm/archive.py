# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian packages by apt-get, from suites this machine need not have enabled.

Each suite gets an apt configuration of its own below the cache directory, so the machine's sources, lists and
package database stay untouched. What was downloaded once is kept and works without a network.
"""

import fcntl
import os
import pathlib
import re
import shutil
import subprocess

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Unavailable(Exception):
    """Something that has to be downloaded or installed first, and could not be."""


def mirror():
    """Where Debian's packages come from: $JBCACHEFS_DEBIAN_MIRROR, else the mirror that this machine's own apt uses, else Debian's."""
    given = os.environ.get("JBCACHEFS_DEBIAN_MIRROR")
    if given:
        return given
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True, check=False).stdout
    for uri in sorted(set(targets.split())):
        if uri.rstrip("/").endswith("/debian"):
            return uri.rstrip("/")
    return "http://deb.debian.org/debian"


def cache_directory():
    """The folder for everything downloaded or generated: $JBCACHEFS_CACHE or ~/.cache/jbcachefs."""
    given = os.environ.get("JBCACHEFS_CACHE")
    path = pathlib.Path(given) if given else pathlib.Path.home() / ".cache" / "jbcachefs"
    path.mkdir(parents=True, exist_ok=True)
    return path


class Lock:
    """Keeps two runs from filling the same part of the cache at once; released when the process ends."""

    def __init__(self, name):
        self.path = cache_directory() / (name + ".lock")

    def __enter__(self):
        self.file = open(self.path, "w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


class Suite:
    """One Debian suite (for example ``trixie-backports``) seen through a private apt configuration."""

    def __init__(self, name):
        self.name = name
        self.root = cache_directory() / "apt" / name
        self.debs = cache_directory() / "debs" / name
        self.updated = False

    def _options(self):
        root = self.root
        return [
            "-o", f"Dir::Etc={root}/etc",
            "-o", f"Dir::Etc::sourcelist={root}/etc/sources.list",
            "-o", "Dir::Etc::sourceparts=-",
            "-o", f"Dir::State={root}/state",
            "-o", "Dir::State::status=/dev/null",
            "-o", f"Dir::Cache={root}/cache",
            "-o", "APT::Sandbox::User=root",
            "-o", "Acquire::Languages=none",
            "-o", "Acquire::Retries=3",
            "-o", "APT::Architecture=amd64",
            "-o", "APT::Architectures=amd64",
        ]

    def update(self):
        """Fetches the suite's package list, once in the life of this object."""
        if self.updated:
            return
        for part in ("etc/preferences.d", "state/lists/partial", "cache/archives/partial"):
            (self.root / part).mkdir(parents=True, exist_ok=True)
        (self.root / "etc" / "sources.list").write_text(
            f"deb [signed-by={KEYRING}] {mirror()} {self.name} main\n")
        done = subprocess.run(["apt-get", *self._options(), "-qq", "update"], capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"apt-get update of {self.name} failed: {done.stderr.strip()[-400:]}")
        self.updated = True

    def names(self, pattern):
        """The packages whose whole names match the regular expression, oldest version first."""
        self.update()
        listing = subprocess.run(
            ["apt-cache", *self._options(), "pkgnames"], capture_output=True, text=True, check=True).stdout
        return sorted((n for n in listing.split() if re.fullmatch(pattern, n)), key=version_order)

    def newest(self, pattern):
        """The package of the highest version among those."""
        names = self.names(pattern)
        if not names:
            raise Unavailable(f"{self.name} has no package named {pattern}")
        return names[-1]

    def download(self, package):
        """The path of the package's .deb, downloaded now or earlier."""
        kept = sorted(self.debs.glob(f"{package}_*.deb"))
        if kept:
            return kept[-1]
        self.update()
        self.debs.mkdir(parents=True, exist_ok=True)
        part = self.debs / f"part.{os.getpid()}"
        part.mkdir(exist_ok=True)
        try:
            done = subprocess.run(["apt-get", *self._options(), "-qq", "download", package],
                                  cwd=part, capture_output=True, text=True)
            fetched = list(part.glob("*.deb"))
            if done.returncode or not fetched:
                raise Unavailable(f"apt-get download of {package} from {self.name} failed: {done.stderr.strip()[-400:]}")
            return pathlib.Path(shutil.move(fetched[0], self.debs / fetched[0].name))
        finally:
            shutil.rmtree(part, ignore_errors=True)


def version_order(name):
    """A sort key that puts 6.12.10 behind 6.12.9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def unpack(debs, into, members=()):
    """Unpacks .debs (or only the given paths of them) into one folder; returns the folder.

    The folder appears only when it is complete, so an interrupted run leaves nothing half done.
    """
    into = pathlib.Path(into)
    if into.exists():
        return into
    part = into.with_name(into.name + f".part.{os.getpid()}")
    part.mkdir(parents=True)
    try:
        for deb in debs:
            archive = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE)
            tar = ["tar", "-x", "-C", str(part), "--no-same-owner", "--keep-directory-symlink"]
            # A wanted path that this package lacks is in another one of them.
            done = subprocess.run([*tar, "--wildcards", *members], stdin=archive.stdout, capture_output=True, text=True)
            archive.stdout.close()
            archive.wait()
            if done.returncode and not members:
                raise Unavailable(f"{deb} does not unpack: {done.stderr[-400:]}")
        part.rename(into)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return into
