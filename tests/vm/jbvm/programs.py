# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of the Java tests that stages use on this machine: they fill filesystems, choose damage, run many command lines."""

import subprocess

from . import java


def class_path(last):
    """Classes and tests of the modules up to that one, compiled by now, and the jars that they need."""
    java.compile_tests(last)
    modules = java.MODULES[:java.MODULES.index(last) + 1]
    classes = [java.TOP / "java-tools" / module / "target" / kind for module in modules for kind in ("test-classes", "classes")]
    return ":".join(map(str, [*classes, java.libraries() / "*"]))


def _java(path, program, *words):
    command = [java.jdk() / "bin/java", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-XX:+UseSerialGC",
               f"-Djbcachefs.root={java.TOP}", f"-Djbcachefs.native={java.TOP / 'build/jni'}", "-cp", path, f"org.jbcachefs.{program}", *words]
    return [str(word) for word in command]


class Engine:
    """Programs of the engine's tests."""

    def __init__(self):
        self.path = class_path("engine")

    def fill(self, jobs):
        """TreeWriter for (seed, operations, how, images); the end of what it said if it did not get through."""
        lines = [" ".join(map(str, [seed, operations, how, *images])) for seed, operations, how, images in jobs]
        done = subprocess.run(_java(self.path, "engine.write.TreeWriter"), input="\n".join(lines), capture_output=True, text=True)
        return [] if done.returncode == 0 else [f"TreeWriter: {line}" for line in done.stderr.strip().splitlines()[:8]]

    def damage(self, seed, count, images):
        """Statements of the command edit that damage the filesystem of these members, a list for each of so many seeds."""
        done = subprocess.run(_java(self.path, "engine.check.agreement.DamageList", seed, count, *images), capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"DamageList failed: {done.stderr[-2000:]}")
        return [line.split("\t") for line in done.stdout.splitlines()]


class Commands:
    """Runs command lines of jbcachefs in one process, one after the other. Use as a context manager."""

    def __init__(self):
        self.path = class_path("cli")
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(_java(self.path, "cli.CommandLoop"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def __call__(self, *words):
        """Runs one, as subprocess.run does."""
        words = [str(word) for word in words]
        self.process.stdin.write(("\t".join(words) + "\n").encode())
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 3:
            raise SystemExit(f"jbcachefs {' '.join(words)}: died of a defect (status {self.process.wait()})")
        status, *lengths = map(int, answer)
        out, err = (self.process.stdout.read(length).decode("utf-8", "replace") for length in lengths)
        return subprocess.CompletedProcess(words, status, out, err)
