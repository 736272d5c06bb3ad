// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.reconcile;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FilesystemOption;

/**
 * Which work a key needs by the options that apply to it, and what its reconcile entry should be.
 * Reusable, allocates nothing, belongs to one thread. Sources: {@code bch2_bkey_needs_reconcile},
 * {@code bkey_should_have_rb_opts}, {@code stripe_widen_target_nr_data}.
 */
public final class ReconcileNeeds {
  /** Bits of what an extent needs. */
  public static final int REPLICAS = 1;

  public static final int CHECKSUM = 1 << 1;
  public static final int ERASURE_CODE = 1 << 2;
  public static final int COMPRESSION = 1 << 3;
  public static final int TARGET = 1 << 4;

  private static final CompressionType[] COMPRESSIONS = {
    CompressionType.NONE, CompressionType.LZ4, CompressionType.GZIP, CompressionType.ZSTD
  };
  private static final int COMPRESSION_TYPE_MASK = 0xf;
  private static final ChecksumType[] CHECKSUMS = {
    ChecksumType.NONE, ChecksumType.CRC32C, ChecksumType.CRC64, ChecksumType.XXHASH
  };
  private static final int MOST_CAN_WIDEN = 7;

  private final DataDevices devices;
  private final ExtentEntrySizes sizes;
  private final ExtentEntries entries = new ExtentEntries();
  private final ChecksumType encryption;
  private final int mostDataBlocks;

  private long note;
  private boolean poisoned;
  private boolean coded;

  private long wanted;
  private int need;
  private boolean hipri;
  private int moving;

  private boolean incompressible;
  private boolean unwritten;
  private boolean inStripe;
  private int durability;
  private int least;
  private int redundancy;

  public ReconcileNeeds(Superblock superblock, DataDevices devices) {
    this.devices = devices;
    this.sizes = ExtentEntrySizes.of(superblock::extentTypeU64s);
    this.encryption = encryption(superblock);
    this.mostDataBlocks = (int) superblock.option(FilesystemOption.EC_MAX_DATA_BLOCKS).orElse(0);
  }

  private static ChecksumType encryption(Superblock superblock) {
    if (!superblock.encrypted()) {
      return null;
    }
    return superblock.option(FilesystemOption.WIDE_MACS).orElse(0) != 0
        ? ChecksumType.CHACHA20_POLY1305_128
        : ChecksumType.CHACHA20_POLY1305_80;
  }

  /** Whether a key is one that options apply to, other than a stripe. */
  public static boolean concerns(Bkey key) {
    int type = key.type();
    return type == KeyType.EXTENT.number()
        || type == KeyType.REFLINK_V.number()
        || type == KeyType.BTREE_PTR_V2.number()
        || type == KeyType.BTREE_PTR.number();
  }

  /** The reconcile entry that a key has; 0 for none. */
  public long noteOf(Bkey key) {
    entries.of(key, sizes);
    while (entries.next()) {
      if (entries.type() == ExtentEntryType.RECONCILE.number()) {
        return entries.word();
      }
    }
    return 0;
  }

  /** Looks at an extent, a shared extent or a pointer to a node, as these options want it. */
  public ReconcileNeeds of(Bkey key, IoOptions options) {
    begin(key);
    wanted = options.note();
    boolean node =
        key.type() != KeyType.EXTENT.number() && key.type() != KeyType.REFLINK_V.number();
    pointers(node, options.nocow());
    conclude();
    wanted = ExtentReconcile.NEED_RB.set(wanted, need);
    wanted = ExtentReconcile.HIPRI.set(wanted, hipri ? 1 : 0);
    wanted = ExtentReconcile.PTRS_MOVING.set(wanted, moving & ExtentReconcile.PTRS_MOVING.max());
    wanted = ExtentReconcile.PENDING.set(wanted, staysPending() ? 1 : 0);
    boolean kept =
        need != 0 || (key.type() == KeyType.REFLINK_V.number() && IoOptions.notesInode(wanted));
    wanted = kept ? wanted | ExtentEntryType.RECONCILE.typeBit() : 0;
    return this;
  }

  /** What is in the key before and after its pointers. */
  private void begin(Bkey key) {
    note = 0;
    coded = false;
    need = 0;
    hipri = false;
    moving = 0;
    incompressible = false;
    unwritten = false;
    inStripe = false;
    durability = 0;
    least = Integer.MAX_VALUE;
    redundancy = 0;
    entries.of(key, sizes);
    while (entries.next()) {
      if (entries.type() == ExtentEntryType.RECONCILE.number()) {
        note = entries.word();
      } else if (entries.type() == ExtentEntryType.STRIPE_PTR.number()) {
        coded = true;
      }
    }
    poisoned = entries.poisoned();
    entries.rewind();
  }

  private void pointers(boolean node, boolean nocow) {
    int compression = compression();
    int checksum = nocow ? 0 : checksum();
    int target = poisoned ? 0 : ExtentReconcile.BACKGROUND_TARGET.getInt(wanted);
    for (int bit = 1; entries.nextPtr(); bit <<= 1) {
      int type = entries.crc().compressionType();
      incompressible |= type == CompressionType.INCOMPRESSIBLE.number();
      unwritten |= entries.unwritten();
      if (!poisoned && !node && !entries.cached()) {
        need |= entries.crc().checksumType() != checksum ? CHECKSUM : 0;
        need |= type != compression ? COMPRESSION : 0;
      }
      boolean leaving = !entries.hasStripe() && devices.isLeaving(entries.dev());
      if (leaving) {
        need |= REPLICAS;
        hipri = true;
        move(bit);
      } else if (target != 0 && !entries.cached() && !devices.isIn(entries.dev(), target)) {
        need |= TARGET;
        move(bit);
      }
      count(leaving ? 0 : durability());
    }
  }

  private void move(int bit) {
    moving |= entries.dev() == ExtentPtr.NO_DEVICE ? 0 : bit;
  }

  private void count(int own) {
    durability += own;
    if (!entries.cached()) {
      least = Math.min(least, own);
    }
    if (entries.hasStripe()) {
      redundancy = Math.max(redundancy, entries.stripeRedundancy());
      inStripe = true;
    }
  }

  private int durability() {
    if (entries.cached() || !devices.exists(entries.dev())) {
      return 0;
    }
    return entries.hasStripe() ? entries.stripeRedundancy() + 1 : devices.durability(entries.dev());
  }

  /** What follows from all pointers together. */
  private void conclude() {
    int replicas = ExtentReconcile.DATA_REPLICAS.getInt(wanted);
    boolean toStripe = ExtentReconcile.ERASURE_CODE.isSet(wanted);
    if (unwritten || incompressible) {
      need &= ~COMPRESSION;
    }
    if (unwritten) {
      need &= ~CHECKSUM;
    }
    if (Math.max(durability, toStripe ? redundancy : 0) < replicas) {
      need |= REPLICAS;
      hipri = true;
    }
    if (durability >= (long) replicas + least) {
      need |= REPLICAS;
    }
    if (!unwritten && toStripe != inStripe) {
      need |= ERASURE_CODE;
    }
  }

  private int compression() {
    int option = ExtentReconcile.BACKGROUND_COMPRESSION.getInt(wanted) & COMPRESSION_TYPE_MASK;
    return option < COMPRESSIONS.length ? COMPRESSIONS[option].number() : 0;
  }

  private int checksum() {
    if (encryption != null) {
      return encryption.number();
    }
    int option = ExtentReconcile.DATA_CHECKSUM.getInt(wanted);
    return option < CHECKSUMS.length ? CHECKSUMS[option].number() : 0;
  }

  /** Work that could not be done before still cannot, unless there is more of it now. */
  private boolean staysPending() {
    return note != 0
        && (ExtentReconcile.NEED_RB.getInt(note) & ~need) == 0
        && ExtentReconcile.PENDING.isSet(note)
        && (!hipri || ExtentReconcile.HIPRI.isSet(note));
  }

  /** Bits of what the key needs and does not say. */
  public int unsaid() {
    return need & ~ExtentReconcile.NEED_RB.getInt(note);
  }

  /** Bits of what the key needs. */
  public int need() {
    return need;
  }

  /** The reconcile entry that the key has; 0 for none. */
  public long note() {
    return note;
  }

  /** The reconcile entry that the key should have; 0 for none. */
  public long wanted() {
    return wanted;
  }

  /** Whether the key names a stripe. */
  public boolean isCoded() {
    return coded;
  }

  /** Whether a block of a stripe is to leave the device that it is on. */
  public boolean ofStripe(StripeValue stripe) {
    for (int block = 0; block < stripe.blocks(); block++) {
      if (devices.isLeaving(ExtentPtr.dev(stripe.ptr(block)))) {
        return true;
      }
    }
    return false;
  }

  /** How many more data blocks a stripe could have, as its key should say. */
  public int canWiden(StripeValue stripe) {
    int found = devices.forStripes(stripe.diskLabel(), stripe.sectors());
    int room = Math.max(0, Math.min(found, ExtentEntries.MAX_PTRS) - stripe.redundant());
    int most = mostDataBlocks == 0 ? room : Math.min(room, mostDataBlocks);
    return Math.clamp(most - stripe.dataBlocks(), 0, MOST_CAN_WIDEN);
  }
}
