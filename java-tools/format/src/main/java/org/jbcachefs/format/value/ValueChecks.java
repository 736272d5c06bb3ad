// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.util.Arrays;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.node.BtreePtrLayout;

/** What must hold of values; each at least as long as its type asks for. */
final class ValueChecks {
  private static final long U32_MAX = 0xffffffffL;
  private static final int BACKPOINTER_LEVEL_MAX = 4;
  private static final int MAX_RESERVED_REPLICAS = 4;
  private static final long REFLINK_INDEX_MAX = ReflinkP.INDEX.max();
  private static final int NO_DEVICE = 255;
  private static final int LRU_TIME_BITS = 48;
  private static final long LRU_TIME_MASK = (1L << LRU_TIME_BITS) - 1;
  private static final int QUOTA_TYPES = 3;

  /** Replicas that an old btree pointer may have. */
  private static final int BTREE_PTR_MAX_REPLICAS = 4;

  /** Of a newer one: two rounds of replicas, and two words about background work. */
  private static final int BTREE_PTR_V2_MAX_BYTES =
      BtreePtrLayout.BYTES + (2 * BTREE_PTR_MAX_REPLICAS + 2) * Long.BYTES;

  private ValueChecks() {}

  static Problem check(Bkey key, int version) {
    try {
      return switch (KeyType.of(key.type())) {
        case HASH_WHITEOUT, SET -> empty(key);
        case BTREE_PTR -> btreePtr(key);
        case BTREE_PTR_V2 -> btreePtrV2(key);
        case EXTENT -> ExtentChecks.check(key);
        case REFLINK_V -> reflinkV(key);
        case STRIPE -> stripe(key);
        case RESERVATION -> reservation(key);
        case REFLINK_P -> reflinkP(key);
        case INODE, INODE_V2, INODE_V3 -> inode(key);
        case INODE_GENERATION -> inodePosition(key);
        case INODE_ALLOC_CURSOR ->
            expect(key.inode() == 1, "inode_alloc_cursor_inode_bad", "k.p.inode bad");
        case DIRENT -> DirentChecks.check(key);
        case XATTR -> xattr(key);
        case ALLOC_V4 -> AllocChecks.check(key);
        case BUCKET_GENS ->
            expect(
                key.valueBytes() == BucketGens.BYTES, "bucket_gens_val_size_bad", "bad val size");
        case QUOTA -> expect(isBelow(key.inode(), QUOTA_TYPES), "quota_type_invalid", "quota type");
        case LRU ->
            expect(
                (key.inode() & LRU_TIME_MASK) != 0, "lru_entry_at_time_0", "lru entry at time=0");
        case BACKPOINTER -> backpointer(key);
        case SUBVOLUME -> SnapshotChecks.subvolume(key);
        case SNAPSHOT -> SnapshotChecks.snapshot(key);
        case SNAPSHOT_TREE -> expect(isSnapshotPosition(key), "snapshot_tree_pos_bad", "bad pos");
        case ACCOUNTING -> AccountingChecks.check(key, version);
        case ALLOC, ALLOC_V2, ALLOC_V3 -> decodes(key);
        case DAMAGE -> DamageRecord.check(key);
        case null, default -> null;
      };
    } catch (CorruptionException e) {
      return new Problem(e.errorName(), e.getMessage());
    }
  }

  static Problem expect(boolean holds, String errorName, String what) {
    return holds ? null : new Problem(errorName, what);
  }

  private static boolean isBelow(long value, long limit) {
    return Long.compareUnsigned(value, limit) < 0;
  }

  /** Whether the position is one of (0, 1) to (0, 2^32 - 1). */
  static boolean isSnapshotPosition(Bkey key) {
    return key.inode() == 0 && key.offset() != 0 && isBelow(key.offset(), U32_MAX + 1);
  }

  private static Problem decodes(Bkey key) {
    return Values.decode(key).bytes() == key.valueBytes()
        ? null
        : new Problem("bkey_val_size_too_small", "bad val size");
  }

  private static Problem empty(Bkey key) {
    return expect(
        key.valueBytes() == 0,
        "bkey_val_size_nonzero",
        "incorrect value size (" + key.valueBytes() + " != 0)");
  }

  private static Problem btreePtr(Bkey key) {
    return key.valueBytes() > BTREE_PTR_MAX_REPLICAS * Long.BYTES
        ? new Problem("btree_ptr_val_too_big", "value too big")
        : ExtentChecks.check(key);
  }

  private static Problem btreePtrV2(Bkey key) {
    if (key.valueBytes() > BTREE_PTR_V2_MAX_BYTES) {
      return new Problem("btree_ptr_v2_val_too_big", "value too big");
    }
    Bpos minKey = KeyText.bpos(key, BtreePtrLayout.OFFSET_MIN_KEY);
    return key.comparePos(minKey) <= 0
        ? new Problem("btree_ptr_v2_min_key_bad", "min_key > key")
        : ExtentChecks.check(key);
  }

  private static Problem reflinkV(Bkey key) {
    boolean beyond = key.inode() != 0 || !isBelow(key.offset(), REFLINK_INDEX_MAX + 1);
    return beyond
        ? new Problem("reflink_v_pos_bad", "indirect extent above maximum position")
        : ExtentChecks.check(key);
  }

  private static Problem stripe(Bkey key) {
    boolean wrong = key.inode() != 0 || key.offset() == 0 || !isBelow(key.offset(), U32_MAX + 1);
    if (wrong) {
      return new Problem("stripe_pos_bad", "stripe at bad pos");
    }
    return new StripeValue().of(key).blocks() > 0 ? ExtentChecks.check(key) : null;
  }

  private static Problem reservation(Bkey key) {
    int replicas = Shape.u8(key, Reservation.OFFSET_REPLICAS);
    return expect(
        replicas > 0 && replicas <= MAX_RESERVED_REPLICAS,
        "reservation_key_nr_replicas_invalid",
        "invalid nr_replicas (" + replicas + ")");
  }

  private static Problem reflinkP(Bkey key) {
    long index = ReflinkP.INDEX.get(Shape.u64(key, ReflinkP.OFFSET_INDEX_AND_FLAGS));
    long pad = Integer.toUnsignedLong(Shape.u32(key, ReflinkP.OFFSET_FRONT_PAD));
    return expect(
        index >= pad, "reflink_p_front_pad_bad", "idx < front_pad (" + index + " < " + pad + ")");
  }

  private static Problem inode(Bkey key) {
    Inode inode = Inode.decode(key);
    if (inode.strHash() >= StrHash.TYPES) {
      return new Problem(
          "inode_str_hash_invalid", "invalid str hash type (" + inode.strHash() + ")");
    }
    Problem position = inodePosition(key);
    return position != null
        ? position
        : expect(
            !isBelow(key.offset(), Inode.ROOT),
            "inode_pos_blockdev_range",
            "fs inode in blockdev range");
  }

  private static Problem inodePosition(Bkey key) {
    return expect(key.inode() == 0, "inode_pos_inode_nonzero", "nonzero k.p.inode");
  }

  private static Problem xattr(Bkey key) {
    Xattr xattr = Xattr.decode(key);
    int bytes = Xattr.OFFSET_NAME + xattr.name().length + xattr.value().length;
    // Four bytes more than needed are let pass: an old writer counted the header twice.
    if (key.valueBytes() > ((bytes + 4 + 7) & ~7)) {
      return new Problem("xattr_val_size_too_big", "value too big");
    }
    if (xattr.type() > Xattr.TYPE_SECURITY) {
      return new Problem("xattr_invalid_type", "invalid type (" + xattr.type() + ")");
    }
    for (byte b : xattr.name()) {
      if (b == 0) {
        return new Problem("xattr_name_invalid_chars", "xattr name has invalid characters");
      }
    }
    return null;
  }

  private static Problem backpointer(Bkey key) {
    int level = Shape.u8(key, Backpointer.OFFSET_LEVEL);
    if (level > BACKPOINTER_LEVEL_MAX) {
      return new Problem("backpointer_level_bad", "backpointer level bad: " + level);
    }
    return expect(key.inode() != NO_DEVICE, "backpointer_dev_bad", "backpointer for no device");
  }

  /** Directory entries. */
  static final class DirentChecks {
    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};

    private DirentChecks() {}

    static Problem check(Bkey key) {
      Dirent dirent = Dirent.decode(key);
      byte[] name = dirent.name();
      if (name.length == 0) {
        return new Problem("dirent_empty_name", "empty name");
      }
      if (hasNul(name) || (dirent.folded() == null && !Dirent.isZeroPadded(key))) {
        return new Problem("dirent_name_embedded_nul", "dirent has stray data after name's NUL");
      }
      if (Arrays.equals(name, DOT) || Arrays.equals(name, DOT_DOT)) {
        return new Problem("dirent_name_dot_or_dotdot", "invalid name");
      }
      for (byte b : name) {
        if (b == '/') {
          return new Problem("dirent_name_has_slash", "name with /");
        }
      }
      if (!dirent.isSubvolume() && dirent.target() == key.inode()) {
        return new Problem("dirent_to_itself", "dirent points to own directory");
      }
      boolean stray = dirent.folded() != null && hasNul(dirent.folded());
      return stray
          ? new Problem(
              "dirent_stray_data_after_cf_name", "dirent has stray data after cf name's NUL")
          : null;
    }

    private static boolean hasNul(byte[] name) {
      for (byte b : name) {
        if (b == 0) {
          return true;
        }
      }
      return false;
    }
  }
}
