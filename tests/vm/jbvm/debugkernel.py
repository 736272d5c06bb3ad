# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel with the checkers that no packaged kernel has, built from Debian's source of 6.12 by guest/debug.config.

lockdep (order of locks, RCU), sleeping in atomic context, KASAN, kmemleak, UBSAN, debugging of objects and lists. It is
built once (about fifteen minutes of processor time) and kept below the cache; a build that was interrupted goes on.
"""

import shutil
import subprocess

from .archive import Lock, Unavailable, cache_directory
from .buildroot import buildroot, inside
from .guest import HERE
from .kernel import Kernel
from .kernelsource import SUITE, unpack_source

TOOLS = ["bc", "flex", "bison", "m4", "gzip", "libelf-dev", "zlib1g-dev", "xz-utils"]
CONFIG = HERE / "guest" / "debug.config"


def debug_kernel():
    """The kernel, built now or earlier."""
    folder = cache_directory() / "kernels" / "debug"
    with Lock("kernel-debug"):
        if not folder.exists() or (folder / "tree/debug.config").read_bytes() != CONFIG.read_bytes():
            shutil.rmtree(folder, ignore_errors=True)
            _build(folder)
    return Kernel("debug", folder, tree=folder / "tree")


def _build(folder):
    part = folder.with_name("debug.part")
    tree = part / "tree"
    root = buildroot("kernel-build", (SUITE,), TOOLS, lambda root: (root / "usr/bin/gzip").exists())
    wanted = tree / "debug.config"
    if not wanted.exists() or wanted.read_bytes() != CONFIG.read_bytes():
        shutil.rmtree(part, ignore_errors=True)
        tree.mkdir(parents=True)
        unpack_source(tree)
        shutil.copy(CONFIG, tree / "asked-for")
        _make(root, tree, "KCONFIG_ALLCONFIG=asked-for allnoconfig")
        _check_config(tree)
        (tree / "asked-for").rename(wanted)
    _make(root, tree, "-j$(nproc) bzImage modules")
    _make(root, tree, "INSTALL_MOD_PATH=install DEPMOD=true modules_install")
    release = (tree / "include/config/kernel.release").read_text().strip()
    (part / "lib").symlink_to("tree/install/lib")
    (part / "boot").mkdir()
    shutil.copy(tree / "arch/x86/boot/bzImage", part / "boot" / f"vmlinuz-{release}")
    subprocess.run(["depmod", "-b", str(part), release], check=True)
    part.rename(folder)


def _make(root, tree, what):
    done = inside(root, f"make -s -C /tmp/kernel {what} 2>&1", {"/tmp/kernel": tree})
    if done.returncode:
        raise Unavailable(f"the debug kernel does not build: make {what}: {done.stdout[-2000:]}")


def _check_config(tree):
    """Whether everything that was asked for is on: a name that a kernel does not know is ignored by its build."""
    config = set((tree / ".config").read_text().splitlines())
    missing = [line for line in CONFIG.read_text().splitlines() if line.endswith(("=y", "=m")) and line not in config]
    if missing:
        raise Unavailable(f"the debug kernel lacks {', '.join(missing)}")
