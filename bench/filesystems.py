#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole filesystems side by side: ours through FUSE, by both transports, against XFS, ext4 and btrfs, one after the other on the same loop device.

  bench/filesystems.py [--on KIND[,KIND]] [--only LOAD[,LOAD]] [--folder DIR] [--seconds N] [--warm N] [--no-archive] [--json FILE]

The loop device goes past the page cache (direct I/O) to a file in DIR that was written in full before; each filesystem is made anew with its defaults
for each load. Ours starts from archives for Java as an installed package does: they are made first, unless --no-archive says not to.
`bench/run --only filesystems` prints what comes out as rows. Needs root. See docs/benchmarks.md.
"""
import argparse, glob, json, os, re, shutil, subprocess, sys, tempfile, time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
JB = os.environ.get("JBCACHEFS", os.path.join(TOP, "bin", "jbcachefs"))
OURS = {"uring": "transport=uring", "dev": "transport=dev"}
# Nobody discards: what is written to a device with holes in it waits for the filesystem below to fill them.
PEERS = {
    "xfs": ["mkfs.xfs", "-q", "-f", "-K"],
    "ext4": ["mkfs.ext4", "-q", "-F", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0"],
    "btrfs": ["mkfs.btrfs", "-q", "-f", "-K"],
}
SWITCH = "/sys/module/fuse/parameters/enable_uring"
SOURCE = "/usr/share/dbench/client.txt"


def sh(*argv, **kw):
    return subprocess.run(argv, check=True, stdout=kw.pop("stdout", subprocess.DEVNULL), **kw)


def output(*argv, **kw):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True, **kw).stdout


class Device:
    """A loop device past the page cache over a file that was written in full."""

    def __init__(self, folder, mebibytes):
        self.folder = tempfile.mkdtemp(prefix="jbcachefs-bench.", dir=folder)
        self.file = os.path.join(self.folder, "device")
        with open(self.file, "wb", buffering=0) as file:
            for _ in range(mebibytes):
                file.write(os.urandom(4096) * 256)
            os.fsync(file.fileno())
        self.path = output("losetup", "--find", "--show", "--direct-io=on", self.file).strip()

    def close(self):
        subprocess.run(["losetup", "-d", self.path])
        shutil.rmtree(self.folder)


class Mount:
    """One kind of filesystem on the device, made anew."""

    def __init__(self, kind, device):
        self.kind, self.device, self.dir = kind, device.path, os.path.join(device.folder, "mnt")
        self.peak = 0
        os.makedirs(self.dir, exist_ok=True)
        sh(*([JB, "format", "-f", "-q", "--discard=0"] if kind in OURS else PEERS[kind]), self.device)
        self.mount()

    def mount(self):
        if self.kind in OURS:
            with open(SWITCH, "w") as file:
                file.write("Y" if self.kind == "uring" else "N")
            sh(JB, "mount", self.device, self.dir, "-o", OURS[self.kind])
        else:
            sh("mount", "-o", "nodiscard", self.device, self.dir)

    def daemon(self):
        """The process that serves this mount."""
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path, "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if self.dir.encode() in words and b"java" in words[0]:
                return int(path.split("/")[2])
        return None

    def watch(self):
        """The daemon's peak of memory so far, in MiB."""
        pid = self.daemon() if self.kind in OURS else None
        if pid:
            with open(f"/proc/{pid}/status") as file:
                self.peak = max(self.peak, int(re.search(r"VmHWM:\s*(\d+)", file.read())[1]) / 1024)

    def unmount(self):
        self.watch()
        sh(*([JB, "umount"] if self.kind in OURS else ["umount"]), self.dir)

    def drop(self):
        """Nothing of it is in the kernel's caches."""
        self.durable()
        self.on()
        with open("/proc/sys/vm/drop_caches", "w") as file:
            file.write("3")

    def again(self):
        """Mounted anew: nothing of it is in any cache."""
        self.unmount()
        with open("/proc/sys/vm/drop_caches", "w") as file:
            file.write("3")
        self.mount()

    def durable(self):
        """Everything that was written is on the device. The kernel does not tell a FUSE daemon of syncfs(2): ours is made read-only for that."""
        if self.kind in OURS:
            sh(JB, "remount", self.dir, "-o", "ro")
        else:
            sh("sync", "-f", self.dir)

    def on(self):
        """After durable(): it can be changed again."""
        if self.kind in OURS:
            sh(JB, "remount", self.dir, "-o", "rw")


# Loads: each takes a mount and the seconds for what is bound by time, and returns {name: figure}, more being better ---------------------------


def dbench(clients):
    def load(mount, seconds):
        text = output("dbench", "-c", SOURCE, "-D", mount.dir, "-t", str(seconds), str(clients), stderr=subprocess.STDOUT)
        found = re.search(r"^Throughput ([0-9.]+) MB/sec", text, re.M)
        if not found:
            raise RuntimeError(text[-2000:])
        return {f"dbench {clients}": float(found[1])}

    return load


def fio(mount, name, *words):
    words = words if any(word.startswith("--filename=") for word in words) else ("--filename=file", *words)
    text = output("fio", "--output-format=json", f"--name={name}", f"--directory={mount.dir}", "--randrepeat=1", "--eta=never", *words, cwd=mount.dir)
    return json.loads(text[text.index("{"):])["jobs"][0]


def laid_out(mount, mebibytes):
    fio(mount, "layout", f"--size={mebibytes}m", "--rw=write", "--bs=1m", "--end_fsync=1")


def random_sync(mount, seconds):
    laid_out(mount, 512)
    job = fio(mount, "sync", "--size=512m", "--rw=randwrite", "--bs=4k", "--fsync=1", f"--runtime={seconds}", "--time_based")
    return {"4 KiB random write + fsync": job["write"]["iops"]}


def random_direct(mount, seconds):
    laid_out(mount, 1024)
    figures = {}
    for rw in ("randwrite", "randread"):
        job = fio(mount, rw, "--size=1024m", f"--rw={rw}", "--bs=4k", "--direct=1", "--ioengine=io_uring", "--iodepth=32", f"--runtime={seconds}", "--time_based")
        figures[f"4 KiB {rw} direct depth 32"] = job[rw[4:]]["iops"]
    return figures


def sequential(mount, seconds):
    """A new file each time: one that is overwritten in place would be in the cache of whatever is below the device."""
    there = sorted(glob.glob(os.path.join(mount.dir, "sequential-*")))
    if len(there) > 2:
        os.remove(there[0])
    name = f"--filename=sequential-{int(there[-1].rsplit('-', 1)[1]) + 1 if there else 0:04}"
    figures = {}
    job = fio(mount, "write", name, "--size=1024m", "--rw=write", "--bs=1m", "--end_fsync=1")
    figures["1 MiB sequential write"] = job["write"]["bw"] / 1024
    mount.drop()
    job = fio(mount, "read", name, "--size=1024m", "--rw=read", "--bs=1m")
    figures["1 MiB sequential read"] = job["read"]["bw"] / 1024
    return figures


def archive(folder, files=20000):
    """A tar of small files, in 200 folders: most have some KiB."""
    path = os.path.join(folder, "tree.tar")
    if not os.path.exists(path):
        tree = os.path.join(folder, "tree")
        for number in range(files):
            name = os.path.join(tree, f"folder-{number % 200:03}", f"file-{number:05}")
            os.makedirs(os.path.dirname(name), exist_ok=True)
            with open(name, "wb") as file:
                file.write(os.urandom(512) * (1 + number * 7919 % 23))
        sh("tar", "-C", folder, "-cf", path, "tree")
        shutil.rmtree(tree)
    return path


def changed(mount, *argv):
    """The seconds that a command takes until what it did is on the device; what starting durable()'s own command takes is none of it."""
    start = time.monotonic()
    sh(*argv)
    mount.durable()
    taken = time.monotonic() - start
    start = time.monotonic()
    mount.durable()
    taken -= time.monotonic() - start
    mount.on()
    return taken


def read(path):
    """It is in the page cache then."""
    with open(path, "rb") as file:
        while file.read(1 << 24):
            pass


def tree(mount, seconds):
    """tar and rm of 20,000 files, each until it is on the device."""
    path = archive(os.path.dirname(mount.dir))
    read(path)
    figures = {"untar 20,000 files": 20000 / changed(mount, "tar", "-C", mount.dir, "-xf", path)}
    figures["rm -rf 20,000 files"] = 20000 / changed(mount, "rm", "-rf", os.path.join(mount.dir, "tree"))
    return figures


def find(mount, seconds):
    """find of 20,000 files after a new mount."""
    if not os.path.exists(os.path.join(mount.dir, "tree")):
        sh("tar", "-C", mount.dir, "-xf", archive(os.path.dirname(mount.dir)))
    mount.again()
    start = time.monotonic()
    sh("find", mount.dir, "-printf", "%s %p\\n")
    return {"find with sizes, cold": 20000 / (time.monotonic() - start)}


def aim(name):
    """Whom a figure is held against, and the ratio that is aimed at."""
    if name.startswith("dbench"):
        return "xfs", None if name == "dbench 1" else 1.0
    if name.startswith("untar") or name.startswith("rm"):
        return "btrfs", 0.5
    if name.startswith("find"):
        return "xfs", 1.0
    return "xfs", 0.8 if name.startswith("1 MiB") else 0.7


LOADS = {"dbench1": dbench(1), "dbench8": dbench(8), "dbench48": dbench(48), "sync": random_sync, "direct": random_direct, "sequential": sequential, "tree": tree, "find": find}


def archived():
    """Makes what packages make when they are installed, and a source tree only when it is asked to: what serves a mount starts from it."""
    sh(JB, env={**os.environ, "JBCACHEFS_ARCHIVE": "make"})


def measure(device, kind, load, seconds, warm):
    """A load's figures on a filesystem made anew, with the daemon's peak of memory in MiB as "memory"; it is checked afterwards if it is ours."""
    mount = Mount(kind, device)
    try:
        # What is measured is a daemon that has run for a while, as theirs do: Java compiles what it does often. All kinds get the same.
        start = time.monotonic()
        while True:
            load(mount, max(1, warm // 2))
            if time.monotonic() - start >= warm:
                break
        figures = load(mount, seconds)
    finally:
        mount.unmount()
    if kind in OURS:
        figures["memory"] = mount.peak
        sh(JB, "fsck", "-n", device.path)
    return figures


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--on", default=",".join([*OURS, *PEERS]))
    p.add_argument("--only", default=",".join(LOADS))
    p.add_argument("--folder", default="/var/tmp", help="where the device's file is")
    p.add_argument("--size", type=int, default=6144, help="of the device in MiB")
    p.add_argument("--seconds", type=int, default=10)
    p.add_argument("--warm", type=int, default=30, help="seconds of the same load before it is measured")
    p.add_argument("--no-archive", action="store_true", help="make no archives for Java first")
    p.add_argument("--json")
    args = p.parse_args()
    if not args.no_archive and not OURS.keys().isdisjoint(args.on.split(",")):
        archived()
    device, found = Device(args.folder, args.size), {}
    with open(SWITCH) as file:
        before = file.read()
    try:
        for load in args.only.split(","):
            for kind in args.on.split(","):
                found.setdefault(kind, {}).update(measure(device, kind, LOADS[load], args.seconds, args.warm))
                print(load, kind, {k: round(v, 1) for k, v in found[kind].items()}, flush=True)
    finally:
        with open(SWITCH, "w") as file:
            file.write(before)
        device.close()
    if args.json:
        with open(args.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    sys.exit(main())
