// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc;

import java.util.function.IntPredicate;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Backpointer;

/**
 * The backpointers that a key's pointers ask for: a cursor over them, a pure function of the key.
 * Reusable, allocates nothing, belongs to one thread.
 *
 * <pre>
 *   backpointers.of(key, btree, level);
 *   while (backpointers.next()) {
 *     backpointers.device(), backpointers.offset(), backpointers.word(0), ...
 *   }
 * </pre>
 *
 * <p>Source of the rules: {@code bch2_extent_ptr_to_bp}.
 */
public final class Backpointers {
  /** 64-bit words in a backpointer's value. */
  public static final int WORDS = Backpointer.BYTES / Long.BYTES;

  /** Before 1.14 the value held the place in the bucket where generation and flags are now. */
  private static final long BUCKET_OFFSET_MASK = (1L << 40) - 1;

  private static final int HIPRI = 1;
  private static final int NORMAL = 2;

  private final ExtentEntries entries = new ExtentEntries();
  private final StripeValue stripe = new StripeValue();
  private final ExtentEntrySizes entrySizes;
  private final int shift;
  private final int nodeSectors;
  private final int version;
  private final IntPredicate rotational;
  private final BucketOffset bucketOffset;

  private Bkey key;
  private int btree;
  private int level;
  private boolean isStripe;
  private int block;
  private int work;
  private long inode;
  private long offset;
  private int dataType;
  private int flags;

  /** Where in its bucket a sector of a device lies; needed before 1.14 alone. */
  @FunctionalInterface
  public interface BucketOffset {
    long of(int device, long sector);
  }

  /**
   * @param shift how far sectors are shifted in positions: the superblock's extent_bp_shift
   * @param rotational which devices are disks that turn
   */
  public Backpointers(
      Superblock superblock, int shift, IntPredicate rotational, BucketOffset bucketOffset) {
    this.entrySizes = ExtentEntrySizes.of(superblock::extentTypeU64s);
    this.shift = shift;
    this.nodeSectors = superblock.btreeNodeBytes() / 512;
    this.version = superblock.version();
    this.rotational = rotational;
    this.bucketOffset = bucketOffset;
  }

  /**
   * Begins before the first pointer of that key.
   *
   * @param keyLevel 0 of leaf keys; of a pointer to a node one more than the node's
   */
  public Backpointers of(Bkey newKey, int keyBtree, int keyLevel) {
    key = newKey;
    btree = keyBtree;
    level = keyLevel;
    isStripe = key.type() == KeyType.STRIPE.number();
    block = -1;
    work = keyLevel == 0 ? work() : 0;
    entries.of(key, entrySizes);
    if (isStripe) {
      stripe.of(key);
    }
    return this;
  }

  /** Which list of physical work the key is on: 0 none, 1 of high priority, 2 the others. */
  private int work() {
    if (isStripe) {
      return stripe.of(key).needsReconcile() ? HIPRI : 0;
    }
    entries.of(key, entrySizes);
    while (entries.next()) {
      if (entries.type() == ExtentEntryType.RECONCILE.number()) {
        long word = entries.word();
        boolean none =
            ExtentReconcile.NEED_RB.get(word) == 0 || ExtentReconcile.PENDING.isSet(word);
        return none ? 0 : ExtentReconcile.HIPRI.isSet(word) ? HIPRI : NORMAL;
      }
    }
    return 0;
  }

  /** Moves to the next pointer that has a backpointer; false at the end. */
  public boolean next() {
    while (entries.nextPtr()) {
      block++;
      if (asks()) {
        take();
        return true;
      }
    }
    return false;
  }

  private boolean asks() {
    boolean gone = entries.dev() == ExtentPtr.NO_DEVICE;
    if (isStripe) {
      return !gone && since(MetadataVersion.STRIPE_BACKPOINTERS);
    }
    if (entries.cached() && !since(MetadataVersion.CACHED_BACKPOINTERS)) {
      return false;
    }
    return !gone || entries.hasStripe();
  }

  private boolean since(MetadataVersion first) {
    return version >= first.number();
  }

  private void take() {
    int dev = entries.dev();
    boolean inStripe = !isStripe && entries.hasStripe();
    boolean gone = dev == ExtentPtr.NO_DEVICE;
    if (isStripe) {
      // Where it cannot meet those of the extents inside of the stripe.
      inode = dev;
      offset = ((entries.sector() + stripe.sectors()) << shift) - 1;
    } else {
      inode = gone ? entries.stripeIdx() << 8 | entries.stripeBlock() : dev;
      offset = (entries.sector() << shift) + entries.crc().offset();
    }
    dataType = dataType(inStripe).number();
    long word = 0;
    if (level == 0 && !gone && rotational.test(dev)) {
      word = Backpointer.FLAG_RECONCILE_PHYS.set(word, work);
    }
    word = Backpointer.FLAG_ERASURE_CODED.set(word, inStripe ? 1 : 0);
    flags = (int) Backpointer.FLAG_STRIPE_PTR.set(word, inStripe && gone ? 1 : 0);
  }

  private DataType dataType(boolean inStripe) {
    if (level > 0) {
      return DataType.BTREE;
    }
    if (isStripe) {
      return block >= stripe.dataBlocks() ? DataType.PARITY : DataType.USER;
    }
    return inStripe ? DataType.STRIPE : entries.cached() ? DataType.CACHED : DataType.USER;
  }

  /** Number of the btree where the backpointer belongs. */
  public int btree() {
    return Backpointer.FLAG_STRIPE_PTR.isSet(flags)
        ? BtreeId.STRIPE_BACKPOINTERS.number()
        : BtreeId.BACKPOINTERS.number();
  }

  /** First field of its position: the device, or what stands for one that is gone. */
  public long inode() {
    return inode;
  }

  /** Second field of its position. */
  public long offset() {
    return offset;
  }

  /** The pointer's device; {@link ExtentPtr#NO_DEVICE} if it is gone. */
  public int device() {
    return entries.dev();
  }

  /** The sector pointed to. */
  public long sector() {
    return entries.sector();
  }

  /** Generation of the bucket when the pointer was written. */
  public int generation() {
    return entries.gen();
  }

  public boolean cached() {
    return entries.cached();
  }

  /** Number of the key's own btree. */
  public int keyBtree() {
    return btree;
  }

  /** Level of the key. */
  public int level() {
    return level;
  }

  /** Position of the key; allocates. */
  public Bpos keyPos() {
    return key.pos();
  }

  /** Which pointer of the key it is, from 0. */
  public int pointer() {
    return block;
  }

  /** One of the value's words. */
  public long word(int index) {
    return switch (index) {
      case 0 -> firstWord();
      case 1 -> Integer.toUnsignedLong(key.snapshot()) << Integer.SIZE | sectors();
      case 2 -> key.offset();
      default -> key.inode();
    };
  }

  private long sectors() {
    return level > 0 ? nodeSectors : entries.diskSectors() & 0xffffffffL;
  }

  private long firstWord() {
    long word = btree | (long) level << 8 | (long) dataType << 16;
    if (since(MetadataVersion.BACKPOINTER_BUCKET_GEN)) {
      return word | (long) entries.gen() << 24 | Integer.toUnsignedLong(flags) << Integer.SIZE;
    }
    long in = (bucketOffset.of(entries.dev(), entries.sector()) << shift) + entries.crc().offset();
    return word | (in & BUCKET_OFFSET_MASK) << 24;
  }

  /** Whether the value of that key is the one that is asked for. */
  public boolean matches(Bkey found) {
    if (found.type() != KeyType.BACKPOINTER.number() || found.valueBytes() < Backpointer.BYTES) {
      return false;
    }
    for (int i = 0; i < WORDS; i++) {
      if (word(i) != wordOf(found, i)) {
        return false;
      }
    }
    return true;
  }

  /** One of the words of a backpointer that is there. */
  public static long wordOf(Bkey backpointer, int index) {
    return Le.u64(backpointer.segment(), backpointer.valueOffset() + (long) index * Long.BYTES);
  }
}
