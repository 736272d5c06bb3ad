# SPDX-License-Identifier: GPL-2.0-or-later
"""What kernel 6.16 says of a filesystem that it mounts with a check: lines of a sound one, and all others."""

import re

# A script marks the parts of its log by lines of its own.
MARK = "part:"

# What is said of a filesystem that is sound: it starts, runs passes, says that each is done. Everything else is a problem.
SOUND = [re.compile(pattern) for pattern in (
    r"^starting version .* opts=",
    r"^(starting version|with devices|opts=|  (opts=|with devices|allowing incompatible features))",
    r"^(mount|starting|initializing|going|recovering from (clean|unclean) shutdown)",
    r"^Version downgrade required:?$",
    r"^Version (up|down)grade ",
    r"^(running|  running) recovery passes: [a-z_,]+$",
    r"^superblock requires following recovery passes to be run:$",
    r"^  [a-z_]+(,[a-z_]+)+$",
    r"^  ?(running|upgrading|doing|now|required).*",
    r"^[a-z_]+\.\.\.( ?done)?$",
    r"^done$",
    r"^journal (read|replay) ",
    r"^Journal keys: ",
    r"^(accounting|alloc|stripes|snapshots)_read",
    r"^Using encoding defined by superblock: utf8",
    r"^(shutting down|going read-only|finished waiting|flushing journal|unclean shutdown complete|clean shutdown complete|marking filesystem clean)",
    r"^flushing journal and stopping allocators",
    r"^shutdown complete",
    r"^done starting filesystem$",
    r"^done going read-(write|only)",
    # Of an emulated clock, on a machine that is busy:
    r"^(clocksource|hrtimer|tsc|sched_clock|TSC found unstable)\b",
    # Of images:
    r"^filesystem is an unresized image file, mounting ro$",
    r"^mounting a filesystem with no alloc info read-write; will recreate$",
    r"^resizing to size [0-9]+$",
    r"^scanning for missing backpointers in [0-9]+/[0-9]+ buckets$",
    r"^ done$",
)]


# What is said besides where files have lost data and somebody reads them.
LOST_DATA = [re.compile(pattern) for pattern in (
    r"^/.* offset [0-9]+: read error -?[0-9]+ from btree lookup$",
    r"^bchfs_read: [0-9]+ callbacks suppressed$",
    r"^/.* offset [0-9]+: (data read error[:,] )?(data_read_csum_err|key_type_error)$",
    r"^  u64s [0-9]+ type (extent|reflink_v|error) ",
    r"^  vd[a-z]+ checksum error$",
)]


def mark(part):
    """The script's line that begins a part."""
    return f"echo '{MARK} {part}' > /dev/kmsg"


def of_part(log, part):
    """The kernel's lines of one part, without time stamps and the names of the filesystem."""
    lines, inside = [], False
    for line in log.splitlines():
        line = re.sub(r"^(<\d+>)?\[ *[\d.]+\](\[ *[TC]\d+\])? ", "", line)
        if line.startswith(MARK):
            inside = line == f"{MARK} {part}"
        elif inside:
            lines.append(re.sub(r"^bcachefs( \([^)]*\))?: ", "", line))
    return lines


def unsound(lines, lost_data=False):
    """Those lines that a sound filesystem does not bring forth, with ``lost_data`` one where it is known that some is lost."""
    patterns = SOUND + (LOST_DATA if lost_data else [])
    return [line for line in lines if line.strip() and not any(pattern.match(line) for pattern in patterns)]
