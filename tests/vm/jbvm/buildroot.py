# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian roots below the cache with compilers that this machine need not have.

A root is only unpacked, nothing in it is configured or started; it is made by mmdebstrap and entered by chroot, so
root's rights are needed.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

from .archive import KEYRING, Unavailable, cache_directory, mirror

# What every root has.
BASICS = ["make", "gcc", "libc6-dev", "base-files", "dash", "coreutils", "sed", "grep", "mawk", "findutils", "diffutils", "perl-base"]


def buildroot(name, suites, packages, complete):
    """The root of that name with these packages beside the basics: made anew unless ``complete(root)``."""
    root = cache_directory() / "roots" / name
    if complete(root):
        return root
    if os.geteuid():
        raise Unavailable("building for other kernels needs root (chroot)")
    if not shutil.which("mmdebstrap"):
        raise Unavailable("mmdebstrap is not installed: run tests/vm/prepare")
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    part = pathlib.Path(tempfile.mkdtemp(prefix=name + ".", dir=root.parent))
    sources = part.with_suffix(".list")
    sources.write_text("".join(f"deb [signed-by={KEYRING}] {mirror()} {suite} main\n" for suite in suites))
    try:
        done = subprocess.run(["mmdebstrap", "--quiet", "--variant=extract", "--include=" + ",".join(BASICS + packages), suites[0],
                               str(part), str(sources)], capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"mmdebstrap failed: {done.stderr[-600:]}")
        _finish(part)
        part.rename(root)
    finally:
        sources.unlink()
        shutil.rmtree(part, ignore_errors=True)
    return root


def inside(root, command, binds=None):
    """Runs a shell command in the root, with /proc and /dev, and folders of the host (by path in the root), that vanish with it."""
    mounts = [f'mount -t proc none "{root}/proc"', f'mount --bind /dev "{root}/dev"']
    for place, folder in (binds or {}).items():
        (root / place.lstrip("/")).mkdir(parents=True, exist_ok=True)
        mounts.append(f'mount --bind "{folder}" "{root}{place}"')
    script = " && ".join(mounts) + f' && exec chroot "{root}" /bin/sh -c "$1"'
    return subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", command], capture_output=True, text=True,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def _finish(root):
    """What maintainer scripts would have set up."""
    for name in ("bin", "sbin", "lib64"):
        if not (root / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    for name in ("proc", "dev", "tmp"):
        (root / name).mkdir(exist_ok=True)
    for link, target in (("awk", "mawk"), ("sh", "dash")):
        if not (root / "usr/bin" / link).exists():
            (root / "usr/bin" / link).symlink_to(target)
