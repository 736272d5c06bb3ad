// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.testing;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.IoFlags;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/**
 * A device that misbehaves as disks do, deterministically from a seed.
 *
 * <p>Writes go to the device underneath at once, and what they replaced is kept until the next
 * {@link #flush}. A power cut undoes all unflushed writes and then lets each of them survive, be
 * lost, or be torn between sectors of 512 bytes, independently: which amounts to any reordering
 * that a volatile write cache can cause; only writes with FUA always survive. Nothing else ever
 * changes a flushed sector, except {@link #rot}.
 */
public final class FaultyDevice implements BlockDevice {
  private static final int SECTOR = 512;

  private final BlockDevice media;
  private final SplittableRandom random;
  private final FaultRanges faults = new FaultRanges();
  private final List<Unflushed> cache = new ArrayList<>();

  private boolean power = true;
  private boolean closed;
  private boolean dead;
  private long writesUntilCut = -1;
  private long operationsUntilDeath = -1;
  private double losing;
  private double tearing;
  private double failing;
  private LongConsumer pause = _ -> {};
  private long fastestNanos;
  private long slowestNanos;
  private Counts counts = new Counts(0, 0, 0);

  /** Finished operations since the beginning. */
  public record Counts(long reads, long writes, long flushes) {}

  /** A write since the last flush; a durable one (FUA) survives whatever becomes of the others. */
  private record Unflushed(long offset, byte[] before, byte[] after, boolean durable) {}

  /** Misbehaves on top of that device, which is closed with this one. */
  public FaultyDevice(BlockDevice media, long seed) {
    this.media = media;
    this.random = new SplittableRandom(seed);
  }

  /** Reads that touch that range fail until {@link #heal}. */
  public synchronized FaultyDevice failReads(long offset, long length) {
    faults.addReads(offset, length);
    return this;
  }

  /** Writes and discards that touch that range fail until {@link #heal}, changing nothing. */
  public synchronized FaultyDevice failWrites(long offset, long length) {
    faults.addWrites(offset, length);
    return this;
  }

  /** Every read and write fails with that probability, each time anew. */
  public synchronized FaultyDevice failSometimes(double probability) {
    failing = probability;
    return this;
  }

  /** Writes are acknowledged and dropped with that probability, flushed or not. */
  public synchronized FaultyDevice loseWrites(double probability) {
    losing = probability;
    return this;
  }

  /** Writes are acknowledged and only partly done with that probability, flushed or not. */
  public synchronized FaultyDevice tearWrites(double probability) {
    tearing = probability;
    return this;
  }

  /** Each operation waits between those times, through that pause (so that time can be feigned). */
  public synchronized FaultyDevice delay(long fastest, long slowest, LongConsumer nanosPause) {
    fastestNanos = fastest;
    slowestNanos = slowest;
    pause = nanosPause;
    return this;
  }

  /** Ends all faults that a range or a probability caused; damage done stays. */
  public synchronized FaultyDevice heal() {
    faults.clear();
    losing = 0;
    tearing = 0;
    failing = 0;
    return this;
  }

  /** Flips that many different random bits of the range on the media, unnoticed. */
  public synchronized void rot(long offset, long length, int bits) {
    byte[] bytes = new byte[Math.toIntExact(length)];
    media.read(offset, MemorySegment.ofArray(bytes));
    byte[] flipped = new byte[bytes.length];
    for (int done = 0; done < bits; ) {
      int at = random.nextInt(bytes.length);
      int bit = 1 << random.nextInt(8);
      if ((flipped[at] & bit) == 0) {
        flipped[at] |= (byte) bit;
        bytes[at] ^= (byte) bit;
        done++;
      }
    }
    media.write(offset, MemorySegment.ofArray(bytes));
  }

  /** After that many more writes the power goes, in the middle of the next one. */
  public synchronized FaultyDevice cutPowerAfter(long writes) {
    writesUntilCut = writes;
    return this;
  }

  /** After that many more operations the device never answers again. */
  public synchronized FaultyDevice dieAfter(long operations) {
    operationsUntilDeath = operations;
    return this;
  }

  /**
   * Cuts the power now: unflushed writes meet their fates and everything fails afterwards. Of a
   * device that is closed already everything that was written is there.
   */
  public synchronized void cutPower() {
    if (!power || closed) {
      return;
    }
    power = false;
    writesUntilCut = -1;
    for (int i = cache.size() - 1; i >= 0; i--) {
      media.write(cache.get(i).offset(), MemorySegment.ofArray(cache.get(i).before()));
    }
    double surviving = random.nextInt(5) / 4.0;
    for (Unflushed write : cache) {
      survive(write, surviving);
    }
    cache.clear();
  }

  private void survive(Unflushed write, double surviving) {
    if (write.durable()) {
      media.write(write.offset(), MemorySegment.ofArray(write.after()));
      return;
    }
    boolean torn = random.nextInt(4) == 0;
    if (!torn && random.nextDouble() < surviving) {
      media.write(write.offset(), MemorySegment.ofArray(write.after()));
    } else if (torn) {
      writeTorn(write.offset(), MemorySegment.ofArray(write.after()));
    }
  }

  /** Writes some of the sectors: a beginning or any choice of them. */
  private void writeTorn(long offset, MemorySegment from) {
    boolean prefix = random.nextBoolean();
    long end = offset + from.byteSize();
    for (long at = offset; at < end; ) {
      long next = Math.min(end, (at / SECTOR + 1) * SECTOR);
      if (random.nextInt(prefix ? 8 : 2) != 0) {
        media.write(at, from.asSlice(at - offset, next - at));
      } else if (prefix) {
        return;
      }
      at = next;
    }
  }

  /** The machine starts again; what survived is there, and durable. */
  public synchronized FaultyDevice restorePower() {
    power = true;
    return this;
  }

  public synchronized boolean hasPower() {
    return power;
  }

  public synchronized Counts counts() {
    return counts;
  }

  @Override
  public String name() {
    return media.name();
  }

  @Override
  public long size() {
    return media.size();
  }

  @Override
  public int blockSize() {
    return media.blockSize();
  }

  @Override
  public boolean readOnly() {
    return media.readOnly();
  }

  @Override
  public void read(long offset, MemorySegment into) {
    waitAsToldTo();
    synchronized (this) {
      begin("read", offset, faults.readFails(offset, into.byteSize()));
      media.read(offset, into);
      counts = new Counts(counts.reads + 1, counts.writes, counts.flushes);
    }
  }

  @Override
  public void write(long offset, MemorySegment from) {
    write(offset, from, IoFlags.NONE);
  }

  /** A write with FUA is durable itself and makes no other write durable. */
  @Override
  public void write(long offset, MemorySegment from, int flags) {
    IoFlags.check(flags, IoFlags.OF_WRITES);
    if ((flags & IoFlags.PREFLUSH) != 0) {
      flush();
    }
    waitAsToldTo();
    synchronized (this) {
      begin("write", offset, faults.writeFails(offset, from.byteSize()));
      if (media.readOnly()) {
        media.write(offset, from); // refuses, in its own words
      }
      boolean cut = writesUntilCut == 0;
      remember(offset, from, !cut && (flags & IoFlags.FUA) != 0);
      if (cut) {
        cutPower();
        throw broken("write", offset, "the power went");
      }
      if (writesUntilCut > 0) {
        writesUntilCut--;
      }
      if (tearing > 0 && random.nextDouble() < tearing) {
        writeTorn(offset, from);
      } else if (losing == 0 || random.nextDouble() >= losing) {
        media.write(offset, from);
      }
      counts = new Counts(counts.reads, counts.writes + 1, counts.flushes);
    }
  }

  private void remember(long offset, MemorySegment from, boolean durable) {
    int length = Math.toIntExact(from.byteSize());
    byte[] before = new byte[length];
    media.read(offset, MemorySegment.ofArray(before));
    byte[] after = new byte[length];
    MemorySegment.ofArray(after).copyFrom(from);
    cache.add(new Unflushed(offset, before, after, durable));
  }

  @Override
  public void flush() {
    waitAsToldTo();
    synchronized (this) {
      begin("flush", 0, false);
      media.flush();
      cache.clear();
      counts = new Counts(counts.reads, counts.writes, counts.flushes + 1);
    }
  }

  @Override
  public void discard(long offset, long length) {
    writeZeroes(offset, length);
  }

  /** Zeros go through the write cache as any other write. */
  @Override
  public void writeZeroes(long offset, long length) {
    if (length < 0 || offset < 0 || offset > size() - length) {
      media.writeZeroes(offset, length);
    }
    for (long done = 0; done < length; ) {
      int step = (int) Math.min(length - done, 1 << 20);
      write(offset + done, MemorySegment.ofArray(new byte[step]));
      done += step;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    media.close();
  }

  private void waitAsToldTo() {
    long nanos;
    LongConsumer how;
    synchronized (this) {
      if (slowestNanos == 0) {
        return;
      }
      nanos = fastestNanos + random.nextLong(slowestNanos - fastestNanos + 1);
      how = pause;
    }
    how.accept(nanos);
  }

  private void begin(String operation, long offset, boolean fault) {
    if (operationsUntilDeath == 0) {
      dead = true;
    } else if (operationsUntilDeath > 0) {
      operationsUntilDeath--;
    }
    if (dead) {
      throw broken(operation, offset, "the device does not answer");
    }
    if (!power) {
      throw broken(operation, offset, "no power");
    }
    if (fault || (failing > 0 && random.nextDouble() < failing)) {
      throw broken(operation, offset, "Input/output error");
    }
  }

  private DeviceException broken(String operation, long offset, String why) {
    return new DeviceException(Place.device(name(), offset), operation + " failed: " + why);
  }
}
