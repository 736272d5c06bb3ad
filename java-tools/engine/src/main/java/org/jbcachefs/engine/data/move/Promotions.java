// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.move;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntPredicate;
import org.jbcachefs.engine.alloc.write.Allocation;
import org.jbcachefs.engine.alloc.write.WritePoint;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.data.ExtentReader;
import org.jbcachefs.engine.data.ReadWatch;
import org.jbcachefs.engine.data.StoredCopy;
import org.jbcachefs.engine.data.write.DataOptions;
import org.jbcachefs.engine.data.write.ExtentCut;
import org.jbcachefs.engine.data.write.HiddenEnds;
import org.jbcachefs.engine.data.write.PointerDrop;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.sb.Activity;
import org.jbcachefs.engine.sb.TargetMembers;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.PersistentCounter;
import org.jbcachefs.format.value.AllocV4;
import org.jbcachefs.format.value.Inode;

/**
 * Cached copies of what is read, on the devices of {@code promote_target}: readers say what they
 * read, and {@link #run} copies it as it is stored and adds a pointer to the copy. They are given
 * up where room is needed ({@link CachedBuckets}), those first that were not read for longest.
 * Thread-safe. Source: {@code should_promote}, {@code promote_alloc}.
 */
public final class Promotions {
  /** Where more than that wait to be copied the target does not keep up, and no more are taken. */
  private static final int WAITING_MOST = 256;

  private static final int READ_BUCKETS_MOST = 256;

  /** Buckets that a device must have free beyond those kept for others than file data. */
  private static final int SPARE_BUCKETS = 24;

  private static final int SECTOR_SHIFT = 9;

  private final MoveParts parts;
  private final Lock exclusive;
  private final CachedBuckets cached;
  private final ExtentReader reader;
  private final ExtentEntrySizes sizes;
  private final ExtentCut cut;
  private final WritePoint point = new WritePoint(DataType.USER);
  private final Map<Place, Wanted> waiting = new LinkedHashMap<>();
  private final Set<Bpos> readBuckets = new HashSet<>();

  private record Place(BtreeId btree, Bpos pos) {}

  /**
   * What is to be copied.
   *
   * @param key that was read
   * @param from first sector of the key's range that was read, and the one behind the last
   */
  private record Wanted(int target, Bkey key, long from, long to) {}

  /**
   * @param exclusive held while an extent that may be overwritten in place gets its copy
   * @param cached makes room for new copies
   */
  public Promotions(MoveParts parts, Lock exclusive, CachedBuckets cached) {
    this.parts = parts;
    this.exclusive = exclusive;
    this.cached = cached;
    this.reader = new ExtentReader(parts.devices(), parts.btrees(), parts.key(), _ -> {});
    this.sizes = ExtentEntrySizes.of(parts.options().superblock()::extentTypeU64s);
    this.cut = new ExtentCut(sizes);
  }

  /**
   * Whoever reads files tells of it here.
   *
   * @param inodes of files
   */
  public ReadWatch watch(Function<FileId, Inode> inodes) {
    if (parts.devices().size() < 2) {
      return _ -> this::read;
    }
    return file -> {
      int target = target(inodes.apply(file));
      return (btree, key, from, bytes) -> {
        read(btree, key, from, bytes);
        if (target != 0) {
          want(target, btree, key, from, bytes);
        }
      };
    };
  }

  /** Files whose data is overwritten in place would lose that. */
  private int target(Inode inode) {
    return DataOptions.isInPlace(inode, parts.options())
        ? 0
        : DataOptions.promoteTarget(inode, parts.options());
  }

  private void read(BtreeId btree, Bkey key, long from, long bytes) {
    assert btree != null && from >= 0;
    parts.clocks().addRead((bytes + (1 << SECTOR_SHIFT) - 1) >> SECTOR_SHIFT);
  }

  private void want(int target, BtreeId btree, Bkey key, long from, long bytes) {
    if (key.type() != KeyType.EXTENT.number() && key.type() != KeyType.REFLINK_V.number()) {
      return;
    }
    IntPredicate members = members(target);
    ExtentEntries entries = new ExtentEntries().of(key, sizes);
    boolean there = false;
    boolean suitable = true;
    while (entries.nextPtr()) {
      suitable &= !entries.unwritten() && !entries.hasStripe();
      if (members.test(entries.dev()) && !isStale(entries)) {
        there = true;
        if (entries.cached()) {
          noteRead(entries.dev(), entries.sector());
        }
      }
    }
    if (there || !suitable || entries.unreadable() || entries.poisoned()) {
      return;
    }
    long first = key.start() + (from >> SECTOR_SHIFT);
    long end = key.start() + ((from + bytes + (1 << SECTOR_SHIFT) - 1) >> SECTOR_SHIFT);
    Place place = new Place(btree, key.pos());
    synchronized (waiting) {
      Wanted known = waiting.get(place);
      if (known == null && waiting.size() >= WAITING_MOST) {
        return;
      }
      boolean more = known != null && ExtentMove.same(known.key, key);
      waiting.put(
          place,
          new Wanted(
              target,
              more ? known.key : key.copy(),
              more ? Math.min(first, known.from) : first,
              more ? Math.max(end, known.to) : end));
    }
  }

  private IntPredicate members(int target) {
    return TargetMembers.of(parts.options().superblock(), target);
  }

  private boolean isStale(ExtentEntries pointer) {
    Member member = parts.devices().member(pointer.dev());
    if (!pointer.cached() || member == null) {
      return false;
    }
    Bpos bucket = Bpos.of(pointer.dev(), pointer.sector() / member.bucketSectors());
    Bkey key = new Bkey();
    int generation =
        parts.btrees().lookup(BtreeId.ALLOC.number(), bucket, key)
            ? AllocV4.of(key).generation()
            : 0;
    return ExtentPtr.staleness(generation, ExtentPtr.gen(pointer.word())) > 0;
  }

  private void noteRead(int device, long sector) {
    Bpos bucket = Bpos.of(device, sector / parts.devices().member(device).bucketSectors());
    synchronized (waiting) {
      if (readBuckets.size() < READ_BUCKETS_MOST) {
        readBuckets.add(bucket);
      }
    }
  }

  /** Whether there is anything to be done. */
  public boolean any() {
    synchronized (waiting) {
      return !waiting.isEmpty() || !readBuckets.isEmpty();
    }
  }

  /**
   * Copies what was read, as long as that says yes.
   *
   * @return how many extents were copied
   */
  public synchronized int run(BooleanSupplier goOn) {
    noteReads();
    int copied = 0;
    boolean madeRoom = false;
    Map.Entry<Place, Wanted> next = take();
    while (next != null && goOn.getAsBoolean()) {
      Outcome outcome = copy(next.getKey(), next.getValue());
      if (outcome == Outcome.NO_ROOM) {
        if (madeRoom || cached.giveUpSome() == 0) {
          return copied;
        }
        madeRoom = true;
      }
      copied += outcome == Outcome.COPIED ? 1 : 0;
      next = take();
    }
    return copied;
  }

  private Map.Entry<Place, Wanted> take() {
    synchronized (waiting) {
      if (waiting.isEmpty()) {
        return null;
      }
      Map.Entry<Place, Wanted> first = waiting.entrySet().iterator().next();
      Map.Entry<Place, Wanted> taken = Map.entry(first.getKey(), first.getValue());
      waiting.remove(taken.getKey());
      return taken;
    }
  }

  /** Others are given up before buckets that were read from. */
  private void noteReads() {
    List<Bpos> buckets;
    synchronized (waiting) {
      buckets = List.copyOf(readBuckets);
      readBuckets.clear();
    }
    if (!buckets.isEmpty()) {
      parts
          .committer()
          .transact(
              "bucket_read",
              transaction -> {
                buckets.forEach(at -> transaction.readBucket((int) at.inode(), at.offset()));
                return null;
              });
    }
  }

  /** Lets go of the buckets that are being filled. */
  public void close() {
    parts.space().close(point);
  }

  private enum Outcome {
    COPIED,
    LEFT,
    NO_ROOM
  }

  private Outcome copy(Place place, Wanted wanted) {
    long mark = parts.inPlace().of(place.pos);
    Bkey part = part(place, wanted);
    StoredCopy stored;
    try {
      stored = reader.stored(part);
    } catch (LostDataException _) {
      return Outcome.LEFT;
    }
    if (stored == null) {
      return Outcome.LEFT;
    }
    int sectors = (int) (stored.bytes().byteSize() >> SECTOR_SHIFT);
    Allocation allocation =
        parts.space().allocateCached(point, sectors, members(wanted.target), SPARE_BUCKETS);
    if (allocation == null) {
      return Outcome.NO_ROOM;
    }
    try {
      Allocation.Place to = allocation.places().getFirst();
      parts.devices().write(to.device(), to.sector(), stored.bytes());
      Activity activity = parts.devices().activity();
      activity.wrote(DataType.USER, to.device(), stored.bytes().byteSize());
      activity.add(PersistentCounter.DATA_READ_PROMOTE, sectors);
      Bkey copied = with(part, stored.pointer(), to);
      return copied == null ? Outcome.LEFT : commit(place, wanted.key, mark, stored, copied);
    } catch (DeviceException _) {
      // Counted where it happened.
      return Outcome.LEFT;
    } finally {
      allocation.close();
    }
  }

  /** What of an extent is copied: all of it, where it is read as a whole in any case. */
  private Bkey part(Place place, Wanted wanted) {
    boolean whole =
        place.btree != BtreeId.EXTENTS
            || parts.options().value(FilesystemOption.PROMOTE_WHOLE_EXTENTS) != 0
            || hasCrc(wanted.key);
    if (whole) {
      return wanted.key;
    }
    int block = parts.options().superblock().blockBytes() >> SECTOR_SHIFT;
    long from = wanted.from / block * block;
    long to = Math.ceilDiv(wanted.to, (long) block) * block;
    return cut.back(cut.front(wanted.key, from), to);
  }

  private boolean hasCrc(Bkey key) {
    ExtentEntries entries = new ExtentEntries().of(key, sizes);
    boolean has = false;
    while (entries.nextPtr()) {
      has |= entries.hasCrc();
    }
    return has;
  }

  /**
   * The key with a cached pointer beside the one that was copied; null if it has no room for it.
   */
  private Bkey with(Bkey key, long copied, Allocation.Place to) {
    Bkey old = new PointerDrop(sizes).without(key, pointer -> !isStale(pointer));
    Bkey now = old == null ? key : old;
    long added = ExtentPtr.pack(to.device(), to.sector(), to.generation(), true, false);
    ExtentEntries entries = new ExtentEntries().of(now, sizes);
    int pointers = 0;
    long at = -1;
    while (entries.nextPtr()) {
      pointers++;
      if (entries.word() == copied) {
        at = entries.entryOffset() - now.valueOffset() + ExtentPtr.BYTES;
      }
    }
    if (at < 0 || pointers >= ExtentEntries.MAX_PTRS || entries.unreadable()) {
      return null;
    }
    int bytes = now.valueBytes() + ExtentPtr.BYTES;
    MemorySegment value = MemorySegment.ofArray(new long[bytes / Long.BYTES]);
    MemorySegment.copy(now.segment(), now.valueOffset(), value, 0, at);
    Le.putU64(value, at, added);
    MemorySegment.copy(
        now.segment(), now.valueOffset() + at, value, at + ExtentPtr.BYTES, now.valueBytes() - at);
    return now.copy().setValue(value, 0, bytes);
  }

  /**
   * Puts the key with the copy in the place of the one that was read, if that is still what it was.
   * Data without a checksum may have been overwritten where it is: nobody does so meanwhile.
   */
  private Outcome commit(Place place, Bkey old, long mark, StoredCopy stored, Bkey copied) {
    List<Bkey> now = new ArrayList<>();
    if (copied.start() > old.start()) {
      now.add(cut.back(old, copied.start()));
    }
    now.add(copied);
    if (copied.offset() < old.offset()) {
      now.add(cut.front(old, copied.offset()));
    }
    if (!stored.checked()) {
      exclusive.lock();
    }
    try {
      boolean overwritten =
          parts.inPlace().of(place.pos) != mark && parts.rules().hold(WriteRule.IN_PLACE_MARKS);
      return overwritten
          ? Outcome.LEFT
          : parts
              .committer()
              .transact("promote", transaction -> commitIn(transaction, place, old, now))
              .value();
    } finally {
      if (!stored.checked()) {
        exclusive.unlock();
      }
    }
  }

  private Outcome commitIn(Transaction transaction, Place place, Bkey old, List<Bkey> now) {
    Bkey there = new Bkey();
    if (!transaction.lookup(place.btree, old.pos(), there) || !ExtentMove.same(old, there)) {
      return Outcome.LEFT;
    }
    for (Bkey key : now) {
      if (place.btree == BtreeId.EXTENTS) {
        HiddenEnds.hide(transaction, parts.snapshots().get(), old.pos(), key.pos());
      }
      transaction.update(place.btree, key);
    }
    return Outcome.COPIED;
  }
}
