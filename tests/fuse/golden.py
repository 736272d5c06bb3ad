# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden images through the mount: what manifest.py prints of it must be the kernel's manifest."""
import json
import os
import subprocess

import mounts

# A user for mounts without privileges; every system has it.
NOBODY = 65534
# What that user mounts: one image is enough to show that the way through fusermount3 is the same.
USER_IMAGE = "default-1dev"


def options(name, transport):
    words = ["ro", f"transport={transport}"]
    if "missing" in name or "degraded" in name:
        words.append("degraded=very")
    return ",".join(words)


def environment(name):
    passphrase = mounts.GOLDEN / name / "passphrase"
    if not passphrase.exists():
        return None
    return {**os.environ, "JBCACHEFS_PASSPHRASE": passphrase.read_text().rstrip("\n")}


def manifest(directory, user=None):
    line = [mounts.interpreter(user), mounts.readable(user, mounts.GOLDEN / "manifest.py"), directory]
    if user is not None:
        line = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *line]
    made = subprocess.run(line, capture_output=True, check=False, timeout=600)
    return made.stdout.decode().splitlines(), made.stderr.decode()


def space(name, directory):
    """What df says, against what it said of the kernel's mount."""
    lines = (mounts.GOLDEN / name / "fs-usage.txt").read_text().splitlines()
    if not lines or "1B-blocks" not in lines[0]:
        return []
    expected = [int(word) for word in lines[1].split()[1:4]]
    shown = os.statvfs(directory)
    actual = [n * shown.f_frsize for n in (shown.f_blocks, shown.f_blocks - shown.f_bfree, shown.f_bavail)]
    # The kernel went on working between df and unmounting; the size alone has to be the same to the byte.
    near = all(abs(a - e) <= expected[0] // 100 for a, e in zip(actual, expected))
    return [] if near and actual[0] == expected[0] else [f"df: size, used, available: expected {expected}, is {actual}"]


def rows(lines):
    return {row["path"]: row for row in map(json.loads, lines)}


def differences(expected, actual):
    """The differences of two manifests, as lines for people."""
    told = []
    for path in sorted(expected.keys() | actual.keys()):
        want, have = expected.get(path), actual.get(path)
        if want == have:
            continue
        if want is None or have is None:
            told.append(f"{path!r}: {'not expected' if want is None else 'missing'}")
            continue
        for field in sorted(want.keys() | have.keys()):
            if want.get(field) != have.get(field):
                told.append(f"{path!r}: {field}: expected {want.get(field)!r}, is {have.get(field)!r}")
    return told


def visible_to(user, expected, actual):
    """What a user may see of the expected: trusted attributes are root's, and so is what is closed."""
    kept = {}
    for path, row in expected.items():
        have = actual.get(path)
        if have is None:
            continue
        row = dict(row)
        if "xattrs" in row:
            row["xattrs"] = {k: v for k, v in row["xattrs"].items() if not k.startswith("trusted.")}
            if not row["xattrs"]:
                del row["xattrs"]
        if have.get("error") == 13:
            for field in ("sha256", "segs", "sha256_segs"):
                row.pop(field, None)
            row.update(error=13, op=have["op"])
        kept[path] = row
    return kept


def check(name, transport, user=None):
    """Mounts one image one way; returns what is wrong, as lines."""
    expected = (mounts.GOLDEN / name / "manifest.txt").read_text().splitlines()
    with mounts.Mountpoint(user) as directory:
        made = mounts.jbcachefs("mount", ":".join(mounts.images(name, user)), directory, "-o", options(name, transport),
                                user=user, env=environment(name))
        if made.returncode:
            return [f"mount ended with {made.returncode}: {made.stderr.strip()}"]
        lines, complaints = manifest(directory, user)
        wrong = complaints.splitlines() if user is None else []
        if user is not None:
            actual = {p: r for p, r in rows(lines).items() if r.get("op") != "listdir"}
            if len(actual) < 100:
                wrong.append(f"only {len(actual)} files are visible")
            wrong += differences(visible_to(user, rows(expected), actual), actual)
        elif lines != expected:
            wrong += differences(rows(expected), rows(lines))
            wrong = wrong or ["the manifests differ in their order"]
        if user is None:
            wrong += space(name, directory)
        ended = mounts.jbcachefs("umount", directory, user=user)
        if ended.returncode:
            wrong.append(f"umount ended with {ended.returncode}: {ended.stderr.strip()}")
        if mounts.mounted(directory):
            wrong.append("is mounted still")
        return wrong


def run(ring, names):
    passed = failed = 0
    chosen = names or sorted(p.name for p in mounts.GOLDEN.iterdir() if (p / "manifest.txt").exists())
    cases = [(name, transport, None) for name in chosen for transport in ring.transports]
    if USER_IMAGE in chosen:
        cases += [(USER_IMAGE, transport, NOBODY) for transport in ring.transports]
    for name, transport, user in cases:
        wrong = check(name, transport, user)
        who = "" if user is None else " as a user"
        print(f"{name} over {transport}{who}: {'FAILED' if wrong else 'as its manifest says'}", flush=True)
        for line in wrong[:20]:
            print(f"    {line}")
        if len(wrong) > 20:
            print(f"    ... and {len(wrong) - 20} more")
        passed, failed = (passed, failed + 1) if wrong else (passed + 1, failed)
    return passed, failed
