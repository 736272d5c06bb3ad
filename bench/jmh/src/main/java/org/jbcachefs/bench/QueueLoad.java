// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.CopyTargets;
import org.jbcachefs.block.IoFlags;
import org.jbcachefs.block.IoQueue;
import org.jbcachefs.block.opening.DeviceOpener;
import org.jbcachefs.block.opening.IoMode;

/**
 * Keeps a queue full for a while, as fio does, and prints requests a second and CPU a request, in
 * nanoseconds, as JSON, a line for each load. The CPU is that of the thread that works the queue,
 * in Java and in the kernel; of the plain way, which has more threads, of the whole process.
 *
 * <pre>
 * QueueLoad SECONDS DEVICE[,DEVICE...] WAY:PATTERN:BYTES:DEPTH...
 *   WAY      plain, uring, shim
 *   PATTERN  randread, randwrite, read, write: to the first device;
 *            copies: random writes of one buffer to all of the devices by one request;
 *            separate: the same by a request for each device
 * </pre>
 *
 * Before the first load of each way many small requests make Java compile what is measured, as it
 * is in a program that runs for days; each load runs half as long before, without being measured.
 * What the devices hold is lost.
 */
public final class QueueLoad {
  private static final long SEED = 4096;
  private static final long NANOS = 1_000_000_000L;

  private static final int WARM_UP_REQUESTS = 200_000;
  private static final double WARM_UP_SECONDS = 20;
  private static final int WARM_UP_DEPTH = 64;

  /** Looking at the clock is not free. */
  private static final int ROUNDS_BETWEEN_LOOKS = 16;

  private final boolean ofProcess;
  private final String pattern;
  private final int bytes;
  private final int depth;
  private final List<BlockDevice> devices;
  private final IoQueue queue;
  private final MemorySegment[] buffers;
  private final CopyTargets targets = new CopyTargets();
  private final SplittableRandom random = new SplittableRandom(SEED);
  private final long places;
  private final int requestsEach;
  private final int[] missing;
  private final int[] again;
  private int againCount;
  private long position;
  private long done;

  private QueueLoad(
      boolean ofProcess,
      String pattern, int bytes, int depth, List<BlockDevice> devices, IoQueue queue, Arena arena) {
    this.ofProcess = ofProcess;
    this.pattern = pattern;
    this.bytes = bytes;
    this.depth = depth;
    this.devices = devices;
    this.queue = queue;
    MemorySegment memory = arena.allocate((long) bytes * depth, IoQueue.ENOUGH_ALIGNMENT);
    memory.fill((byte) 0x5a);
    queue.register(List.of(memory));
    buffers = new MemorySegment[depth];
    for (int i = 0; i < depth; i++) {
      buffers[i] = memory.asSlice((long) i * bytes, bytes);
    }
    places = devices.getFirst().size() / bytes;
    requestsEach = pattern.equals("separate") ? devices.size() : 1;
    missing = new int[depth];
    again = new int[depth];
  }

  /** See the class. */
  public static void main(String[] words) {
    double seconds = Double.parseDouble(words[0]);
    List<Path> paths = Arrays.stream(words[1].split(",", -1)).map(Path::of).toList();
    Set<IoMode> warm = EnumSet.noneOf(IoMode.class);
    for (String load : Arrays.asList(words).subList(2, words.length)) {
      String[] parts = load.split(":", -1);
      IoMode way = IoMode.of(parts[0]).orElseThrow();
      if (warm.add(way)) {
        warmUp(way, paths);
      }
      run(
          load,
          new DeviceOpener(way, _ -> {}),
          parts[1],
          Integer.parseInt(parts[2]),
          Integer.parseInt(parts[3]),
          paths,
          seconds);
    }
  }

  private static void warmUp(IoMode way, List<Path> paths) {
    DeviceOpener opener = new DeviceOpener(way, _ -> {});
    try (Arena arena = Arena.ofShared();
        BlockDevice device = opener.openReadWrite(paths.getFirst());
        IoQueue queue = IoQueue.over(List.of(device), WARM_UP_DEPTH)) {
      for (String pattern : List.of("randread", "randwrite")) {
        QueueLoad load =
            new QueueLoad(false, pattern, 4096, WARM_UP_DEPTH, List.of(device), queue, arena);
        double seconds = 0;
        for (long requests = 0; requests < WARM_UP_REQUESTS && seconds < WARM_UP_SECONDS; ) {
          load.run(1);
          requests += load.done;
          seconds++;
        }
      }
    }
  }

  private static void run(
      String name,
      DeviceOpener opener,
      String pattern,
      int bytes,
      int depth,
      List<Path> paths,
      double seconds) {
    List<BlockDevice> devices = new ArrayList<>();
    boolean toAll = pattern.equals("separate") || pattern.equals("copies");
    try (Arena arena = Arena.ofShared()) {
      for (Path path : toAll ? paths : paths.subList(0, 1)) {
        devices.add(opener.openReadWrite(path));
      }
      boolean ofProcess = opener.mode() == IoMode.PLAIN;
      int capacity = depth * (pattern.equals("separate") ? devices.size() : 1);
      try (IoQueue queue = IoQueue.over(devices, capacity)) {
        QueueLoad load = new QueueLoad(ofProcess, pattern, bytes, depth, devices, queue, arena);
        load.run(seconds / 2);
        System.out.println("{\"load\": \"" + name + "\", " + load.run(seconds) + "}");
        System.out.flush();
      }
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }

  private long cpuTime() {
    return ofProcess
        ? ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime()
        : ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private String run(double seconds) {
    done = 0;
    long cpu = cpuTime();
    long start = System.nanoTime();
    long end = start + (long) (seconds * NANOS);
    for (int i = 0; i < depth; i++) {
      prepare(i);
    }
    for (int round = 1; ; round++) {
      queue.await(1);
      boolean isOver = round % ROUNDS_BETWEEN_LOOKS == 0 && System.nanoTime() >= end;
      takeAll(!isOver);
      if (isOver) {
        break;
      }
    }
    queue.awaitAll();
    takeAll(false);
    double took = (System.nanoTime() - start) / (double) NANOS;
    cpu = cpuTime() - cpu;
    return String.format(
        Locale.ROOT,
        "\"iops\": %.1f, \"cpu_ns\": %.1f, \"ios\": %d",
        done / took,
        cpu / (double) done,
        done);
  }

  private void takeAll(boolean goOn) {
    while (queue.next()) {
      if (queue.failed() != 0) {
        throw queue.failure(Integer.numberOfTrailingZeros(queue.failed()));
      }
      int slot = (int) queue.token();
      if (--missing[slot] == 0) {
        done++;
        if (goOn) {
          // The completion that is being looked at still holds its place.
          again[againCount++] = slot;
        }
      }
    }
    for (int i = 0; i < againCount; i++) {
      prepare(again[i]);
    }
    againCount = 0;
  }

  private void prepare(int slot) {
    missing[slot] = requestsEach;
    BlockDevice device = devices.getFirst();
    switch (pattern) {
      case "randread" -> queue.read(device, anywhere(), buffers[slot], IoFlags.SYNC, slot);
      case "randwrite" -> queue.write(device, anywhere(), buffers[slot], IoFlags.SYNC, slot);
      case "read" -> queue.read(device, onward(), buffers[slot], IoFlags.SYNC, slot);
      case "write" -> queue.write(device, onward(), buffers[slot], IoFlags.SYNC, slot);
      case "copies" -> {
        long offset = anywhere();
        targets.clear();
        for (BlockDevice copy : devices) {
          targets.add(copy, offset);
        }
        queue.writeCopies(targets, buffers[slot], IoFlags.SYNC, slot);
      }
      case "separate" -> {
        long offset = anywhere();
        for (BlockDevice copy : devices) {
          queue.write(copy, offset, buffers[slot], IoFlags.SYNC, slot);
        }
      }
      default -> throw new IllegalArgumentException("no pattern " + pattern);
    }
  }

  private long anywhere() {
    return random.nextLong(places) * bytes;
  }

  private long onward() {
    position = position + 1 < places ? position + 1 : 0;
    return position * bytes;
  }
}
