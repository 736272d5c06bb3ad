# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs `jbcachefs` on image files of this machine and compares what it reads with what a kernel showed."""

import os
import shlex
import shutil
import subprocess

from . import trees
from .guest import HERE

TOP = HERE.parent.parent
# The exit code of "extract" if some files could not be read in full.
DAMAGED = 3


def jbcachefs(*words):
    """Runs a command; JBCACHEFS_COMMAND names another program than bin/jbcachefs."""
    command = shlex.split(os.environ.get("JBCACHEFS_COMMAND", str(TOP / "bin" / "jbcachefs")))
    return subprocess.run([*command, *map(str, words)], capture_output=True, text=True)


def complaint(done, most=8):
    """What a command that failed said, a line each, with its status."""
    said = (done.stderr.strip() + "\n" + done.stdout.strip()).strip() or "(silent)"
    return [f"jbcachefs {' '.join(done.args[-4:])}: status {done.returncode}: {line}" for line in said.splitlines()[:most]]


def extracted_differences(images, expected, place, run=jbcachefs):
    """Extracts the filesystem to that folder, which goes again, and returns the differences from the expected entries.
    What cannot be read in full must be what the expected entries have as unreadable."""
    members = [part for image in images[1:] for part in ("-d", image)]
    done = run("extract", images[0], *members, "/", place)
    try:
        if done.returncode not in (0, DAMAGED):
            return complaint(done)
        # What a kernel lists and then does not find is its own fault; there is little of it.
        wanted, found, unanswered = trees.without_unanswered(expected, trees.of_folder(place))
        wanted, found, unreadable = trees.without_unreadable(wanted, found)
        if done.returncode and not unreadable:
            return complaint(done)
        if unanswered > 2 + len(expected) // 100:
            return [f"the kernel listed {unanswered} names and xattrs, and found them not"]
        return trees.differences(*trees.as_extracted(wanted, found, place))
    finally:
        shutil.rmtree(place, ignore_errors=True)
