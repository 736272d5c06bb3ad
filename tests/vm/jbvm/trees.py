# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares a file tree with the manifest of what it should be, entry by entry and field by field."""

import json
import os
import pathlib
import subprocess
import sys

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "golden"

sys.path.insert(0, str(GOLDEN))
import pages  # noqa: E402  (beside the golden images, whose stage needs it too)

# How a copy names what could not be read in full, and what of an entry is about contents.
PARTIAL = ".jbcachefs-partial"
CONTENT = ("sha256", "sha256_segs", "segs", "unreadable")
# The kernel's view of per-inode options: shown by a mount, not stored by an extraction.
OPTION_VIEWS = ("bcachefs.", "bcachefs_effective.")


def parse(text):
    """The entries of a manifest by path."""
    entries = {}
    for line in text.splitlines():
        entry = json.loads(line)
        entries[entry.pop("path")] = entry
    return entries


def text(entries):
    """The manifest of these entries; ``parse`` reads it."""
    return "".join(json.dumps({"path": path, **entry}) + "\n" for path, entry in entries.items())


def of_folder(folder):
    """The entries of a tree on this machine."""
    done = subprocess.run([sys.executable, str(GOLDEN / "manifest.py"), str(folder)], capture_output=True, text=True, check=True)
    return parse(done.stdout)


def storable(entries):
    """The entries as they can be stored elsewhere: without the views of options, and without the link counts
    of folders, which each filesystem counts in its own way."""
    kept = {}
    for path, entry in entries.items():
        entry = dict(entry)
        xattrs = {n: v for n, v in entry.pop("xattrs", {}).items() if not n.startswith(OPTION_VIEWS)}
        if xattrs:
            entry["xattrs"] = xattrs
        if entry["type"] == "d":
            entry.pop("nlink")
        kept[path] = entry
    return kept


def as_extracted(expected, found, folder):
    """The expected entries as a copy in that folder can show them, and the copy's, ``found``, as they compare with them."""
    found, wanted = storable(found), storable(expected)
    for path in wanted.keys() & found.keys():
        if "size" in wanted[path]:
            where = os.path.join(os.fsencode(folder), os.fsencode(path))
            wanted[path], found[path] = pages.as_copied(wanted[path], found[path], where)
    return wanted, found


def without_unanswered(expected, found):
    """Both trees without what a kernel listed but then said it had not, and how many such things there were: names whose
    lookup fails (all below them goes too), and xattrs whose value cannot be had."""
    gone = [path for path, entry in expected.items() if "lstat_error" in entry]
    unanswered = len(gone)
    below = tuple(path + "/" for path in gone)
    # A listed name must be there, whatever it is.
    kept = {path: entry for path, entry in expected.items() if path not in gone}
    seen = {path: entry for path, entry in found.items() if path not in gone and not path.startswith(below)}
    seen |= {f"{path} (missing)": {} for path in gone if path not in found}
    for path, entry in kept.items():
        values = entry.get("xattrs", {})
        if entry["type"] not in "fd":
            # Linux gives nobody the user xattrs of special files, nor lets anybody set them.
            values = {name: value for name, value in values.items() if not (name.startswith("user.") and value == "E61")}
            kept[path] = {**entry, "xattrs": values} if values else {n: v for n, v in entry.items() if n != "xattrs"}
        silent = [name for name, value in values.items() if value == "E61"]
        mine = seen.get(path, {}).get("xattrs", {})
        if silent and all(name in mine for name in silent):
            unanswered += len(silent)
            kept[path] = {**kept[path], "xattrs": {**values, **{name: mine[name] for name in silent}}}
    return kept, seen, unanswered


def without_unreadable(expected, found):
    """Both trees without the contents of files that the kernel could not read, where the copy could not be made in full
    either, and how many files these are: each of them has another name there, with holes for what is missing. Symbolic
    links like that are not there at all."""
    wanted, copies, count = dict(expected), dict(found), 0
    for path, entry in expected.items():
        copy = copies.get(path + PARTIAL)
        if "unreadable" in entry and copy is not None:
            count += 1
            copies[path] = {name: value for name, value in copies.pop(path + PARTIAL).items() if name not in CONTENT}
            wanted[path] = {name: value for name, value in entry.items() if name not in CONTENT}
        elif "unreadable" in entry and entry["type"] == "l" and path not in copies:
            count += 1
            del wanted[path]
    for path, entry in copies.items():
        # Hard links name the first of them, by its name in the copy.
        if entry.get("hl", "").endswith(PARTIAL):
            copies[path] = {**entry, "hl": entry["hl"].removesuffix(PARTIAL)}
    return wanted, copies, count


def differences(expected, found, most=20):
    """One line for each path or field that differs; an empty list if the trees are equal."""
    lines = []
    for path in sorted(expected.keys() | found.keys()):
        if path not in found:
            lines.append(f"{path!a}: missing")
        elif path not in expected:
            lines.append(f"{path!a}: should not exist")
        else:
            want, got = expected[path], found[path]
            lines += [f"{path!a}: {field}: expected {_short(want.get(field))}, found {_short(got.get(field))}"
                      for field in sorted(want.keys() | got.keys()) if want.get(field) != got.get(field)]
        if len(lines) > most:
            return [*lines[:most], "..."]
    return lines


def _short(value):
    text = ascii(value)
    return text if len(text) < 200 else text[:200] + "..."
