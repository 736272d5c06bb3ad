// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.PersistentCounter;

/** Gives out sectors of free buckets, the copies of one extent on distinct devices. Thread-safe. */
public final class SpaceAllocator {
  private final DeviceSet devices;
  private final OpenBuckets open;
  private final Map<Integer, FreeBuckets> free = new HashMap<>();
  private final BucketRefill refill;

  /** Members that had no room, and how many buckets were free there then. */
  private final Map<Integer, Long> fullWith = new HashMap<>();

  private int rotation;

  /** Makes buckets free. */
  @FunctionalInterface
  public interface BucketRefill {
    /**
     * True if there may be more room than before.
     *
     * @param watermark of who needs it: what makes room must not wait for itself
     */
    boolean refill(Watermark watermark);
  }

  public SpaceAllocator(DeviceSet devices, Btrees btrees, OpenBuckets open, BucketRefill refill) {
    this.devices = devices;
    this.open = open;
    this.refill = refill;
    for (int index = 0; index < devices.size(); index++) {
      if (devices.device(index) != null && devices.member(index) != null) {
        FixedBuckets fixed = new FixedBuckets(devices.superblockOf(index), devices.member(index));
        free.put(index, new FreeBuckets(btrees, open, index, fixed));
      }
    }
  }

  /**
   * What is wanted.
   *
   * @param sectors at most
   * @param whole whether less than that is of no use
   * @param replicas copies, each on another device; one on a device of durability n counts as n
   * @param atLeast copies without which it is of no use
   * @param devices which devices may be used
   * @param preferred those of them that are used first, as long as they have room
   */
  public record Request(
      int sectors,
      boolean whole,
      int replicas,
      int atLeast,
      IntPredicate devices,
      IntPredicate preferred,
      Watermark watermark) {
    public Request(
        int sectors,
        boolean whole,
        int replicas,
        int atLeast,
        IntPredicate devices,
        Watermark watermark) {
      this(sectors, whole, replicas, atLeast, devices, _ -> true, watermark);
    }
  }

  /**
   * Allocates.
   *
   * @throws PosixException {@code ENOSPC} if there is no room
   */
  public Allocation allocate(WritePoint point, Request request) {
    int wanted = durabilityPossible(point, request);
    if (isNowhere(point, request)) {
      throw noSpace(request);
    }
    while (true) {
      Allocation allocation = attempt(point, request, wanted);
      if (allocation != null) {
        return allocation;
      }
      // The lock is not held here: discarding commits, and commits may need sectors.
      if (!refill.refill(request.watermark)) {
        allocation = attempt(point, request, wanted);
        return allocation != null ? allocation : last(point, request);
      }
    }
  }

  /** Whether there is no device for it, whatever room there is. */
  private synchronized boolean isNowhere(WritePoint point, Request request) {
    return free.keySet().stream().noneMatch(index -> isUsable(index, point, request));
  }

  /** Fewer copies than wanted, if that is all there is room for. */
  private synchronized Allocation last(WritePoint point, Request request) {
    Allocation allocation = attempt(point, request, 0);
    if (allocation == null) {
      throw noSpace(request);
    }
    for (Map.Entry<Integer, FreeBuckets> entry : free.entrySet()) {
      long count = entry.getValue().count();
      if (count <= request.watermark.keepsFree(devices.member(entry.getKey()).nbuckets())) {
        fullWith.put(entry.getKey(), count);
      }
    }
    return allocation;
  }

  /** The same without making room first; null if there is none. */
  public Allocation allocateFromFree(WritePoint point, Request request) {
    return attempt(point, request, 0);
  }

  /**
   * Room in one piece for a copy that may be given up at any time, which devices do for that count
   * for no copy else.
   *
   * @param devices where it may be
   * @param spare so many more buckets must be free there than are kept for others than file data
   * @return null if there is none
   */
  public synchronized Allocation allocateCached(
      WritePoint point, int sectors, IntPredicate devices, int spare) {
    Request request = new Request(sectors, true, 1, 1, devices, devices, Watermark.NORMAL);
    for (int index : free.keySet()) {
      Member member = this.devices.member(index);
      boolean usable =
          isWritten(index)
              && !this.devices.health().isFailing(index)
              && (member.dataAllowed() >>> point.type().number() & 1) != 0
              && devices.test(index);
      long keep = Watermark.NORMAL.keepsFree(member.nbuckets()) + spare;
      if (usable && free.get(index).count() > keep && room(point, index, request) > 0) {
        Allocation allocation =
            new Allocation(List.of(place(point, index, sectors)), sectors, open);
        closeIfFull(point, index);
        return allocation;
      }
    }
    return null;
  }

  /**
   * How many copies there are to be, by durability, as long as buckets can be made free: as many as
   * members can hold, but for those that are known to be full. Metadata does not wait.
   */
  private synchronized int durabilityPossible(WritePoint point, Request request) {
    if (request.watermark != Watermark.NORMAL || request.replicas <= 1) {
      return 0;
    }
    int durability = 0;
    for (int index : free.keySet()) {
      boolean full = free.get(index).count() == fullWith.getOrDefault(index, -1L);
      if (!full && isUsable(index, point, request)) {
        durability += devices.member(index).durability();
      }
    }
    return Math.min(durability, request.replicas);
  }

  private static PosixException noSpace(Request request) {
    return new PosixException(
        PosixError.ENOSPC,
        "no space left for " + request.sectors + " sectors, " + request.replicas + " times");
  }

  private synchronized Allocation attempt(WritePoint point, Request request, int leastDurability) {
    List<Integer> chosen = new ArrayList<>();
    int sectors = request.sectors;
    int durability = 0;
    for (int index : candidates(point, request)) {
      if (durability >= request.replicas) {
        break;
      }
      int room = room(point, index, request);
      if (room > 0) {
        chosen.add(index);
        durability += devices.member(index).durability();
        sectors = Math.min(sectors, room);
      }
    }
    if (chosen.size() < request.atLeast || durability < leastDurability) {
      return null;
    }
    dropNeedless(chosen, durability - request.replicas);
    List<Allocation.Place> places = new ArrayList<>();
    for (int index : chosen) {
      places.add(place(point, index, sectors));
    }
    Allocation allocation = new Allocation(places, sectors, open);
    chosen.forEach(index -> closeIfFull(point, index));
    return allocation;
  }

  /** A device that was taken before one that counts more may not be needed any more. */
  private void dropNeedless(List<Integer> chosen, int tooMuch) {
    int left = tooMuch;
    for (int index : List.copyOf(chosen)) {
      int durability = devices.member(index).durability();
      if (durability <= left) {
        chosen.remove(Integer.valueOf(index));
        left -= durability;
      }
    }
  }

  private List<Integer> candidates(WritePoint point, Request request) {
    List<Integer> candidates = new ArrayList<>();
    for (int index : free.keySet()) {
      if (isUsable(index, point, request)) {
        candidates.add(index);
      }
    }
    rotation++;
    int turn = rotation;
    candidates.sort(
        Comparator.<Integer>comparingInt(index -> devices.health().isFailing(index) ? 1 : 0)
            .thenComparingInt(index -> request.preferred.test(index) ? 0 : 1)
            .thenComparingInt(index -> point.filling().containsKey(index) ? 0 : 1)
            .thenComparingInt(index -> Math.floorMod(index - turn, 256)));
    return candidates;
  }

  private boolean isUsable(int index, WritePoint point, Request request) {
    Member member = devices.member(index);
    return isWritten(index)
        && (member.dataAllowed() >>> point.type().number() & 1) != 0
        && member.durability() > 0
        && request.devices.test(index);
  }

  /** Sectors that can be had there in one piece, a new bucket taken if needed; 0 if none. */
  private int room(WritePoint point, int index, Request request) {
    int bucketSectors = devices.member(index).bucketSectors();
    int wanted = request.whole ? request.sectors : 1;
    WritePoint.Filling filling = point.filling().get(index);
    if (filling != null && bucketSectors - filling.used >= wanted) {
      return bucketSectors - filling.used;
    }
    FreeBuckets buckets = free.get(index);
    long keep = request.watermark.keepsFree(devices.member(index).nbuckets());
    if (wanted > bucketSectors || buckets.count() <= keep) {
      devices.activity().count(PersistentCounter.BUCKET_ALLOC_FAIL);
      return 0;
    }
    FreeBuckets.Found found = buckets.take();
    if (found == null) {
      devices.activity().count(PersistentCounter.BUCKET_ALLOC_FAIL);
      return 0;
    }
    devices.activity().count(PersistentCounter.BUCKET_ALLOC);
    if (filling != null) {
      open.release(index, filling.bucket);
    }
    point.filling().put(index, new WritePoint.Filling(found.bucket(), found.generation()));
    return bucketSectors;
  }

  private Allocation.Place place(WritePoint point, int index, int sectors) {
    WritePoint.Filling filling = point.filling().get(index);
    long bucketSectors = devices.member(index).bucketSectors();
    long sector = filling.bucket * bucketSectors + filling.used;
    filling.used += sectors;
    devices.activity().add(PersistentCounter.SECTORS_ALLOC, sectors);
    return new Allocation.Place(index, sector, filling.generation, filling.bucket);
  }

  private void closeIfFull(WritePoint point, int index) {
    WritePoint.Filling filling = point.filling().get(index);
    if (filling.used >= devices.member(index).bucketSectors()) {
      point.filling().remove(index);
      open.release(index, filling.bucket);
    }
  }

  /** Lets go of the buckets that a write point is filling. */
  public synchronized void close(WritePoint point) {
    point.filling().forEach((index, filling) -> open.release(index, filling.bucket));
    point.filling().clear();
  }

  /** From now on only those buckets are free; null: those that the btrees say. For repairs. */
  public void takeFrom(FreeSource source) {
    free.values().forEach(buckets -> buckets.takeFrom(source));
  }

  /**
   * How well buckets that can be given out are stocked: sectors in free buckets, and what is left
   * of those that a stream is filling.
   */
  public synchronized long stock(WritePoint point) {
    long sectors = 0;
    for (Map.Entry<Integer, FreeBuckets> entry : free.entrySet()) {
      if (!isWritten(entry.getKey())) {
        continue;
      }
      sectors += entry.getValue().count() * devices.member(entry.getKey()).bucketSectors();
    }
    for (Map.Entry<Integer, WritePoint.Filling> entry : point.filling().entrySet()) {
      sectors += devices.member(entry.getKey()).bucketSectors() - entry.getValue().used;
    }
    return sectors;
  }

  /** Whether a member has hardly more free buckets than are kept for others than file data. */
  public boolean isShort(int margin) {
    for (Map.Entry<Integer, FreeBuckets> entry : free.entrySet()) {
      Member member = devices.member(entry.getKey());
      boolean used = isWritten(entry.getKey()) && member.durability() > 0;
      long keep = Watermark.NORMAL.keepsFree(member.nbuckets());
      if (used && entry.getValue().count() <= keep + margin) {
        return true;
      }
    }
    return false;
  }

  private boolean isWritten(int index) {
    return devices.member(index).state() == MemberState.RW && !devices.health().isStopped(index);
  }

  /** Whether somebody is filling that bucket or has sectors of it. */
  public boolean isOpen(int device, long bucket) {
    return open.isOpen(device, bucket);
  }

  /** Sectors that may still be given out for file data, one copy of each. */
  public long availableSectors() {
    long sectors = 0;
    for (Map.Entry<Integer, FreeBuckets> entry : free.entrySet()) {
      Member member = devices.member(entry.getKey());
      long keep = Watermark.NORMAL.keepsFree(member.nbuckets());
      if (!isWritten(entry.getKey())) {
        continue;
      }
      sectors += Math.max(0, entry.getValue().count() - keep) * member.bucketSectors();
    }
    return sectors;
  }
}
