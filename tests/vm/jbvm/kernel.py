# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian kernel, unpacked: its image, its release, and the load order of its modules."""

import dataclasses
import lzma
import pathlib
import re
import shutil
import subprocess

from .archive import Lock, Suite, Unavailable, cache_directory, unpack

# Name used by the tests -> (suite, pattern of the package name). The newest match is taken.
SOURCES = {
    "6.1": ("bookworm", r"linux-image-6\.1\.0-\d+-amd64"),
    "6.12": ("trixie", r"linux-image-6\.12\.[0-9.]+\+deb13-amd64"),
    "6.16": ("trixie-backports", r"linux-image-6\.16\.[0-9.]+\+deb13-amd64"),
    "rt": ("trixie-backports", r"linux-image-[0-9.]+\+deb13-rt-amd64"),
    "newest": ("trixie-backports", r"linux-image-[0-9.]+\+deb13-amd64"),
}

# Modules that others ask the crypto API for by algorithm name: no symbol dependency leads to them.
ASKED_BY_NAME = {
    "bcachefs": ["crc32c_generic", "crc32c-intel", "xxhash_generic", "libchacha", "chacha-x86_64", "chacha_generic",
                 "poly1305-x86_64", "libpoly1305", "poly1305_generic", "sha256_generic", "lz4", "lz4hc", "zstd"],
    "ext4": ["crc32c_generic", "crc32c-intel"],
}

# Needed to reach the disks and the shared folder.
TRANSPORT = ["virtio_pci", "virtio_blk", "9pnet_virtio", "9p"]


@dataclasses.dataclass(frozen=True)
class Headers:
    """A kernel that is only built for. ``tree``: where it was built, if it was built here."""

    release: str
    tree: pathlib.Path | None = None


class Kernel:
    """One unpacked kernel package below the cache directory. ``tree``: where it was built, if it was built here."""

    def __init__(self, name, folder, tree=None):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.tree = tree
        self.image, self.release = _image_and_release(self.folder)
        self.modules = self.folder / "lib" / "modules" / self.release
        self.paths, self.needs = self._dependencies()
        self.builtin = {_module_name(line) for line in (self.modules / "modules.builtin").read_text().split()}

    def _dependencies(self):
        paths, needs = {}, {}
        for line in (self.modules / "modules.dep").read_text().splitlines():
            path, _, after = line.partition(":")
            paths[_module_name(path)] = self.modules / path
            # modules.dep lists the nearest first: what is needed first comes last.
            needs[_module_name(path)] = [_module_name(p) for p in reversed(after.split())]
        return paths, needs

    def has(self, module):
        """Whether the module exists in this kernel, as a file or built in."""
        return _plain(module) in self.paths or _plain(module) in self.builtin

    def load_order(self, wanted):
        """The module files to insert, dependencies first. Built-in ones are left out; unknown ones are an error."""
        order = []

        def visit(name, optional):
            name = _plain(name)
            for helper in ASKED_BY_NAME.get(name, []):
                visit(helper, True)
            if name in self.builtin:
                return
            if name not in self.paths:
                if optional:
                    return
                raise Unavailable(f"kernel {self.release} has no module {name}")
            for need in [*self.needs[name], name]:
                if self.paths[need] not in order:
                    order.append(self.paths[need])

        for name in wanted:
            visit(name, False)
        return order


def kernel(name):
    """The kernel of that name in SOURCES, downloaded and unpacked if it is not in the cache; or "debug", which is built here."""
    if name == "debug":
        from .debugkernel import debug_kernel
        return debug_kernel()
    folder = cache_directory() / "kernels" / name
    if not folder.exists():
        with Lock("kernel-" + name):
            _fetch(name, folder)
    return Kernel(name, folder)


def headers(name):
    """The release of the kernel of that name in SOURCES: of the one in the cache, else of the newest in the archive, or of the last one seen there."""
    if (cache_directory() / "kernels" / name).exists():
        return Headers(kernel(name).release)
    seen = cache_directory() / "releases" / name
    suite, pattern = SOURCES[name]
    try:
        release = Suite(suite).newest(pattern).removeprefix("linux-image-")
    except Unavailable:
        if not seen.exists():
            raise
        return Headers(seen.read_text())
    seen.parent.mkdir(exist_ok=True)
    seen.write_text(release)
    return Headers(release)


def _fetch(name, folder):
    if folder.exists():
        return
    suite_name, pattern = SOURCES[name]
    suite = Suite(suite_name)
    image = suite.newest(pattern)
    # Newer kernels come in several packages of the same version.
    version = re.escape(image[len("linux-image-"):])
    debs = [suite.download(package) for package in suite.names(f"linux-(image|binary|base|modules)-{version}")]
    part = folder.with_name(name + ".unpacking")
    shutil.rmtree(part, ignore_errors=True)
    unpack(debs, part, ["./boot/*", "./lib/modules/*", "./usr/lib/modules/*"])
    if (part / "usr/lib").exists():
        shutil.rmtree(part / "lib", ignore_errors=True)
        (part / "lib").symlink_to("usr/lib")
    _, release = _image_and_release(part)
    subprocess.run(["depmod", "-b", str(part), release], check=True)
    part.rename(folder)
    for deb in debs:
        deb.unlink()


def _image_and_release(folder):
    """Where the kernel itself is: beside its modules since 7.3, before that in /boot."""
    for image in folder.glob("lib/modules/*/vmlinuz"):
        return image, image.parent.name
    for image in folder.glob("boot/vmlinuz-*"):
        return image, image.name[len("vmlinuz-"):]
    raise Unavailable(f"no kernel in {folder}")


def module_bytes(path):
    """The module, decompressed."""
    data = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(data)
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=True).stdout
    return data


def _module_name(path):
    return _plain(pathlib.PurePath(path).name.split(".ko")[0])


def _plain(name):
    return name.replace("-", "_")
