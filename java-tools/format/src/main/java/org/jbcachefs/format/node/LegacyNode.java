// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * What bsets of versions before 0.12 need to be read like later ones; keys are changed in place.
 *
 * <p>Before 0.10 key types were numbered anew for each btree, from 128. Before 0.11 inodes had
 * their number in the position's inode field, and an extents node began at the last position of the
 * one before it. Before 0.12 there were no snapshots: where a btree has them now the field becomes
 * the highest snapshot id. Sources: {@code compat_btree_node}, {@code compat_bformat}, {@code
 * __bch2_bkey_compat}.
 */
final class LegacyNode {
  private static final int BKEY_RENUMBER = MetadataVersion.BKEY_RENUMBER.number();
  private static final int INODE_BTREE_CHANGE = MetadataVersion.INODE_BTREE_CHANGE.number();
  private static final int SNAPSHOT = MetadataVersion.SNAPSHOT.number();
  private static final int NEWEST_SNAPSHOT = -1;
  private static final int FIRST_OLD_TYPE = 128;

  private final int btree;
  private final int level;
  private final int version;

  LegacyNode(int btree, int level, int version) {
    this.btree = btree;
    this.level = level;
    this.version = version;
  }

  /** Whether bsets of that version need any of this. */
  static boolean concerns(int version) {
    return version < SNAPSHOT;
  }

  private boolean swapsInodes() {
    return version < INODE_BTREE_CHANGE && btree == BtreeId.INODES.number();
  }

  private boolean beginsAtPredecessor() {
    BtreeId id = BtreeId.of(btree);
    return version < INODE_BTREE_CHANGE && id != null && id.hasExtents();
  }

  private boolean lacksSnapshots() {
    BtreeId id = BtreeId.of(btree);
    return version < SNAPSHOT && (level > 0 || (id != null && id.hasSnapshots()));
  }

  Bpos minKey(Bpos stored) {
    Bpos min = swapsInodes() ? swapped(stored) : stored;
    return beginsAtPredecessor() ? successorWithoutSnapshot(min) : min;
  }

  Bpos maxKey(Bpos stored) {
    Bpos max = swapsInodes() ? swapped(stored) : stored;
    return new Bpos(max.inode(), max.offset(), NEWEST_SNAPSHOT);
  }

  private static Bpos swapped(Bpos pos) {
    return new Bpos(pos.offset(), pos.inode(), pos.snapshot());
  }

  private static Bpos successorWithoutSnapshot(Bpos pos) {
    if (pos.inode() == 0 && pos.offset() == 0) {
      return pos;
    }
    long offset = pos.offset() + 1;
    return new Bpos(offset == 0 ? pos.inode() + 1 : pos.inode(), offset, 0);
  }

  /** The format that patched keys have. */
  BkeyFormat format(BkeyFormat stored) {
    int[] bits = new int[BkeyFormat.FIELDS];
    long[] offsets = new long[BkeyFormat.FIELDS];
    for (int field = 0; field < BkeyFormat.FIELDS; field++) {
      int from = swapsInodes() && field <= BkeyFormat.FIELD_OFFSET ? 1 - field : field;
      bits[field] = stored.bits(from);
      offsets[field] = stored.fieldOffset(from);
    }
    if (lacksSnapshots()) {
      long most = (1L << bits[BkeyFormat.FIELD_SNAPSHOT]) - 1;
      offsets[BkeyFormat.FIELD_SNAPSHOT] = 0xffffffffL - most;
    }
    return BkeyFormat.of(bits, offsets);
  }

  /**
   * Changes a key in place; it has been checked to lie within its bset. Returns false if a field
   * has a value that its packed form cannot hold, which only a damaged key has.
   */
  boolean patchKey(MemorySegment bytes, int at, BkeyFormat stored, BkeyFormat patched) {
    Bkey key = stored.read(bytes, at, new Bkey());
    key.setType(type(key.type()));
    if (swapsInodes()) {
      key.setPos(key.offset(), key.inode(), key.snapshot());
    }
    if (lacksSnapshots()) {
      key.setPos(key.inode(), key.offset(), NEWEST_SNAPSHOT);
    }
    if (key.type() == KeyType.BTREE_PTR_V2.number() && key.valueBytes() >= BtreePtrLayout.BYTES) {
      long min = key.valueOffset() + BtreePtrLayout.OFFSET_MIN_KEY;
      minKey(Bpos.read(bytes, min)).write(bytes, min);
    }
    if (!BkeyFormat.isPacked(bytes, at)) {
      key.writeUnpacked(bytes, at);
      return true;
    }
    return patched.pack(key, bytes, at);
  }

  private int type(int stored) {
    if (version >= BKEY_RENUMBER || stored < FIRST_OLD_TYPE) {
      return stored;
    }
    KeyType type = level > 0 ? oldPointer(stored) : oldType(stored);
    return type == null ? stored : type.number();
  }

  private static KeyType oldPointer(int stored) {
    return stored == FIRST_OLD_TYPE ? KeyType.BTREE_PTR : null;
  }

  private KeyType oldType(int stored) {
    return switch (BtreeId.of(btree)) {
      case EXTENTS ->
          switch (stored) {
            case 128, 129 -> KeyType.EXTENT;
            case 130 -> KeyType.RESERVATION;
            default -> null;
          };
      case INODES ->
          switch (stored) {
            case 128 -> KeyType.INODE;
            case 130 -> KeyType.INODE_GENERATION;
            default -> null;
          };
      case DIRENTS -> oldHashed(stored, KeyType.DIRENT);
      case XATTRS -> oldHashed(stored, KeyType.XATTR);
      case ALLOC -> stored == FIRST_OLD_TYPE ? KeyType.ALLOC : null;
      case QUOTAS -> stored == FIRST_OLD_TYPE ? KeyType.QUOTA : null;
      case null, default -> null;
    };
  }

  private static KeyType oldHashed(int stored, KeyType first) {
    return switch (stored) {
      case 128 -> first;
      case 129 -> KeyType.HASH_WHITEOUT;
      default -> null;
    };
  }

  /** Whether a pointer of the same age, which has no snapshot either, means that last position. */
  static boolean sameButForSnapshot(Bpos patched, Bpos pointers) {
    return patched.inode() == pointers.inode() && patched.offset() == pointers.offset();
  }
}
