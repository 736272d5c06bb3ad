// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.move;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Committer;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.data.PartialReads;
import org.jbcachefs.engine.sb.Activity;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.checksum.Checksums;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * What random writes leave of an extent has the checksum of all that was there once, and is read as
 * a whole for each of its parts. When somebody has done so, {@link #run} gives every part that is
 * left a checksum of its own, from what was read and found good; nothing is written but keys.
 * Thread-safe. Source: {@code bch2_bkey_narrow_crc}.
 */
public final class ChecksumNarrowing implements PartialReads {
  /** What a reader must have read in vain for it to be worth a change of keys. */
  private static final int VAIN_SECTORS = 32;

  /** Extents that wait at most; readers come by again. */
  private static final int WAITING_MOST = 16;

  private static final int LARGEST = 1 << 20;

  /** Parts that get a checksum in one transaction. */
  private static final int PARTS_MOST = 64;

  private static final int SECTOR_SHIFT = 9;

  private final Committer committer;
  private final Activity activity;
  private final ExtentEntrySizes sizes;
  private final Runnable wanted;

  /** By the pointer's word. */
  private final Map<Long, Whole> waiting = new TreeMap<>();

  private final ArrayDeque<MemorySegment> buffers = new ArrayDeque<>();

  /**
   * What was read.
   *
   * @param first the sector of the btree's key space where it begins
   * @param ptr word of one of its pointers, as it is for the whole
   * @param data from its beginning
   */
  private record Whole(
      BtreeId btree, long inode, long first, long ptr, ExtentCrc crc, MemorySegment data) {}

  /**
   * @param sizes of extents' entries
   * @param wanted called when there is something to be done, by any thread; costs little
   */
  public ChecksumNarrowing(
      Committer committer, ExtentEntrySizes sizes, Runnable wanted, Activity activity) {
    this.activity = activity;
    this.committer = committer;
    this.sizes = sizes;
    this.wanted = wanted;
  }

  @Override
  public void read(Bkey key, ExtentCrc crc, long ptr, MemorySegment data) {
    int all = crc.uncompressedSectors();
    int bytes = all << SECTOR_SHIFT;
    if (all - Integer.toUnsignedLong(key.size()) < VAIN_SECTORS || bytes > LARGEST) {
      return;
    }
    BtreeId btree = key.type() == KeyType.EXTENT.number() ? BtreeId.EXTENTS : BtreeId.REFLINK;
    long first = key.start() - crc.offset();
    if (first < 0) {
      return;
    }
    synchronized (waiting) {
      if (waiting.size() >= WAITING_MOST || waiting.containsKey(ptr)) {
        return;
      }
      MemorySegment copy = buffers.poll();
      if (copy == null || copy.byteSize() < bytes) {
        copy = Arena.ofAuto().allocate(bytes, Long.BYTES);
      }
      MemorySegment.copy(data, 0, copy, 0, bytes);
      waiting.put(ptr, new Whole(btree, key.inode(), first, ptr, new ExtentCrc().set(crc), copy));
    }
    wanted.run();
  }

  /**
   * Gives parts of what was read checksums of their own, as long as that says yes.
   *
   * @return how many parts got one
   */
  public synchronized int run(BooleanSupplier goOn) {
    int narrowed = 0;
    while (goOn.getAsBoolean()) {
      Whole next = take();
      if (next == null) {
        break;
      }
      narrowed += narrow(next);
      synchronized (waiting) {
        buffers.add(next.data);
      }
    }
    return narrowed;
  }

  private Whole take() {
    synchronized (waiting) {
      Iterator<Whole> all = waiting.values().iterator();
      if (!all.hasNext()) {
        return null;
      }
      Whole first = all.next();
      all.remove();
      return first;
    }
  }

  private int narrow(Whole whole) {
    long end = whole.first + whole.crc.uncompressedSectors();
    int narrowed = 0;
    long from = whole.first;
    while (from < end) {
      Bpos at = new Bpos(whole.inode, from + 1, 0);
      Bpos to = new Bpos(whole.inode, end, -1);
      Part part = committer.transact("narrow_crcs", tx -> narrowSome(tx, whole, at, to)).value();
      narrowed += part.narrowed;
      activity.add(PersistentCounter.DATA_READ_NARROW_CRCS, part.narrowed);
      from = part.next;
    }
    return narrowed;
  }

  /** What a transaction did, and where the next one goes on. */
  private record Part(int narrowed, long next) {}

  private Part narrowSome(Transaction transaction, Whole whole, Bpos from, Bpos to) {
    int narrowed = 0;
    try (KeyIterator keys = transaction.iterate(whole.btree, from, to)) {
      while (keys.next()) {
        Bkey key = keys.key();
        // Versions of one place, in several snapshots, stay together.
        if (narrowed >= PARTS_MOST && key.offset() != from.offset()) {
          return new Part(narrowed, key.offset() - 1);
        }
        Bkey now = narrowed(key, whole);
        if (now != null) {
          transaction.update(whole.btree, now);
          narrowed++;
        }
      }
    }
    return new Part(narrowed, to.offset());
  }

  /**
   * The key with a checksum of its own for what was read; null if none of it is its, or if it lies
   * in a stripe, where it stays.
   */
  private Bkey narrowed(Bkey key, Whole whole) {
    if (key.type() != KeyType.EXTENT.number() && key.type() != KeyType.REFLINK_V.number()) {
      return null;
    }
    Bkey now = key.copy();
    ExtentEntries entries = new ExtentEntries().of(now, sizes);
    Checked found = null;
    Checked group = null;
    boolean striped = false;
    while (entries.next()) {
      ExtentEntryType type = ExtentEntryType.of(entries.type());
      if (type != null && type.isCrc()) {
        ExtentCrc crc = new ExtentCrc().set(entries.crc());
        group = new Checked(type, crc, entries.entryOffset(), new ArrayList<>(1));
      } else if (group != null && type == ExtentEntryType.PTR) {
        group.pointers.add(entries.entryOffset());
        found = entries.word() == whole.ptr && isPart(now, entries.crc(), whole) ? group : found;
      }
      striped |= type == ExtentEntryType.STRIPE_PTR;
    }
    if (found == null || striped || entries.unreadable() || entries.poisoned()) {
      return null;
    }
    narrow(now, found, whole);
    return now;
  }

  /** A crc entry of a key, and where the pointers are that it is for. */
  private record Checked(ExtentEntryType type, ExtentCrc crc, long at, List<Long> pointers) {}

  /** Whether what that is for is a part of what was read, and not all of it. */
  private static boolean isPart(Bkey key, ExtentCrc crc, Whole whole) {
    long sectors = Integer.toUnsignedLong(key.size());
    return crc.checksumType() == whole.crc.checksumType()
        && crc.checksumLo() == whole.crc.checksumLo()
        && crc.checksumHi() == whole.crc.checksumHi()
        && crc.compressionType() == whole.crc.compressionType()
        && crc.uncompressedSectors() == whole.crc.uncompressedSectors()
        && crc.compressedSectors() == whole.crc.compressedSectors()
        && sectors < crc.uncompressedSectors()
        && crc.offset() + sectors <= crc.uncompressedSectors();
  }

  /** Gives the key's part its checksum, and moves its pointers to where it begins. */
  private static void narrow(Bkey now, Checked checked, Whole whole) {
    ExtentCrc crc = checked.crc;
    int by = crc.offset();
    long bytes = Integer.toUnsignedLong(now.size()) << SECTOR_SHIFT;
    ChecksumType sum = ChecksumType.of(crc.checksumType());
    crc.setSizes(now.size(), now.size(), 0, crc.nonce());
    crc.setChecksum(Checksums.compute(sum, whole.data, (long) by << SECTOR_SHIFT, bytes), 0);
    crc.pack(checked.type, now.segment(), checked.at);
    for (long at : checked.pointers) {
      long word = Le.u64(now.segment(), at);
      Le.putU64(now.segment(), at, ExtentPtr.OFFSET.set(word, ExtentPtr.OFFSET.get(word) + by));
    }
  }
}
