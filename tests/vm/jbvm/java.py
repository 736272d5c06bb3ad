# SPDX-License-Identifier: GPL-2.0-or-later
"""JUnit tests of this project run inside the guest, by the JDK of this machine.

The guest sees the JDK, the project and JUnit's console launcher as read-only shares; its first root holds the C
library that they are linked with. Nothing is installed there.
"""

import os
import pathlib
import re
import subprocess

from .archive import Lock, Unavailable, cache_directory
from .guest import HERE

TOP = HERE.parent.parent
MODULES = ("format", "block", "engine", "fuse", "cli")

# What a slow, emulated processor is best served with.
OPTIONS = "-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData --enable-native-access=ALL-UNNAMED"


def jdk():
    """The folder of the JDK that this project is built with."""
    found = subprocess.run([TOP / "bin/find-jdk"], capture_output=True, text=True)
    if found.returncode:
        raise Unavailable(found.stderr.strip())
    return pathlib.Path(found.stdout.strip())


def _maven(*arguments):
    done = subprocess.run(["mvn", "-B", "-q", "-ntp", *arguments], cwd=TOP, capture_output=True, text=True,
                          env={**os.environ, "JAVA_HOME": str(jdk())})
    if done.returncode:
        raise Unavailable(f"mvn {' '.join(arguments)} failed: {(done.stdout + done.stderr)[-1000:]}")


def compile_tests(last=MODULES[-1]):
    """Compiles the modules up to that one and their tests, unless a build has done so already."""
    if not all((TOP / "java-tools" / module / "target/test-classes").exists() for module in {*MODULES, last}):
        _maven("-Dquick", "-pl", f"java-tools/{last}", "-am", "test-compile")


def console():
    """The folder with JUnit's console launcher, of the version that the project uses."""
    version = re.search(r"<version\.junit>([^<]+)<", (TOP / "pom.xml").read_text())[1]
    folder = cache_directory() / "junit" / version
    with Lock("junit"):
        if not any(folder.glob("*.jar")):
            _maven("-N", "dependency:copy", f"-DoutputDirectory={folder}",
                   f"-Dartifact=org.junit.platform:junit-platform-console-standalone:{version}")
    return folder


def libraries():
    """The folder with the jars that the product needs; a build has left it behind, else there is one now."""
    folder = TOP / f"java-tools/{MODULES[-1]}/target/lib"
    if not any(folder.glob("*.jar")):
        _maven("-Dquick", "-DskipTests", "package")
    return folder


def shares():
    """The folders that the guest has to see."""
    return {"jdk": jdk(), "project": TOP, "junit": console(), "libraries": libraries()}


def files(programs=()):
    """The C library, and what else these programs are linked with, where programs of this machine look for it."""
    needed = {}
    home = jdk()
    for program in (home / "bin/java", home / "lib/server/libjvm.so", home / "lib/libnio.so", TOP / "build/jni/libjbcachefs.so", *map(pathlib.Path, programs)):
        if not program.exists():
            continue
        listing = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
        for path in re.findall(r"(/\S+)", listing):
            if not path.startswith(str(home)):
                needed[path.lstrip("/")] = pathlib.Path(path).read_bytes()
    return needed


def command(tests, properties=None):
    """The shell command that runs these test classes (full names) in the guest and says how each test went."""
    path = ":".join(f"/project/java-tools/{module}/target/{kind}" for module in MODULES for kind in ("classes", "test-classes"))
    given = "".join(f" -D{name}={value}" for name, value in (properties or {}).items())
    chosen = " ".join(f"-c {test}" for test in tests)
    return (f"/jdk/bin/java {OPTIONS} -Djbcachefs.root=/project -Djava.library.path=/project/build/jni{given} "
            f"-cp '{path}:/libraries/*:/junit/*' org.junit.platform.console.ConsoleLauncher execute --disable-banner --disable-ansi-colors "
            f"--details=tree {chosen}")
