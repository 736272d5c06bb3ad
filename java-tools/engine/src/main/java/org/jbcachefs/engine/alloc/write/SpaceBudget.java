// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;

/**
 * What may still be written: the capacity that df shows, less what is used and what is promised to
 * writes that are under way. Who has a promise finds room, since a part of every device is in no
 * capacity and emptied buckets are made of half empty ones. All in sectors, copies counted one by
 * one. Thread-safe. Source: {@code bch2_disk_reservation_add}, {@code avail_factor}.
 */
public final class SpaceBudget {
  /** Of 65 parts that are free 64 may be promised. */
  private static final int RESERVE_SHIFT = 6;

  private final AtomicLong data = new AtomicLong();
  private final AtomicLong reserved = new AtomicLong();
  private long capacity;
  private long promised;

  /** A promise, until it is closed. */
  public final class Promise implements AutoCloseable {
    private long sectors;

    private Promise(long sectors) {
      this.sectors = sectors;
    }

    /** How much of what was wanted is promised. */
    public long sectors() {
      return sectors;
    }

    @Override
    public void close() {
      release(sectors);
      sectors = 0;
    }
  }

  /**
   * Where a filesystem begins from.
   *
   * @param whole what can be used of all devices
   * @param used by data and metadata
   * @param kept free by files' reservations
   */
  public synchronized void begin(long whole, long used, long kept) {
    capacity = whole;
    data.set(used);
    reserved.set(kept);
  }

  /** There are more or fewer devices to write to from now on. */
  public synchronized void resize(long whole) {
    capacity = whole;
  }

  /** Takes in what a commit adds to counters; with the commit lock held. */
  public void apply(Counters counters) {
    for (Map.Entry<Bpos, long[]> delta : counters.deltas().entrySet()) {
      int type = (int) (delta.getKey().inode() >>> (Long.SIZE - Byte.SIZE));
      if (type == AccountingType.REPLICAS.number()) {
        int dataType = AccountingKey.of(delta.getKey()).replicas().dataType();
        if (counts(dataType)) {
          data.addAndGet(delta.getValue()[0]);
        }
      } else if (type == AccountingType.PERSISTENT_RESERVED.number()) {
        int replicas = AccountingKey.of(delta.getKey()).number();
        reserved.addAndGet(replicas * delta.getValue()[0]);
      }
    }
  }

  private static boolean counts(int dataType) {
    return dataType == DataType.BTREE.number()
        || dataType == DataType.USER.number()
        || dataType == DataType.PARITY.number();
  }

  /** What can be used of all devices. */
  public synchronized long capacity() {
    return capacity;
  }

  /** What of it is neither used nor promised. */
  public synchronized long free() {
    long kept = reserved.get() + promised;
    long used = data.get() + kept + Math.ceilDiv(kept, 1L << RESERVE_SHIFT);
    return Math.max(0, capacity - used);
  }

  /** What may be promised now. */
  public synchronized long available() {
    return (free() << RESERVE_SHIFT) / ((1L << RESERVE_SHIFT) + 1);
  }

  /**
   * Promises room.
   *
   * @param least what is of use, at least
   * @throws PosixException ENOSPC if not even that is there
   */
  public synchronized Promise promise(long wanted, long least) {
    long sectors = Math.min(wanted, Math.max(available(), 0));
    if (sectors < least) {
      throw new PosixException(
          PosixError.ENOSPC, "no space left for " + wanted + " sectors, all copies counted");
    }
    promised += sectors;
    return new Promise(sectors);
  }

  private synchronized void release(long sectors) {
    promised -= sectors;
  }
}
