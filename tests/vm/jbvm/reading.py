# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs `jbcachefs` on image files of this machine and compares what it reads with what a kernel showed."""

import os
import shlex
import shutil
import subprocess

from . import trees
from .guest import HERE

TOP = HERE.parent.parent


def jbcachefs(*words):
    """Runs a command; JBCACHEFS_COMMAND names another program than bin/jbcachefs."""
    command = shlex.split(os.environ.get("JBCACHEFS_COMMAND", str(TOP / "bin" / "jbcachefs")))
    return subprocess.run([*command, *map(str, words)], capture_output=True, text=True)


def complaint(done, most=8):
    """What a command that failed said, a line each, with its status."""
    said = (done.stdout.strip() + "\n" + done.stderr.strip()).strip() or "(silent)"
    return [f"jbcachefs {' '.join(done.args[-4:])}: status {done.returncode}: {line}" for line in said.splitlines()[:most]]


def extracted_differences(images, expected, place):
    """Extracts the filesystem to that folder, which goes again, and returns the differences from the expected entries."""
    members = [part for image in images[1:] for part in ("-d", image)]
    done = jbcachefs("extract", images[0], *members, "/", place)
    try:
        if done.returncode:
            return complaint(done)
        # What a kernel lists and then does not find is its own fault; there is little of it.
        wanted, found, unanswered = trees.without_unanswered(expected, trees.of_folder(place))
        if unanswered > 2 + len(expected) // 100:
            return [f"the kernel listed {unanswered} names and xattrs, and found them not"]
        return trees.differences(*trees.as_extracted(wanted, found, place))
    finally:
        shutil.rmtree(place, ignore_errors=True)
