// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.move;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jbcachefs.engine.alloc.write.BucketGeometry;
import org.jbcachefs.engine.alloc.write.WritePoint;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.PersistentCounter;
import org.jbcachefs.format.value.AllocV4;
import org.jbcachefs.format.value.Backpointer;

/**
 * Empties buckets of which only a part is live, those with the least first: their data goes into
 * full buckets, their btree nodes are written anew. Thread-safe; one thread works, others wait for
 * it. Source: {@code bch2_copygc}.
 */
public final class Copygc {
  /** Buckets that are emptied before the next look at how much room there is. */
  private static final int ROUND = 16;

  private static final int DEVICE_SHIFT = 48;
  private static final long BUCKET_MASK = (1L << DEVICE_SHIFT) - 1;
  private static final long TIME_MASK = (1L << DEVICE_SHIFT) - 1;

  private final MoveParts parts;
  private final Runnable makeFree;
  private final ReentrantReadWriteLock reading = new ReentrantReadWriteLock();
  private final ReentrantLock working = new ReentrantLock();
  private final ExtentMove extents;
  private final int bpShift;
  private final BucketGeometry geometry;

  /** Buckets that something could not be moved out of, until all others have been tried. */
  private final Set<Bucket> stuck = new HashSet<>();

  private record Bucket(int device, long bucket) {}

  private record Place(int btree, int level, Bpos pos) {}

  /**
   * @param makeFree makes buckets free that were emptied
   */
  public Copygc(MoveParts parts, Runnable makeFree) {
    this.parts = parts;
    this.makeFree = makeFree;
    this.extents = new ExtentMove(parts, reading.writeLock());
    this.bpShift = parts.options().superblock().extentBpShift();
    this.geometry = BucketGeometry.of(parts.options().superblock());
  }

  /** Held by whoever reads data of extents, from the look at the key on. */
  public Lock reading() {
    return reading.readLock();
  }

  /** Held while an extent is replaced: nobody reads then. */
  public Lock exclusive() {
    return reading.writeLock();
  }

  /**
   * Empties some buckets; waits for whoever is doing so, and leaves it at that.
   *
   * @return whether there is more room than before, or may be
   */
  public boolean run() {
    if (working.isHeldByCurrentThread()) {
      return false;
    }
    boolean idle = working.tryLock();
    if (!idle) {
      working.lock();
    }
    try {
      return !idle || round();
    } finally {
      working.unlock();
    }
  }

  private boolean round() {
    long before = parts.space().stock(extents.point());
    List<Bucket> candidates = candidates();
    parts.devices().activity().count(PersistentCounter.COPYGC);
    if (candidates.isEmpty()) {
      stuck.clear();
    }
    for (Bucket bucket : candidates) {
      if (!evacuate(bucket)) {
        break;
      }
      parts.devices().activity().count(PersistentCounter.EVACUATE_BUCKET);
      if (isMovable(bucket)) {
        stuck.add(bucket);
      }
    }
    makeFree.run();
    return parts.space().stock(extents.point()) > before;
  }

  /**
   * Writes what one extent points to anew, elsewhere.
   *
   * @param key a copy of the one in the btree
   * @param coded whether what is in stripes is moved out of them; else it is not moved
   * @return false if nothing was moved: it cannot be read, there is no room, or it is not moved at
   *     all
   */
  public boolean move(BtreeId btree, Bkey key, boolean coded) {
    working.lock();
    try {
      ExtentMove.Outcome outcome = coded ? extents.moveCoded(btree, key) : extents.move(btree, key);
      return outcome == ExtentMove.Outcome.MOVED;
    } finally {
      working.unlock();
    }
  }

  /** Where moved data goes. */
  public WritePoint point() {
    return extents.point();
  }

  /** Lets go of the buckets that are being filled. */
  public void close() {
    parts.space().close(extents.point());
  }

  /** The emptiest buckets, of all devices: there may be a list for each. */
  private List<Bucket> candidates() {
    NavigableMap<Long, List<Bucket>> found = new TreeMap<>();
    Set<Integer> lists = new TreeSet<>();
    for (int device = 0; device < parts.devices().size(); device++) {
      lists.add(geometry.fragmentationList(device));
    }
    for (int list : lists) {
      candidates(list, found);
    }
    return found.values().stream().flatMap(List::stream).limit(ROUND).toList();
  }

  /** Those of one list, by how full they are. */
  private void candidates(int list, NavigableMap<Long, List<Bucket>> into) {
    Bpos from = Bpos.of((long) list << DEVICE_SHIFT, 0);
    Bpos to = new Bpos((long) list << DEVICE_SHIFT | TIME_MASK, -1, -1);
    int found = 0;
    try (KeyIterator keys = parts.btrees().iterate(BtreeId.LRU.number(), 0, from, to)) {
      while (found < ROUND && keys.next()) {
        long id = keys.key().offset();
        Bucket bucket = new Bucket((int) (id >>> DEVICE_SHIFT), id & BUCKET_MASK);
        if (!stuck.contains(bucket) && isMovable(bucket)) {
          long full = keys.key().inode() & TIME_MASK;
          into.computeIfAbsent(full, _ -> new ArrayList<>()).add(bucket);
          found++;
        }
      }
    }
  }

  private boolean isMovable(Bucket bucket) {
    Member member = parts.devices().member(bucket.device);
    if (member == null
        || parts.devices().device(bucket.device) == null
        || member.state() != MemberState.RW
        || parts.devices().health().isStopped(bucket.device)
        || parts.space().isOpen(bucket.device, bucket.bucket)) {
      return false;
    }
    Bkey key = new Bkey();
    Bpos pos = Bpos.of(bucket.device, bucket.bucket);
    if (!parts.btrees().lookup(BtreeId.ALLOC.number(), pos, key)) {
      return false;
    }
    AllocV4 state = AllocV4.of(key);
    boolean kind =
        state.dataType() == DataType.USER.number() || state.dataType() == DataType.BTREE.number();
    return kind && state.dirtySectors() < member.bucketSectors();
  }

  /** Moves everything out of a bucket; false if there is no room for it. */
  private boolean evacuate(Bucket bucket) {
    for (Place place : places(bucket)) {
      boolean room = true;
      if (place.level > 0) {
        rewrite(bucket, place);
      } else {
        room = move(place);
      }
      if (!room) {
        return false;
      }
    }
    return true;
  }

  private List<Place> places(Bucket bucket) {
    long sectors = parts.devices().member(bucket.device).bucketSectors();
    long first = (bucket.bucket * sectors) << bpShift;
    long last = (((bucket.bucket + 1) * sectors) << bpShift) - 1;
    List<Place> places = new ArrayList<>();
    try (KeyIterator keys =
        parts
            .btrees()
            .iterate(
                BtreeId.BACKPOINTERS.number(),
                0,
                Bpos.of(bucket.device, first),
                Bpos.of(bucket.device, last))) {
      while (keys.next()) {
        Backpointer pointer = Backpointer.decode(keys.key());
        places.add(new Place(pointer.btree(), pointer.level(), pointer.pos()));
      }
    }
    return places;
  }

  private void rewrite(Bucket bucket, Place place) {
    int sectors = parts.devices().member(bucket.device).bucketSectors();
    try {
      parts
          .nodes()
          .rewrite(
              place.btree,
              place.level - 1,
              place.pos,
              copy -> copy.device() == bucket.device && copy.sector() / sectors == bucket.bucket);
    } catch (PosixException e) {
      if (e.error() != PosixError.ENOSPC) {
        throw e;
      }
    }
  }

  private boolean move(Place place) {
    BtreeId btree = BtreeId.of(place.btree);
    Bkey key = new Bkey();
    boolean there =
        (btree == BtreeId.EXTENTS || btree == BtreeId.REFLINK)
            && parts.btrees().lookup(place.btree, place.pos, key);
    if (!there) {
      return true;
    }
    return extents.move(btree, key.copy()) != ExtentMove.Outcome.NO_ROOM;
  }
}
