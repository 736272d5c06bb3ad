# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads on block devices through this project's queues (bench/jmh, QueueLoad) and through fio with io_uring, on the same device in turn.

fio registers its buffers and files, and submits and takes completions in batches, as our queues do.
"""

import json
import os
import re
import statistics
import subprocess

PATTERNS = (("randread", 4096), ("randwrite", 4096), ("read", 1 << 20), ("write", 1 << 20))
DEPTHS = (1, 8, 64)


def loads(ways, patterns=PATTERNS, depths=DEPTHS):
    return [f"{way}:{pattern}:{size}:{depth}" for pattern, size in patterns for depth in depths for way in ways]


def fio_arguments(pattern, size, depth, seconds, device):
    return ["fio", "--name=load", f"--filename={device}", f"--rw={pattern}", f"--bs={size}", f"--iodepth={depth}", "--ioengine=io_uring", "--direct=1",
            f"--runtime={seconds}", f"--ramp_time={seconds / 2}", "--time_based", "--fixedbufs=1", "--registerfiles=1", "--norandommap", "--thread=0",
            f"--iodepth_batch_submit={depth}", "--iodepth_batch_complete_min=1", f"--iodepth_batch_complete_max={depth}", "--output-format=json"]


def fio_result(text):
    """Requests a second and nanoseconds of CPU a request, of fio's JSON."""
    job = json.loads(text[text.index("{"):])["jobs"][0]
    done = max((job[kind] for kind in ("read", "write")), key=lambda side: side["total_ios"])
    cpu = (job["usr_cpu"] + job["sys_cpu"]) / 100
    return {"iops": done["iops"], "cpu_ns": cpu * 1e9 / done["iops"]}


def medians(results):
    """Of several passes, each a dictionary by load."""
    return {load: {key: statistics.median(one[load][key] for one in results) for key in ("iops", "cpu_ns")} for load in results[0]}


def on_host(java, classpath, native, device, ways, seconds, passes, patterns, depths):
    """Medians of the passes by load; those of fio are called fio:PATTERN:BYTES:DEPTH."""
    results = []
    for _ in range(passes):
        found = {}
        for pattern, size in patterns:
            # fio and we in turn, so that a change of the machine's mood hits both alike.
            for depth in depths:
                done = subprocess.run(fio_arguments(pattern, size, depth, seconds, device), check=True, stdout=subprocess.PIPE, text=True)
                found[f"fio:{pattern}:{size}:{depth}"] = fio_result(done.stdout)
            done = subprocess.run([java, *JAVA_OPTIONS, f"-Djbcachefs.native={native}", "-cp", classpath, LOAD, str(seconds), device,
                                   *loads(ways, [(pattern, size)], depths)], check=True, stdout=subprocess.PIPE, text=True)
            found.update(our_results(done.stdout))
        results.append(found)
    return medians(results)


LOAD = "org.jbcachefs.bench.QueueLoad"
JAVA_OPTIONS = ["-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx256m", "--enable-native-access=ALL-UNNAMED"]


def our_results(text):
    return {one.pop("load"): one for one in map(json.loads, text.splitlines())}


def in_guest(chosen, modules, files, shares, seconds, devices, ways, patterns, depths):
    """Like on_host, in one boot; also copies to all devices, by one request and by one each. Needs tests/vm in sys.path."""
    from jbvm.guest import Guest

    commands = []
    for pattern, size in patterns:
        for depth in depths:
            name = f"fio:{pattern}:{size}:{depth}"
            commands.append(f"echo '== {name}'\n" + " ".join(fio_arguments(pattern, size, depth, seconds, devices[0])))
    ours = loads(ways, patterns, depths) + [
        f"{way}:{pattern}:{size}:{depth}" for size in (4096, 65536) for depth in depths[1:] for way in ways for pattern in ("copies", "separate")]
    path = ":".join(f"/project/{part}/target/classes" for part in ("bench/jmh", "java-tools/block", "java-tools/format"))
    commands.append("echo '== ours'\n" + " ".join(["/jdk/bin/java", *JAVA_OPTIONS, "-Djbcachefs.native=/project/build/jni", "-cp", path, LOAD, str(seconds),
                                                 ",".join(devices), *ours]))
    with Guest(chosen, modules, {}, [], files=files, shares=shares, memory=2560) as guest:
        output = guest.run("\n".join(["export PATH=$PATH:/usr/bin", *commands]), 540).require_success("bench").output
    found = {}
    for part in re.split(r"^== ", output, flags=re.M)[1:]:
        name, text = part.split("\n", 1)
        if name == "ours":
            found.update(our_results("\n".join(line for line in text.splitlines() if line.startswith("{"))))
        else:
            found[name] = fio_result(text)
    return found


def loop_device(path, mebibytes):
    """A loop device past the page cache over a file that is written in full."""
    with open(path, "wb") as file:
        for _ in range(mebibytes):
            file.write(os.urandom(1 << 10) * 1024)
    done = subprocess.run(["losetup", "--find", "--show", "--direct-io=on", path], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()
