# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds kmod/ for Debian kernels, in a root below the cache that has their headers and compilers.

A build that says anything is a failure. What was built is kept until the sources change.
"""

import hashlib
import shutil

from .archive import Lock, Unavailable, cache_directory
from .buildroot import buildroot, inside
from .guest import GuestFailure, HERE

SOURCES = HERE.parent.parent / "kmod"
SUITES = ("trixie", "trixie-backports", "bookworm")
PACKAGES = ["gcc-12", "sparse"]
HEADERS = "linux-headers-"

# Notes of the build system that are about the headers package, not about the module.
EXPECTED = ("Skipping BTF generation", "checker-valid.sh: No such file", "sparse is not available or not up to date",
            "the compiler differs from the one used to build the kernel", "The kernel was built by:", "You are using:")


def build(kernels):
    """The module for each of these kernels: a list of paths."""
    return [_build(kernel, kernels) for kernel in kernels]


def build_mutants(kernel, mutants):
    """The module as it is, under the name "unbroken", and each of the mutants: name -> path. They are kept until the sources change."""
    kept = cache_directory() / "modules" / f"mutants-{kernel.release}-{_digest()}"
    wanted = {"unbroken": ()} | {mutant.name: mutant.edits for mutant in mutants}
    built = {name: kept / f"{name}-{hashlib.sha256(repr(edits).encode()).hexdigest()[:8]}.ko" for name, edits in wanted.items()}
    missing = [name for name in wanted if not built[name].exists()]
    if missing:
        kept.mkdir(parents=True, exist_ok=True)
        with Lock("kmod-build"):
            root = _root([] if kernel.tree else [kernel.release])
            place = root / "tmp" / f"kmod-mutants-{kernel.release}"
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(SOURCES, place)
            for name in missing:
                _build_mutant(root, place, kernel, name, wanted[name], built[name])
    return built


def _build_mutant(root, place, kernel, name, edits, built):
    sources = {file: (place / file).read_text() for file, _, _ in edits}
    for file, old, new in edits:
        text = (place / file).read_text()
        if text.count(old) != 1:
            raise GuestFailure(f"mutant {name}: {file} has {text.count(old)} times what it replaces")
        (place / file).write_text(text.replace(old, new))
    status, said = _make(root, place, kernel, "")
    if status:
        raise GuestFailure(f"mutant {name} for {kernel.release} does not build:\n{said[-4000:]}")
    for file, text in sources.items():
        (place / file).write_text(text)
    shutil.copy(place / "jbcachefs_shim.ko", built.with_suffix(".part"))
    built.with_suffix(".part").rename(built)


def _make(root, place, kernel, how):
    headers = "/tmp/kernel" if kernel.tree else f"/usr/src/{HEADERS}{kernel.release}"
    done = inside(root, f"make -s -C {headers} M=/tmp/{place.name} {how} 2>&1", {headers: kernel.tree} if kernel.tree else None)
    return done.returncode, done.stdout


def _build(kernel, kernels):
    kept = cache_directory() / "modules" / f"{kernel.release}-{_digest()}" / "jbcachefs_shim.ko"
    if kept.exists():
        return kept
    with Lock("kmod-build"):
        built = _compile(_root([other.release for other in kernels if not other.tree]), kernel)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(built, kept.with_suffix(".part"))
        kept.with_suffix(".part").rename(kept)
    return kept


def _digest():
    digest = hashlib.sha256()
    for path in sorted(p for p in SOURCES.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(SOURCES)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _compile(root, kernel):
    place = root / "tmp" / f"kmod-{kernel.release}"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(SOURCES, place)
    status, output = _make(root, place, kernel, "W=1 C=2")
    said = [line for line in output.splitlines() if not any(note in line for note in EXPECTED)]
    if status or said:
        raise GuestFailure(f"kmod for {kernel.release}:\n" + "\n".join(said[-40:]))
    return place / "jbcachefs_shim.ko"


def _root(releases):
    """The build root, made anew if it lacks the headers of one of these kernels."""
    def make(wanted):
        return buildroot("kmod-build", SUITES, PACKAGES + [HEADERS + release for release in wanted],
                         lambda root: (root / "usr/bin/sparse").exists() and set(releases) <= _has(root))

    try:
        return make(sorted(_has(cache_directory() / "roots/kmod-build") | set(releases)))
    except Unavailable:
        # What it had can have left the archive.
        return make(releases)


def _has(root):
    """The releases whose headers are in the root."""
    return {path.name.removeprefix(HEADERS) for path in (root / "usr/src").glob(HEADERS + "*-amd64")}
