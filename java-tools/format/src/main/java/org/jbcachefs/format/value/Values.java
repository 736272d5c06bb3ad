// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;

/** Decodes the value of a key by the key's type. Thread-safe. */
public final class Values {
  private Values() {}

  /**
   * The value of a key of any type; of an unknown one the bytes as they are.
   *
   * @throws org.jbcachefs.format.error.CorruptionException if it contradicts itself or is too short
   */
  public static Value decode(Bkey key) {
    return switch (KeyType.of(key.type())) {
      case ERROR -> ErrorKey.decode(key);
      case COOKIE -> Cookie.decode(key);
      case RESERVATION -> Reservation.decode(key);
      case INODE, INODE_V2, INODE_V3 -> Inode.decode(key);
      case INODE_GENERATION -> InodeGeneration.decode(key);
      case DIRENT -> Dirent.decode(key);
      case XATTR -> Xattr.decode(key);
      case ALLOC, ALLOC_V2, ALLOC_V3 -> LegacyAlloc.decode(key);
      case ALLOC_V4 -> AllocV4.decode(key);
      case QUOTA -> Quota.decode(key);
      case REFLINK_P -> ReflinkP.decode(key);
      case INLINE_DATA, INDIRECT_INLINE_DATA -> InlineData.decode(key);
      case SUBVOLUME -> Subvolume.decode(key);
      case SNAPSHOT -> Snapshot.decode(key);
      case SNAPSHOT_TREE -> SnapshotTree.decode(key);
      case LRU -> Lru.decode(key);
      case BACKPOINTER -> Backpointer.decode(key);
      case BUCKET_GENS -> BucketGens.decode(key);
      case LOGGED_OP_TRUNCATE -> LoggedOpTruncate.decode(key);
      case LOGGED_OP_FINSERT -> LoggedOpFinsert.decode(key);
      case LOGGED_OP_STRIPE_UPDATE -> LoggedOpStripeUpdate.decode(key);
      case INODE_ALLOC_CURSOR -> InodeAllocCursor.decode(key);
      case ACCOUNTING -> Accounting.decode(key);
      case DAMAGE -> DamageRecord.decode(key);
      case null, default -> RawValue.decode(key);
    };
  }
}
