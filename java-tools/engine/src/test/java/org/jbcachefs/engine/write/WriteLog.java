// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.IoFlags;
import org.jbcachefs.block.testing.MemoryDevice;

/**
 * All writes and flushes of some devices in one order, so that what a power cut leaves can be had
 * for any moment without doing all again. As {@code FaultyDevice} has it: flushed writes are there,
 * any other is there, lost, or torn between sectors, whatever becomes of the others; with FUA it is
 * there once it was acknowledged.
 */
final class WriteLog {
  private static final int SECTOR = 512;

  private final List<MemoryDevice> media;
  private final List<MemoryDevice> before;
  private final List<Event> events = new ArrayList<>();
  private volatile long flushNanos;

  /**
   * One thing that was asked of a device.
   *
   * @param bytes null for a flush
   * @param durable whether it was durable once it was acknowledged
   */
  private record Event(int device, long offset, byte[] bytes, boolean durable) {}

  /** Watches those media from now on. */
  WriteLog(List<MemoryDevice> media) {
    this.media = media;
    this.before = Judge.reopenable(media);
  }

  /** The devices that are watched. */
  List<BlockDevice> devices() {
    List<BlockDevice> devices = new ArrayList<>();
    for (int index = 0; index < media.size(); index++) {
      devices.add(new Watched(index));
    }
    return devices;
  }

  /**
   * Flushes take so long from now on, and have done what they do when they begin: what is written
   * meanwhile is none of theirs.
   */
  WriteLog flushingFor(long nanos) {
    flushNanos = nanos;
    return this;
  }

  /** What was written, in order. */
  synchronized List<byte[]> written() {
    return events.stream().filter(event -> event.bytes() != null).map(Event::bytes).toList();
  }

  /** How much has happened. */
  synchronized int size() {
    return events.size();
  }

  private synchronized void add(Event event) {
    events.add(event);
  }

  private final class Watched implements BlockDevice {
    private final int index;
    private final MemoryDevice below;

    Watched(int index) {
      this.index = index;
      this.below = media.get(index);
    }

    @Override
    public String name() {
      return below.name();
    }

    @Override
    public long size() {
      return below.size();
    }

    @Override
    public int blockSize() {
      return below.blockSize();
    }

    @Override
    public boolean readOnly() {
      return false;
    }

    @Override
    public void read(long offset, MemorySegment into) {
      below.read(offset, into);
    }

    @Override
    public void write(long offset, MemorySegment from) {
      write(offset, from, IoFlags.NONE);
    }

    @Override
    public void write(long offset, MemorySegment from, int flags) {
      if ((flags & IoFlags.PREFLUSH) != 0) {
        flush();
      }
      byte[] bytes = new byte[Math.toIntExact(from.byteSize())];
      MemorySegment.ofArray(bytes).copyFrom(from);
      below.write(offset, from);
      add(new Event(index, offset, bytes, (flags & IoFlags.FUA) != 0));
    }

    @Override
    public void flush() {
      add(new Event(index, 0, null, false));
      if (flushNanos > 0) {
        LockSupport.parkNanos(flushNanos);
      }
    }

    @Override
    public void discard(long offset, long length) {
      writeZeroes(offset, length);
    }

    @Override
    public void writeZeroes(long offset, long length) {
      write(offset, MemorySegment.ofArray(new byte[Math.toIntExact(length)]));
    }

    @Override
    public void close() {
      below.close();
    }
  }

  /** Goes through what happened, from the beginning. */
  Replay replay() {
    return new Replay();
  }

  /** The media at some moment; moments come in ascending order. */
  final class Replay {
    private final List<MemoryDevice> flushed = Judge.reopenable(before);
    private final List<Event> unflushed = new ArrayList<>();
    private int at;

    /** Moves to the moment at which so many things were done. */
    void advance(int moment) {
      while (at < moment) {
        Event event = events.get(at);
        at++;
        if (event.bytes != null) {
          unflushed.add(event);
          continue;
        }
        for (Event write : unflushed) {
          if (write.device == event.device) {
            put(flushed, write.device, write.offset, write.bytes, 0, write.bytes.length);
          }
        }
        unflushed.removeIf(write -> write.device == event.device);
      }
    }

    /** What is left if the power goes now, in the middle of the next thing. */
    List<MemoryDevice> cut(long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      double surviving = random.nextInt(5) / 4.0;
      List<MemoryDevice> left = Judge.reopenable(flushed);
      unflushed.forEach(write -> survive(left, write, write.durable, surviving, random));
      Event next = at < events.size() ? events.get(at) : null;
      if (next != null && next.bytes != null) {
        survive(left, next, false, surviving, random);
      }
      return left;
    }
  }

  private static void survive(
      List<MemoryDevice> left,
      Event write,
      boolean surely,
      double surviving,
      SplittableRandom random) {
    boolean torn = !surely && random.nextInt(4) == 0;
    if (torn) {
      tear(left, write, random);
    } else if (surely || random.nextDouble() < surviving) {
      put(left, write.device, write.offset, write.bytes, 0, write.bytes.length);
    }
  }

  /** A beginning or any choice of the sectors. */
  private static void tear(List<MemoryDevice> left, Event write, SplittableRandom random) {
    boolean prefix = random.nextBoolean();
    for (int from = 0; from < write.bytes.length; from += SECTOR) {
      int to = Math.min(write.bytes.length, from + SECTOR);
      if (random.nextInt(prefix ? 8 : 2) != 0) {
        put(left, write.device, write.offset, write.bytes, from, to);
      } else if (prefix) {
        return;
      }
    }
  }

  private static void put(
      List<MemoryDevice> on, int device, long offset, byte[] bytes, int from, int to) {
    on.get(device).write(offset + from, MemorySegment.ofArray(bytes).asSlice(from, to - from));
  }
}
