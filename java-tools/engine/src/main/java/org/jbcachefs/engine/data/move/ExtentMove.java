// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.move;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.function.IntPredicate;
import org.jbcachefs.engine.alloc.write.Allocation;
import org.jbcachefs.engine.alloc.write.ReconcileOptions;
import org.jbcachefs.engine.alloc.write.SpaceAllocator;
import org.jbcachefs.engine.alloc.write.SpaceBudget;
import org.jbcachefs.engine.alloc.write.Watermark;
import org.jbcachefs.engine.alloc.write.WritePoint;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.data.ExtentReader;
import org.jbcachefs.engine.data.write.DataOptions;
import org.jbcachefs.engine.data.write.HiddenEnds;
import org.jbcachefs.engine.data.write.NativeBuffer;
import org.jbcachefs.engine.data.write.PieceWriter;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.sb.TargetMembers;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.PersistentCounter;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Reservation;

/**
 * Writes extents anew, elsewhere, as the options for the background want them. One thread at a
 * time. Source: {@code bch2_data_update_index_update}.
 */
final class ExtentMove {
  private static final int SECTOR_SHIFT = 9;
  private static final int REFCOUNT_BYTES = Long.BYTES;

  private final MoveParts parts;
  private final Lock exclusive;
  private final ExtentReader reader;
  private final PieceWriter writer;
  private final ExtentEntrySizes sizes;
  private final ExtentEntries entries = new ExtentEntries();
  private final NativeBuffer buffer = new NativeBuffer();
  private final WritePoint point = new WritePoint(DataType.USER);

  /** Null for copygc, which makes nothing larger. */
  private final SpaceBudget budget;

  /** How it ended. */
  enum Outcome {
    MOVED,
    /** It is not what it was, or cannot be read, or is of a kind that is not moved. */
    LEFT,
    NO_ROOM
  }

  /** What is known of an extent's pointers. */
  private record Shape(
      boolean movable,
      boolean striped,
      boolean unwritten,
      CompressionType compression,
      int dirty,
      int durability,
      long note) {}

  /**
   * @param exclusive held while an extent is replaced: nobody reads then
   */
  ExtentMove(MoveParts parts, Lock exclusive) {
    this(parts, exclusive, null);
  }

  /**
   * One that makes of extents what options want, though they may become larger.
   *
   * @param budget what may be written
   */
  static ExtentMove forReconcile(MoveParts parts, Lock exclusive, SpaceBudget budget) {
    return new ExtentMove(parts, exclusive, budget);
  }

  private ExtentMove(MoveParts parts, Lock exclusive, SpaceBudget budget) {
    this.parts = parts;
    this.budget = budget;
    this.exclusive = exclusive;
    this.reader =
        new ExtentReader(parts.devices(), parts.btrees(), parts.key(), _ -> {}, parts.errors());
    int blockBytes = parts.options().superblock().blockBytes();
    this.writer = new PieceWriter(parts.devices(), parts.clocks(), parts.key(), blockBytes);
    this.sizes = ExtentEntrySizes.of(parts.options().superblock()::extentTypeU64s);
  }

  /** Where moved data goes. */
  WritePoint point() {
    return point;
  }

  /**
   * Moves what the key points to.
   *
   * @param key a copy of the one in the btree
   */
  Outcome move(BtreeId btree, Bkey key) {
    return move(btree, key, true);
  }

  /**
   * Moves what the key points to.
   *
   * @param key a copy of the one in the btree
   * @param anywhere whether other devices will do where the target has no room
   */
  Outcome move(BtreeId btree, Bkey key, boolean anywhere) {
    return move(btree, key, anywhere, false);
  }

  /** The same, also of what is in stripes: it is in none afterwards. */
  Outcome moveCoded(BtreeId btree, Bkey key) {
    return move(btree, key, true, true);
  }

  private Outcome move(BtreeId btree, Bkey key, boolean anywhere, boolean coded) {
    Outcome outcome = attempt(btree, key, anywhere, coded);
    count(
        outcome == Outcome.MOVED
            ? PersistentCounter.DATA_UPDATE
            : PersistentCounter.DATA_UPDATE_FAIL,
        key);
    return outcome;
  }

  private void count(PersistentCounter counter, Bkey key) {
    parts.devices().activity().add(counter, Integer.toUnsignedLong(key.size()));
  }

  private Outcome attempt(BtreeId btree, Bkey key, boolean anywhere, boolean coded) {
    Shape shape = shape(key);
    if (!shape.movable() || (shape.striped() && !coded) || shape.dirty() == 0) {
      return Outcome.LEFT;
    }
    long mark = parts.inPlace().of(key.pos());
    if (shape.unwritten()) {
      return replace(btree, key, mark, List.of(reservation(key, shape.dirty())));
    }
    long bytes = Integer.toUnsignedLong(key.size()) << SECTOR_SHIFT;
    MemorySegment data = buffer.atLeast(bytes).asSlice(0, bytes);
    try {
      reader.read(key, 0, data, 0, bytes);
      count(PersistentCounter.DATA_UPDATE_READ, key);
    } catch (LostDataException _) {
      return Outcome.LEFT;
    }
    DataOptions options = options(btree, key, shape);
    try {
      if (budget == null) {
        return rewrite(btree, key, mark, shape, data, options, true);
      }
      long most = Integer.toUnsignedLong(key.size()) * options.replicas();
      try (SpaceBudget.Promise promise = budget.promise(most, most)) {
        assert promise.sectors() == most;
        return rewrite(btree, key, mark, shape, data, options, anywhere);
      }
    } catch (PosixException e) {
      return switch (e.error()) {
        case ENOSPC -> Outcome.NO_ROOM;
        case EIO -> Outcome.LEFT;
        default -> throw e;
      };
    }
  }

  private Shape shape(Bkey key) {
    boolean striped = false;
    boolean unwritten = false;
    CompressionType compression = CompressionType.NONE;
    int dirty = 0;
    int durability = 0;
    long note = 0;
    entries.of(key, sizes);
    while (entries.next()) {
      if (entries.type() == ExtentEntryType.RECONCILE.number()) {
        note = entries.word();
      } else if (entries.type() == ExtentEntryType.PTR.number()) {
        striped |= entries.hasStripe();
        unwritten |= entries.unwritten();
        dirty += entries.cached() ? 0 : 1;
        durability += entries.cached() ? 0 : durability(entries.dev());
        CompressionType type = CompressionType.of(entries.crc().compressionType());
        compression = type == null ? compression : type;
      }
    }
    boolean movable = !entries.unreadable() && !entries.poisoned();
    return new Shape(movable, striped, unwritten, compression, dirty, durability, note);
  }

  /** For how many copies one on that device counts, as long as it is there. */
  private int durability(int device) {
    Member member = device < parts.devices().size() ? parts.devices().member(device) : null;
    return member == null || parts.devices().device(device) == null ? 0 : member.durability();
  }

  private static Bkey reservation(Bkey key, int replicas) {
    MemorySegment value = MemorySegment.ofArray(new long[Reservation.BYTES / Long.BYTES]);
    Le.putU8(value, Reservation.OFFSET_REPLICAS, replicas);
    return new Bkey()
        .setPos(key.pos())
        .setSize(key.size())
        .setType(KeyType.RESERVATION.number())
        .setValue(value, 0, Reservation.BYTES);
  }

  private DataOptions options(BtreeId btree, Bkey key, Shape shape) {
    ReconcileOptions wanted;
    if (btree == BtreeId.REFLINK) {
      wanted = ReconcileOptions.ofShared(shape.note(), parts.options());
    } else {
      Bkey found = new Bkey();
      SnapshotTable table = parts.snapshots().get();
      boolean there =
          VisibleKeys.find(
              parts.btrees(),
              table,
              BtreeId.INODES.number(),
              key.snapshot(),
              0,
              key.inode(),
              found);
      wanted =
          ReconcileOptions.of(
              there && Inode.is(found) ? Inode.decode(found) : null, parts.options());
    }
    DataOptions options = DataOptions.ofMoved(wanted, parts.options());
    if (shape.compression() == CompressionType.INCOMPRESSIBLE) {
      return options.withCompression(CompressionType.INCOMPRESSIBLE);
    }
    boolean grows =
        budget == null
            && shape.compression().isCompressed()
            && !options.compression().isCompressed();
    return grows ? options.withCompression(today(shape.compression())) : options;
  }

  /** What is compressed stays so: nothing must become larger for being moved. */
  private static CompressionType today(CompressionType type) {
    return type == CompressionType.LZ4_OLD ? CompressionType.LZ4 : type;
  }

  private Outcome rewrite(
      BtreeId btree,
      Bkey key,
      long mark,
      Shape shape,
      MemorySegment data,
      DataOptions wanted,
      boolean anywhere) {
    DataOptions options = wanted;
    boolean shared = btree == BtreeId.REFLINK;
    long most = (long) options.encodedSectors() << SECTOR_SHIFT;
    if (shared && options.isEncoded() && data.byteSize() > most) {
      if (options.checksum().isMac()) {
        return Outcome.LEFT;
      }
      // One key must remain one key, since its references are counted as one.
      options = options.plain();
    }
    DataOptions chosen = options;
    chosen.features().forEach(parts.announce());
    List<PieceWriter.Piece> pieces = new ArrayList<>();
    try {
      for (long at = 0; at < data.byteSize(); ) {
        PieceWriter.Piece piece =
            writer.write(
                chosen,
                key.inode(),
                key.start() + (at >> SECTOR_SHIFT),
                data.asSlice(at),
                (sectors, without, copies) ->
                    without.isEmpty() ? allocate(chosen, sectors, shared, shape, anywhere) : null);
        if (piece == null) {
          return Outcome.NO_ROOM;
        }
        pieces.add(piece);
        parts.devices().activity().addBytes(PersistentCounter.DATA_UPDATE_WRITE, piece.bytes());
        if (piece.degraded() && isLessSafe(piece.allocation(), chosen, shape)) {
          return Outcome.NO_ROOM;
        }
        at += piece.bytes();
      }
      List<Bkey> now = new ArrayList<>();
      pieces.forEach(piece -> now.add(placed(piece.key(), key, shape, shared)));
      return replace(btree, key, mark, now);
    } finally {
      pieces.forEach(piece -> piece.allocation().close());
    }
  }

  private Allocation allocate(
      DataOptions options, int sectors, boolean whole, Shape shape, boolean anywhere) {
    IntPredicate target = TargetMembers.of(parts.options().superblock(), options.target());
    Allocation allocation =
        parts
            .space()
            .allocateFromFree(
                point,
                new SpaceAllocator.Request(
                    sectors,
                    whole,
                    options.replicas(),
                    1,
                    anywhere || options.target() == 0 ? _ -> true : target,
                    target,
                    budget == null ? Watermark.COPYGC : Watermark.NORMAL));
    if (allocation == null) {
      return null;
    }
    if (budget != null && isLessSafe(allocation, options, shape)) {
      allocation.close();
      return null;
    }
    return allocation;
  }

  /** Nothing must become less safe for being made what options want, or for a failing device. */
  private boolean isLessSafe(Allocation allocation, DataOptions options, Shape shape) {
    int durability = 0;
    for (Allocation.Place place : allocation.places()) {
      durability += durability(place.device());
    }
    return durability < Math.min(options.replicas(), shape.durability());
  }

  private static Bkey placed(Bkey piece, Bkey old, Shape shape, boolean shared) {
    piece.setPos(old.inode(), piece.offset(), old.snapshot());
    if (!shared) {
      return piece;
    }
    int noteBytes = shape.note() == 0 ? 0 : Long.BYTES;
    int bytes = REFCOUNT_BYTES + piece.valueBytes() + noteBytes;
    MemorySegment value = MemorySegment.ofArray(new long[bytes / Long.BYTES]);
    MemorySegment.copy(old.segment(), old.valueOffset(), value, 0, REFCOUNT_BYTES);
    MemorySegment.copy(
        piece.segment(), piece.valueOffset(), value, REFCOUNT_BYTES, piece.valueBytes());
    if (noteBytes != 0) {
      Le.putU64(value, (long) bytes - Long.BYTES, shape.note());
    }
    return piece.setType(KeyType.REFLINK_V.number()).setValue(value, 0, bytes);
  }

  /**
   * Puts keys in the place of one, if that is still what it was.
   *
   * @param mark as it was before the data was read
   */
  private Outcome replace(BtreeId btree, Bkey old, long mark, List<Bkey> now) {
    exclusive.lock();
    try {
      if (parts.inPlace().of(old.pos()) != mark && parts.rules().hold(WriteRule.IN_PLACE_MARKS)) {
        return Outcome.LEFT;
      }
      Outcome outcome =
          parts
              .committer()
              .transact(
                  budget == null ? "copygc" : "reconcile",
                  transaction -> replaceIn(transaction, btree, old, now))
              .value();
      count(
          outcome == Outcome.MOVED
              ? PersistentCounter.DATA_UPDATE_KEY
              : PersistentCounter.DATA_UPDATE_KEY_FAIL,
          old);
      return outcome;
    } finally {
      exclusive.unlock();
    }
  }

  private Outcome replaceIn(Transaction transaction, BtreeId btree, Bkey old, List<Bkey> now) {
    Bkey there = new Bkey();
    if (!transaction.lookup(btree, old.pos(), there) || !same(old, there)) {
      return Outcome.LEFT;
    }
    for (Bkey key : now) {
      if (btree == BtreeId.EXTENTS) {
        HiddenEnds.hide(transaction, parts.snapshots().get(), old.pos(), key.pos());
      }
      transaction.update(btree, key);
    }
    return Outcome.MOVED;
  }

  static boolean same(Bkey one, Bkey other) {
    return one.type() == other.type()
        && one.size() == other.size()
        && one.value().mismatch(other.value()) < 0;
  }
}
