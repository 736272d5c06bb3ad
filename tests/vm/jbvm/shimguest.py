# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest in which the kernel module is tried: its disks, its kernel's options, and the programs guest/shim-*.c."""

import pathlib
import shutil
import subprocess

from .archive import Unavailable
from .guest import COMPLAINTS, HERE, Guest, compile_program

UAPI = HERE.parent.parent / "kmod" / "include" / "uapi"
PROGRAMS = ("shim-io", "shim-refusals", "shim-async", "shim-life", "shim-control", "shim-fuzz")
PARTS = ("shim-client.c", "shim-uring.c", "check.c")
# Needs no C library for 32 bit; the kernel's own headers of this machine serve both widths.
BITS_32 = ("-m32", "-nostdlib", "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-mno-sse", "-isystem", "/usr/include")
DISKS = "abcd"
DISK_BYTES = 64 << 20
MODULES = ("loop", "sd_mod", "scsi_debug", "null_blk nr_devices=12 gb=1 irqmode=2 completion_nsec=200000", "ext4")
# Debugging of the slabs that the module allocates from (of all of them would be too slow).
KERNEL_OPTIONS = "slub_debug=FZP,kmalloc-cg-*,jbcachefs* slab_nomerge bdev_allow_write_mounted=0 ia32_emulation=1"


def shim_guest(kernel, folder, built):
    """A guest with everything that the tests need, kept in the folder; the module ``built`` is loaded if there is one."""
    source = HERE / "guest"
    machine = subprocess.run(["gcc", "-dumpmachine"], capture_output=True, text=True, check=True).stdout.strip()
    programs = [compile_program(source / "shim-32.c", folder, *BITS_32, f"-I/usr/include/{machine}", f"-I{UAPI}")]
    programs += [compile_program(source / f"{program}.c", folder, "-pthread", f"-I{UAPI}", *(str(source / part) for part in PARTS))
                 for program in PROGRAMS]
    disks = {disk: _make_disk(folder, disk) for disk in DISKS}
    modules = [*MODULES, *([str(built)] if built else [])]
    return Guest(kernel, modules, disks, programs, memory=1024, append=KERNEL_OPTIONS, scratch=True)


def complaints(log):
    """The lines of a kernel log that report a fault of the kernel or a module."""
    return [line for line in log.splitlines() if COMPLAINTS.search(line)]


def copy_mkfs(into):
    """The host's mke2fs and what it is linked with: a mkfs that knows how to keep off devices in use."""
    into.mkdir()
    shutil.copy(_mkfs_program(), into / "mke2fs")
    for line in subprocess.run(["ldd", _mkfs_program()], capture_output=True, text=True, check=True).stdout.splitlines():
        path = next((word for word in line.split() if word.startswith("/")), None)
        if path:
            shutil.copy(path, into / ("loader" if "ld-linux" in path else pathlib.Path(path).name))


def _make_disk(folder, name):
    """An empty disk; d has an ext4 filesystem."""
    image = folder / f"disk-{name}"
    with open(image, "wb") as file:
        file.truncate(DISK_BYTES)
    if name == "d":
        subprocess.run([_mkfs_program(), "-q", "-F", "-t", "ext4", str(image)], check=True)
    return image


def _mkfs_program():
    found = shutil.which("mke2fs", path="/usr/sbin:/sbin")
    if not found:
        raise Unavailable("mke2fs is not installed: run tests/vm/prepare")
    return found
