# SPDX-License-Identifier: GPL-2.0-or-later
"""How a stage ends: 0 passed, 1 failed, 77 could not run here (a failure where CI=true)."""

import os
import sys

from .archive import Unavailable
from .guest import GuestFailure

SKIPPED = 77


def main(name, body):
    """Runs ``body`` (which returns whether all was well) and exits as the stage should."""
    try:
        sys.exit(0 if body() else 1)
    except GuestFailure as failure:
        print(f"{name}: FAILED: {failure}")
        sys.exit(1)
    except Unavailable as missing:
        print(f"{name}: SKIPPED: {missing}")
        sys.exit(1 if os.environ.get("CI") == "true" else SKIPPED)


def seed_base():
    """The first seed of this run."""
    return int(os.environ.get("JBCACHEFS_SEED_BASE", "1"))


def nightly():
    """Whether the big numbers are asked for."""
    return os.environ.get("JBCACHEFS_NIGHTLY") == "true"
