# SPDX-License-Identifier: GPL-2.0-or-later
"""Mounting for tests: what is there, images unpacked, transports, mountpoints that never stay behind."""
import atexit
import functools
import os
import pathlib
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import zipfile

TOP = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = TOP / "tests" / "golden"
# The folder into which the Java tests unpack, too; nobody writes to what is in it.
CACHE = TOP / "target" / "golden-cache"
COMMAND = os.environ.get("JBCACHEFS", str(TOP / "bin" / "jbcachefs"))
DEVICE = "/dev/fuse"
SWITCH = pathlib.Path("/sys/module/fuse/parameters/enable_uring")
SECONDS = 120


def missing():
    """Why nothing can be mounted here, or None."""
    if not os.path.exists(DEVICE):
        return f"there is no {DEVICE}"
    if os.geteuid() != 0:
        return "mounting as root and as a user needs root"
    for tool in ("fusermount3", "zstd", "umount", "setpriv"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    return None


class Ring:
    """Switches FUSE over io_uring on where the kernel has it, and back to what it was."""

    def __enter__(self):
        self.before = SWITCH.read_text().strip() if SWITCH.exists() else None
        self.transports = ["dev"]
        if self.before is not None:
            SWITCH.write_text("Y\n")
            self.transports.append("uring")
        else:
            print("this kernel has no FUSE over io_uring: only /dev/fuse is tested")
        return self

    def __exit__(self, *_):
        if self.before is not None:
            SWITCH.write_text(self.before + "\n")


class DeviceForAll:
    """Opens /dev/fuse to every user, as udev has it, and back: machines without udev leave it to root."""

    def __enter__(self):
        self.before = stat.S_IMODE(os.stat(DEVICE).st_mode)
        os.chmod(DEVICE, self.before | 0o666)

    def __exit__(self, *_):
        os.chmod(DEVICE, self.before)


def may(user, test, path):
    """Whether a user has that access (a letter of test(1)) to a path."""
    words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "test", "-" + test, path]
    return subprocess.run(words, check=False).returncode == 0


def opened(path):
    """Makes a file or a whole folder readable for every user, whatever the umask and the modes it came with."""
    for folder, _, files in os.walk(path):
        os.chmod(folder, 0o755)
        for name in files:
            os.chmod(os.path.join(folder, name), 0o644)
    if not os.path.isdir(path):
        os.chmod(path, 0o644)
    return pathlib.Path(path)


@functools.cache
def reachable(user):
    """The folder for temporary files; another one where that user cannot get at it."""
    for place in (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"):
        if user is None or may(user, "x", place):
            return place
    raise AssertionError(f"user {user} can reach no folder for temporary files")


@functools.cache
def shared(user):
    """A folder that the user can read, for what lies where only its owner may look."""
    folder = tempfile.mkdtemp(prefix="jbcachefs-shared-", dir=reachable(user))
    atexit.register(shutil.rmtree, folder)
    return opened(folder)


def readable(user, path):
    """The file, or a copy of it that the user can read."""
    if user is None or may(user, "r", path):
        return str(path)
    return str(opened(shutil.copyfile(path, shared(user) / os.path.basename(path))))


def interpreter(user):
    """A Python that the user can run."""
    return sys.executable if user is None or may(user, "x", sys.executable) else "python3"


@functools.cache
def command(user):
    """The command as that user can call it: where it is, or laid out as if it were installed."""
    target, library = TOP / "java-tools/cli/target", TOP / "build/jni/libjbcachefs.so"
    jars = [*target.glob("jbcachefs-cli-*.jar"), *target.glob("lib/*.jar")]
    if user is None or (may(user, "x", COMMAND) and all(may(user, "r", str(path)) for path in (library, *jars))):
        return COMMAND
    home, native = shared(user) / "share/jbcachefs", shared(user) / "lib/jbcachefs"
    for folder in (home / "lib", native, shared(user) / "bin"):
        folder.mkdir(parents=True)
    for jar in jars:
        shutil.copyfile(jar, home / jar.relative_to(target))
    shutil.copyfile(library, native / library.name)
    # As installed: JNA's own library lies beside ours, it is not unpacked at each start.
    jna = next(jar for jar in jars if jar.name.startswith("jna-"))
    with zipfile.ZipFile(jna) as packed:
        machine = platform.machine().replace("_", "-")
        (native / "libjnidispatch.so").write_bytes(packed.read(f"com/sun/jna/linux-{machine}/libjnidispatch.so"))
    launcher = shutil.copyfile(TOP / "bin/jbcachefs", shared(user) / "bin/jbcachefs")
    opened(shared(user))
    launcher.chmod(0o755)
    return str(launcher)


def images(name, user=None):
    """The members of a golden filesystem, unpacked, where that user can read them."""
    paths = unpacked(name)
    if user is None or all(may(user, "r", path) for path in paths):
        return paths
    copies = []
    for path in paths:
        copy = shared(user) / f"{name}-{os.path.basename(path)}"
        if not copy.exists():
            subprocess.run(["cp", "--sparse=always", path, copy], check=True)
            opened(copy)
        copies.append(str(copy))
    return copies


def unpacked(name):
    """The members of a golden filesystem in the cache."""
    folder = CACHE / name
    found = []
    for packed in sorted((GOLDEN / name).glob("img*.zst"), key=lambda p: int(p.stem[3:])):
        image = folder / packed.stem
        if not image.exists():
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / (packed.stem + f".part{os.getpid()}")
            subprocess.run(["zstd", "-dqf", "--long=27", "--sparse", packed, "-o", part], check=True)
            part.rename(image)
        found.append(str(image))
    return found


def jbcachefs(*words, user=None, check=False, **more):
    """Runs the command; as that user id if one is given."""
    line = [command(user), *words]
    if user is not None:
        line = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *line]
    return subprocess.run(line, check=check, timeout=SECONDS, capture_output=True, text=True, **more)


def mounted(directory):
    with open("/proc/self/mountinfo", encoding="utf-8") as lines:
        return any(line.split()[4] == str(directory) for line in lines)


def daemons(directory):
    """Process ids of the daemons that serve that directory."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as words:
                    arguments = words.read().split(b"\0")
            except OSError:
                continue
            if b"org.jbcachefs.cli.Cli" in arguments and os.fsencode(str(directory)) in arguments:
                found.append(int(entry))
    return found


def wait_until(what, condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Mountpoint:
    """A directory to mount on, cleared away whatever happens."""

    def __init__(self, user=None):
        self.user = user

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="jbcachefs-mnt-", dir=reachable(self.user))
        if self.user is not None:
            os.chown(self.directory, self.user, self.user)
        return self.directory

    def __exit__(self, *_):
        if mounted(self.directory):
            subprocess.run(["umount", "-l", self.directory], check=False)
        os.rmdir(self.directory)
