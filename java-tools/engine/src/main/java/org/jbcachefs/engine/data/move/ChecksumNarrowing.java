// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.move;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Committer;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.data.PartialReads;
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
  public ChecksumNarrowing(Committer committer, ExtentEntrySizes sizes, Runnable wanted) {
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
    Whole next = take();
    while (next != null && goOn.getAsBoolean()) {
      narrowed += narrow(next);
      synchronized (waiting) {
        buffers.add(next.data);
      }
      next = take();
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

  /** The key with a checksum of its own for what was read; null if none of it is its. */
  private Bkey narrowed(Bkey key, Whole whole) {
    if (key.type() != KeyType.EXTENT.number() && key.type() != KeyType.REFLINK_V.number()) {
      return null;
    }
    Bkey now = null;
    ExtentEntries entries = new ExtentEntries().of(key, sizes);
    long crcAt = -1;
    int crcType = 0;
    while (entries.next()) {
      ExtentEntryType type = ExtentEntryType.of(entries.type());
      if (type != null && type.isCrc()) {
        crcAt = entries.entryOffset() - key.valueOffset();
        crcType = entries.type();
      } else if (type == ExtentEntryType.PTR && entries.word() == whole.ptr) {
        now = isPart(key, entries, whole) ? key.copy() : null;
        break;
      }
    }
    if (now == null || crcAt < 0 || !apart(key, crcAt)) {
      return null;
    }
    write(now, crcAt, ExtentEntryType.of(crcType), whole);
    return now;
  }

  /** Whether the pointer that the cursor is at is for a part of what was read, and not for all. */
  private static boolean isPart(Bkey key, ExtentEntries entries, Whole whole) {
    ExtentCrc crc = entries.crc();
    return crc.checksumType() == whole.crc.checksumType()
        && crc.checksumLo() == whole.crc.checksumLo()
        && crc.checksumHi() == whole.crc.checksumHi()
        && crc.compressionType() == whole.crc.compressionType()
        && crc.uncompressedSectors() == whole.crc.uncompressedSectors()
        && crc.compressedSectors() == whole.crc.compressedSectors()
        && Integer.toUnsignedLong(key.size()) < crc.uncompressedSectors()
        && crc.offset() + Integer.toUnsignedLong(key.size()) <= crc.uncompressedSectors();
  }

  /** Whether nothing but plain pointers shares that crc entry: what lies in stripes stays. */
  private boolean apart(Bkey key, long crcAt) {
    ExtentEntries entries = new ExtentEntries().of(key, sizes);
    boolean mine = false;
    boolean apart = true;
    while (entries.next()) {
      ExtentEntryType type = ExtentEntryType.of(entries.type());
      if (type != null && type.isCrc()) {
        mine = entries.entryOffset() - key.valueOffset() == crcAt;
      }
      apart &= !mine || type == null || type != ExtentEntryType.STRIPE_PTR;
    }
    return apart && !entries.unreadable() && !entries.poisoned();
  }

  private void write(Bkey now, long crcAt, ExtentEntryType crcType, Whole whole) {
    ExtentEntries entries = new ExtentEntries().of(now, sizes);
    ExtentCrc crc = new ExtentCrc();
    boolean mine = false;
    int by = 0;
    while (entries.next()) {
      ExtentEntryType type = ExtentEntryType.of(entries.type());
      if (type != null && type.isCrc()) {
        mine = entries.entryOffset() - now.valueOffset() == crcAt;
        if (mine) {
          crc.set(entries.crc());
          by = crc.offset();
          crc.setSizes(now.size(), now.size(), 0, crc.nonce());
          ChecksumType sum = ChecksumType.of(crc.checksumType());
          long bytes = Integer.toUnsignedLong(now.size()) << SECTOR_SHIFT;
          crc.setChecksum(Checksums.compute(sum, whole.data, (long) by << SECTOR_SHIFT, bytes), 0);
          crc.pack(crcType, now.segment(), entries.entryOffset());
        }
      } else if (mine && type == ExtentEntryType.PTR) {
        long word = entries.word();
        Le.putU64(
            now.segment(),
            entries.entryOffset(),
            ExtentPtr.OFFSET.set(word, ExtentPtr.OFFSET.get(word) + by));
      }
    }
  }
}
