# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the guest's first root: a cpio archive in the "newc" form the kernel unpacks."""

import gzip
import stat


class Initramfs:
    """Collects files in memory; ``write`` makes the archive. No privileges are needed."""

    def __init__(self):
        self.entries = []
        self.folders = set()

    def folder(self, path):
        """Adds a folder and those above it."""
        parts = path.strip("/").split("/")
        for depth in range(1, len(parts) + 1):
            name = "/".join(parts[:depth])
            if name not in self.folders:
                self.folders.add(name)
                self._entry(name, stat.S_IFDIR | 0o755, b"")

    def file(self, path, content, mode=0o644):
        """Adds a regular file with the given bytes."""
        self._under(path)
        self._entry(path.strip("/"), stat.S_IFREG | mode, content)

    def symlink(self, path, target):
        """Adds a symbolic link."""
        self._under(path)
        self._entry(path.strip("/"), stat.S_IFLNK | 0o777, target.encode())

    def device(self, path, major, minor):
        """Adds a character device node."""
        self._under(path)
        self._entry(path.strip("/"), stat.S_IFCHR | 0o600, b"", major, minor)

    def _under(self, path):
        parent = path.strip("/").rpartition("/")[0]
        if parent:
            self.folder(parent)

    def _entry(self, name, mode, content, major=0, minor=0):
        self.entries.append((name, mode, content, major, minor))

    def write(self, path):
        """Writes the archive."""
        with gzip.open(path, "wb", compresslevel=1) as out:
            for number, (name, mode, content, major, minor) in enumerate(self.entries, 1):
                _record(out, number, name, mode, content, major, minor)
            _record(out, 0, "TRAILER!!!", 0, b"", 0, 0)


def _record(out, number, name, mode, content, major, minor):
    encoded = name.encode() + b"\0"
    fields = [number, mode, 0, 0, 1, 0, len(content), 0, 0, major, minor, len(encoded), 0]
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    out.write(header + encoded + bytes(-(len(header) + len(encoded)) % 4))
    out.write(content + bytes(-len(content) % 4))
