// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.extent;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.node.BtreePtrLayout;

/**
 * A cursor over the entries in the value of a key with pointers: extent, reflink_v, btree_ptr and
 * btree_ptr_v2, stripe. Reusable, allocates nothing, belongs to one thread. Never reads outside of
 * the value, whatever it holds.
 *
 * <pre>
 *   entries.of(key, sizes);
 *   while (entries.nextPtr()) {
 *     entries.dev(), entries.sector(), entries.crc(), ...
 *   }
 *   if (entries.unreadable()) ...
 * </pre>
 *
 * <p>An entry of a type whose size nobody tells, or one that ends beyond the value, makes the rest
 * of the key unreadable: the cursor stops there.
 */
public final class ExtentEntries {
  /** More pointers than this are damage. Source: {@code BCH_BKEY_PTRS_MAX}. */
  public static final int MAX_PTRS = 16;

  /** Where a reflink_v's entries begin: after its reference count. */
  private static final int REFLINK_V_START = 8;

  private final ExtentCrc crc = new ExtentCrc();
  private ExtentEntrySizes sizes = ExtentEntrySizes.KNOWN;
  private MemorySegment segment = MemorySegment.NULL;
  private long start;
  private long end;
  private int keySectors;
  private long at;
  private long next;
  private int type;
  private long word;
  private long stripe;
  private long flags;
  private boolean crcSeen;
  private boolean unreadable;

  /** Begins before the first entry of that key; a key of any other type has none. */
  public ExtentEntries of(Bkey key, ExtentEntrySizes entrySizes) {
    sizes = entrySizes;
    segment = key.segment();
    keySectors = key.size();
    start = key.valueOffset();
    end = start + key.valueBytes();
    int keyType = key.type();
    if (keyType == KeyType.BTREE_PTR_V2.number()) {
      start += BtreePtrLayout.BYTES;
    } else if (keyType == KeyType.REFLINK_V.number()) {
      start += REFLINK_V_START;
    } else if (keyType == KeyType.STRIPE.number()) {
      ofStripe(key);
    } else if (keyType != KeyType.EXTENT.number() && keyType != KeyType.BTREE_PTR.number()) {
      end = start;
    }
    return rewind();
  }

  private void ofStripe(Bkey key) {
    long ptrs = start + StripeValue.OFFSET_PTRS;
    if (key.valueBytes() >= StripeValue.OFFSET_PTRS) {
      int blocks = Le.u8(segment, start + StripeValue.OFFSET_NR_BLOCKS);
      end = Math.min(end, ptrs + (long) blocks * ExtentPtr.BYTES);
    }
    start = ptrs;
  }

  /** Begins before the first entry again. */
  public ExtentEntries rewind() {
    at = start;
    next = start;
    type = -1;
    word = 0;
    stripe = 0;
    flags = 0;
    crcSeen = false;
    unreadable = end < start;
    crc.setPlain(keySectors);
    return this;
  }

  /** Moves to the next entry, of a known type or not; false at the end. */
  public boolean next() {
    if (type == ExtentEntryType.PTR.number()) {
      stripe = 0;
    }
    if (next >= end || unreadable) {
      return false;
    }
    long first = Le.u64(segment, next);
    int entryType = ExtentEntryType.numberOf(first);
    long bytes = (long) sizes.u64s(entryType) * Long.BYTES;
    if (bytes == 0 || bytes > end - next) {
      unreadable = true;
      return false;
    }
    at = next;
    next += bytes;
    type = entryType;
    word = first;
    take();
    return true;
  }

  private void take() {
    if (type == ExtentEntryType.STRIPE_PTR.number()) {
      stripe = word;
    } else if (type == ExtentEntryType.FLAGS.number()) {
      flags |= ExtentFlags.flags(word);
    } else if (type >= ExtentEntryType.CRC32.number() && type <= ExtentEntryType.CRC128.number()) {
      crc.unpack(type, segment, at);
      crcSeen = true;
    }
  }

  /** Moves to the next pointer, taking in what applies to it; false at the end. */
  public boolean nextPtr() {
    while (next()) {
      if (type == ExtentEntryType.PTR.number()) {
        return true;
      }
    }
    return false;
  }

  /** Whether the cursor stopped at something that it cannot read, before the value's end. */
  public boolean unreadable() {
    return unreadable;
  }

  /** Type of the current entry, as a number; see {@link ExtentEntryType}. */
  public int type() {
    return type;
  }

  /** Where the current entry lies in the key's segment. */
  public long entryOffset() {
    return at;
  }

  /** Length of the current entry. */
  public int entryBytes() {
    return (int) (next - at);
  }

  /** First word of the current entry. */
  public long word() {
    return word;
  }

  /** Device of the current pointer; {@link ExtentPtr#NO_DEVICE} if it is gone. */
  public int dev() {
    return ExtentPtr.dev(word);
  }

  /** First sector on that device. */
  public long sector() {
    return ExtentPtr.sector(word);
  }

  public int gen() {
    return ExtentPtr.gen(word);
  }

  public boolean cached() {
    return ExtentPtr.cached(word);
  }

  public boolean unwritten() {
    return ExtentPtr.unwritten(word);
  }

  /** Whether any pointer of a key is to space that is not written yet; the cursor is moved. */
  public boolean isUnwritten(Bkey key, ExtentEntrySizes entrySizes) {
    of(key, entrySizes);
    while (nextPtr()) {
      if (unwritten()) {
        return true;
      }
    }
    return false;
  }

  /** What holds for the current pointer; the same object, changed by {@link #next}. */
  public ExtentCrc crc() {
    return crc;
  }

  /** Whether a crc entry came before; else {@link #crc} is plain. */
  public boolean hasCrc() {
    return crcSeen;
  }

  /** Whether the current pointer is part of a stripe. */
  public boolean hasStripe() {
    return stripe != 0;
  }

  public long stripeIdx() {
    return ExtentStripePtr.idx(stripe);
  }

  public int stripeBlock() {
    return ExtentStripePtr.block(stripe);
  }

  public int stripeRedundancy() {
    return ExtentStripePtr.redundancy(stripe);
  }

  /** The flags entry's flags, once passed; 0 before and without. */
  public long flags() {
    return flags;
  }

  public boolean poisoned() {
    return (flags & ExtentFlags.POISONED) != 0;
  }

  /**
   * Sectors on the device that the current pointer stands for, as accounting counts them: a share
   * of the compressed size, rounded up. Rule of {@code ptr_disk_sectors}.
   */
  public long diskSectors() {
    long live = Integer.toUnsignedLong(keySectors);
    return crc.isCompressed()
        ? Math.ceilDiv(live * crc.compressedSectors(), crc.uncompressedSectors())
        : live;
  }
}
