# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a kernel in QEMU with image files as disks, runs one shell script there, and brings everything back.

The guest is software-emulated (KVM is neither needed nor used). It never outlives this process: QEMU is killed
when the time is up, when the caller leaves the block, and by the kernel when this process dies.
"""

import ctypes
import dataclasses
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from .archive import Unavailable
from .initramfs import Initramfs
from .kernel import TRANSPORT, module_bytes

HERE = pathlib.Path(__file__).resolve().parent.parent
QEMU = "qemu-system-x86_64"
PR_SET_PDEATHSIG = 1
OTHER_TRIES = 4
OTHER_SEEDS = 500000
BOOTS = 3
BOOT_SECONDS = 120
FIRST_PROCESS = "Run /init as init process"
# A kernel rewrites its own code (static branches) with a breakpoint in the first byte for a moment. An emulated
# processor may run a stale translation of that byte when nobody answers for the breakpoint any more: a fault of QEMU's
# processors that run in parallel. No module can bring it about, as no compiler emits that instruction.
EMULATOR_FAULT = re.compile(r"Oops: int3: 0000|^\[.*\] int3: 0000", re.MULTILINE)

# What a healthy kernel never says.
COMPLAINTS = re.compile(
    r"WARNING:|BUG:|\bBUG at\b|Oops|general protection fault[,:]|Call Trace|possible (recursive|circular) locking|"
    r"suspicious RCU|sleeping function called|refcount_t|use-after-free|blocked for more than|soft lockup|"
    r"hard LOCKUP|rcu_\w+ (self-)?detected stall|UBSAN|KASAN|KCSAN|kmemleak|unreferenced object|"
    r"Bad page state|scheduling while atomic|Kernel panic|list_(add|del) corruption|held lock freed")

# What a kernel that checks itself says of that at its start.
ANNOUNCEMENTS = re.compile(r"RCU callback double-/use-after-free debug is enabled|kmemleak: Kernel memory leak detector initialized")


class GuestFailure(Exception):
    """The guest did not end as it should have: time was up, it did not boot, or its script failed."""


@dataclasses.dataclass
class Result:
    """What one boot left behind. ``share`` lives until the Guest is closed."""

    status: int | None
    output: str
    log: str
    share: pathlib.Path

    def complaints(self):
        """The lines of the kernel log that report a fault of the kernel or a module."""
        return [line for line in self.log.splitlines() if COMPLAINTS.search(line) and not ANNOUNCEMENTS.search(line)]

    def require_success(self, what):
        """Raises with the ends of output and log unless the script ended with 0."""
        if self.status != 0:
            raise GuestFailure(f"{what}: status {self.status}\n--- output\n{_end(self.output)}\n--- kernel log\n{_end(self.log)}")
        return self


class Guest:
    """A boot to come. Use as a context manager; ``share`` is the folder the guest sees as /share."""

    def __init__(self, kernel, modules=(), disks=None, programs=(), files=None, shares=None, memory=1024, cpus=2, append="", scratch=False,
                 shared=()):
        """``disks``: name -> image file, seen as /dev/disk/NAME. ``programs``: host files, static, for /bin.
        ``files``: guest path -> bytes, put into the first root. ``modules``: names of this kernel's modules, or
        paths of module files, in order, each with its parameters after a blank.
        ``shares``: name -> host folder, seen read-only as /NAME. ``scratch``: nobody reads the disks afterwards, so that
        a boot which the emulator spoils is made again, with the disks as they were. ``shared``: names of disks that are not
        locked, for who takes turns with the guest."""
        self.kernel = kernel
        self.modules = list(modules)
        self.disks = dict(disks or {})
        self.programs = list(programs)
        self.files = dict(files or {})
        self.shares = dict(shares or {})
        self.memory = memory
        self.cpus = cpus
        self.append = append
        self.scratch = scratch
        self.shared = frozenset(shared)
        self.folder = None
        self.share = None

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="jbcachefs-vm."))
        self.share = self.folder / "share"
        self.share.mkdir()
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, script, seconds):
        """Boots, runs the script, waits for power-off; at most that many seconds."""
        failure, result = self._run(script, seconds)
        if failure:
            raise failure
        return result

    def run_to_the_end(self, script, seconds):
        """The same for a script that may take the kernel down with it: what came of it until then."""
        failure, result = self._run(script, seconds)
        if failure and not result.log:
            raise failure
        return result

    def _run(self, script, seconds):
        if not shutil.which(QEMU):
            raise Unavailable(f"{QEMU} is not installed: run tests/vm/prepare")
        (self.share / "script").write_text(script)
        for stale in ("output", "status"):
            (self.share / stale).unlink(missing_ok=True)
        initramfs = self.folder / "initramfs"
        self._pack(initramfs)
        log = self.folder / "console"
        kept = self._keep_disks() if self.scratch else {}
        for boot in range(1, BOOTS + 1):
            log.write_bytes(b"")
            failure = self._boot(self._command(initramfs, log), log, seconds)
            said = _text(log)
            spoilt = EMULATOR_FAULT.search(said)
            if FIRST_PROCESS in said and not spoilt:
                break
            # Before the first process, nothing of ours has run, nor any module: no disk has been touched.
            what = "was spoilt by the emulator (int3)" if spoilt else "did not boot"
            print(f"tests/vm: kernel {self.kernel.release} {what} ({boot} of {BOOTS} times): {said[-300:]!r}", flush=True)
            failure = GuestFailure(f"kernel {self.kernel.release} {what}\n--- kernel log\n{_end(said)}")
            if FIRST_PROCESS in said and not self.scratch:
                break
            for image, copy in kept.items():
                _copy_sparse(copy, image)
            for stale in ("output", "status"):
                (self.share / stale).unlink(missing_ok=True)
        status = self.share / "status"
        return failure, Result(int(status.read_text()) if status.exists() else None, self._output(), _text(log), self.share)

    def _keep_disks(self):
        """Copies of the disks as they are now: image -> copy."""
        kept = {}
        for name, image in self.disks.items():
            kept[image] = self.folder / f"kept-{name}"
            _copy_sparse(image, kept[image])
        return kept

    def _boot(self, command, log, seconds):
        """One run of QEMU; the failure that the caller is to raise, or None."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   preexec_fn=_die_with_parent)
        end = time.monotonic() + seconds
        first_process_by = time.monotonic() + BOOT_SECONDS
        try:
            while True:
                try:
                    said, _ = process.communicate(timeout=2)
                    break
                except subprocess.TimeoutExpired:
                    now = time.monotonic()
                    if EMULATOR_FAULT.search(_text(log)):
                        return None  # The caller sees it in the log; what still runs in the guest may hang.
                    if now > end or (now > first_process_by and FIRST_PROCESS not in _text(log)):
                        return GuestFailure(f"kernel {self.kernel.release}: not done after {seconds} s\n"
                                            f"--- output\n{_end(self._output())}\n--- kernel log\n{_end(_text(log))}")
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            return GuestFailure(f"{QEMU} ended with {process.returncode}: {said.decode(errors='replace')[-2000:]}")
        return None

    def _output(self):
        path = self.share / "output"
        return _text(path) if path.exists() else ""

    def _pack(self, path):
        root = Initramfs()
        for folder in ("proc", "sys", "dev", "tmp", "bin", "modules"):
            root.folder(folder)
        root.device("dev/console", 5, 1)
        root.device("dev/null", 1, 3)
        root.file("init", (HERE / "guest" / "init").read_bytes(), 0o755)
        root.file("bin/busybox", pathlib.Path(_busybox()).read_bytes(), 0o755)
        for program in self.programs:
            root.file(f"bin/{pathlib.Path(program).name}", pathlib.Path(program).read_bytes(), 0o755)
        for name, content in self.files.items():
            root.file(name, content, 0o755)
        root.file("shares", "".join(f"{name}\n" for name in self.shares).encode())
        order = {}
        for wanted in [*TRANSPORT, *map(str, self.modules)]:
            source, _, parameters = wanted.partition(" ")
            files = [pathlib.Path(source)] if "/" in source else self.kernel.load_order([source])
            names = [file.name.split(".ko")[0] + ".ko" for file in files]
            for name, file in zip(names, files):
                if name not in order:
                    root.file(f"modules/{name}", module_bytes(file))
                    order[name] = ""
            if parameters:
                order[names[-1]] = parameters
        root.file("modules/order", "".join(f"{name} {parameters}\n" for name, parameters in order.items()).encode())
        root.write(path)

    def _command(self, initramfs, log):
        command = [
            QEMU, "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", str(self.cpus), "-m", str(self.memory),
            "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", f"file:{log}",
            "-kernel", str(self.kernel.image), "-initrd", str(initramfs),
            # An emulated timer can look broken to a kernel when this machine is busy.
            "-append", "console=ttyS0 rdinit=/init panic=-1 mitigations=off nokaslr no_timer_check " + self.append,
            "-virtfs", f"local,path={self.share},mount_tag=share,security_model=none,id=share",
        ]
        for name, folder in self.shares.items():
            command += ["-virtfs", f"local,path={folder},mount_tag={name},security_model=none,readonly=on,id={name}"]
        for number, (name, image) in enumerate(self.disks.items()):
            slot, function = 8 + number // 8, number % 8
            locking = ",file.locking=off" if name in self.shared else ""
            command += [
                "-drive", f"file={image},if=none,id=disk{number},format=raw,cache=unsafe,discard=unmap{locking}",
                "-device", f"virtio-blk-pci,drive=disk{number},serial={name},addr={slot:x}.{function},multifunction=on",
            ]
        return command


def insist(who, attempt, seed):
    """Tries other seeds, a few times, when the kernel did not get through: those with bcachefs have deadlocks and bugs of their own."""
    for _ in range(OTHER_TRIES):
        try:
            return attempt(seed)
        except GuestFailure as failure:
            other = seed + OTHER_SEEDS
            print(f"{who}: seed {seed}: the kernel failed, trying seed {other}: {str(failure)[:1500]}", flush=True)
            seed = other
    return attempt(seed)


def compile_program(source, into, *flags):
    """Compiles a C program of tests/vm/guest statically; returns its path."""
    into = pathlib.Path(into) / pathlib.Path(source).stem
    done = subprocess.run(["gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-static", *flags,
                           "-o", str(into), str(source)], capture_output=True, text=True)
    if done.returncode:
        raise GuestFailure(f"{source} does not compile:\n{done.stderr}")
    return into


def _busybox():
    for candidate in ("/bin/busybox", "/usr/bin/busybox"):
        if pathlib.Path(candidate).exists():
            return candidate
    raise Unavailable("busybox-static is not installed: run tests/vm/prepare")


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _copy_sparse(source, target):
    subprocess.run(["cp", "--sparse=always", "--", str(source), str(target)], check=True)


def _text(path):
    return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")


def _end(text, most=6000):
    return text if len(text) <= most else "[...]" + text[-most:]
