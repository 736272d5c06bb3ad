// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal.write;

/**
 * The journal buckets of one device as a ring. A bucket may be written over when the newest entry
 * in it is older than what the newest durable flush entry still needs. Belongs to the holder of the
 * commit lock.
 */
public final class DeviceJournal {
  private final int device;
  private final int bucketSectors;
  private final long[] buckets;
  private final long[] newestSeq;
  private int current;
  private int used;

  /**
   * @param device index of the member
   * @param buckets its journal buckets in order of use
   * @param newestSeq the highest sequence number in each of them; 0 where nothing is needed
   * @param current index of the bucket written last
   * @param used sectors of it that are written
   */
  public DeviceJournal(
      int device, int bucketSectors, long[] buckets, long[] newestSeq, int current, int used) {
    this.device = device;
    this.bucketSectors = bucketSectors;
    this.buckets = buckets.clone();
    this.newestSeq = newestSeq.clone();
    this.current = current;
    this.used = used;
  }

  /** Index of the member. */
  public int device() {
    return device;
  }

  /** Number of buckets. */
  public int size() {
    return buckets.length;
  }

  public int bucketSectors() {
    return bucketSectors;
  }

  /** Index of the bucket written last. */
  public int current() {
    return current;
  }

  /** Sectors of it that are written. */
  public int used() {
    return used;
  }

  /**
   * Buckets behind the current one that may be written over.
   *
   * @param needed the oldest entry that the newest durable flush entry needs
   */
  int free(long needed) {
    int free = 0;
    for (int step = 1; step < buckets.length; step++) {
      if (!isFree((current + step) % buckets.length, needed)) {
        break;
      }
      free++;
    }
    return free;
  }

  /** The newest entry in the bucket that would be written over next but is needed; 0 if none is. */
  long nextNeeded(long needed) {
    int next = (current + free(needed) + 1) % buckets.length;
    return next == current ? 0 : newestSeq[next];
  }

  /** Bytes that are left of the bucket written last. */
  long roomInCurrent() {
    return (long) (bucketSectors - used) << 9;
  }

  private boolean isFree(int index, long needed) {
    return newestSeq[index] == 0 || Long.compareUnsigned(newestSeq[index], needed) < 0;
  }

  /** Takes room for an entry; its first sector on the device, or -1 if there is none. */
  long place(int sectors, long seq, long needed) {
    if (used + sectors > bucketSectors) {
      int next = (current + 1) % buckets.length;
      if (sectors > bucketSectors || next == current || !isFree(next, needed)) {
        return -1;
      }
      current = next;
      used = 0;
    }
    long sector = buckets[current] * bucketSectors + used;
    used += sectors;
    newestSeq[current] = seq;
    return sector;
  }
}
