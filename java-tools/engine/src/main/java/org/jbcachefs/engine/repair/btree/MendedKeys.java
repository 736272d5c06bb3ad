// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.btree;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.engine.btree.KeyChecks;
import org.jbcachefs.engine.btree.NodeReader;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.recovery.DerivedBtrees;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;

/**
 * Keys that contradict the format in something whose right value is known or can be counted: a size
 * where a key has none, the hash of an inode, fields of it that cannot be unpacked. Everything else
 * that they say is kept.
 */
final class MendedKeys {
  private final RepairContext context;
  private final KeyChecks checks;
  private final NodeReader reader;
  private final List<Mended> found = new ArrayList<>();

  private record Mended(BtreeId btree, Bkey key) {}

  MendedKeys(RepairContext context) {
    this.context = context;
    this.checks = new KeyChecks(context.filesystem().superblock().version(), _ -> {});
    this.reader =
        new NodeReader(
            context.filesystem().devices(),
            context.filesystem().repair().nodeContext(),
            false,
            _ -> {});
  }

  /** Notes what of a leaf can be mended. What follows from other keys is made anew anyway. */
  void lookFor(BtreePointer pointer) {
    BtreeId btree = BtreeId.of(pointer.btree());
    if (pointer.level() > 0 || btree == null || DerivedBtrees.ALL.contains(btree)) {
      return;
    }
    BtreeNode node = reader.read(pointer);
    Bkey key = new Bkey();
    for (int i = 0; i < node.size(); i++) {
      node.read(i, key);
      if (!isSound(btree, key)) {
        Bkey mended = mended(btree, key.copy());
        if (mended != null) {
          found.add(new Mended(btree, mended));
        }
      }
    }
  }

  private boolean isSound(BtreeId btree, Bkey key) {
    return checks.accept(btree.number(), 0, key, Place.NOWHERE);
  }

  /** Null if it is not plain what it was. */
  private Bkey mended(BtreeId btree, Bkey key) {
    if (!btree.hasExtents()) {
      key.setSize(0);
    }
    if (!isSound(btree, key) && btree == BtreeId.INODES) {
      return Inode.salvage(key).map(this::withHash).filter(one -> isSound(btree, one)).orElse(null);
    }
    return isSound(btree, key) ? key : null;
  }

  private Bkey withHash(InodeBuilder inode) {
    Inode as = inode.build();
    if (as.strHash() < StrHash.TYPES) {
      return inode.toKey();
    }
    Superblock superblock = context.filesystem().superblock();
    int hash =
        StrHash.typeOf(
            (int) superblock.flag(SuperblockFlag.STR_HASH_TYPE),
            superblock.has(Feature.NEW_SIPHASH));
    return inode.hash(hash, as.hashSeed()).toKey();
  }

  /** Puts them where they were, unless something newer is there. */
  void put() {
    for (Mended one : found) {
      context.transact(transaction -> put(transaction, one));
    }
  }

  private void put(Transaction transaction, Mended one) {
    Bkey key = one.key();
    LiveNode leaf = context.filesystem().repair().leaf(one.btree().number(), key.pos());
    boolean newer =
        leaf == null
            || leaf.content().tail().find(key.inode(), key.offset(), key.snapshot()) != null;
    if (!newer && !transaction.lookup(one.btree(), key.pos(), new Bkey())) {
      transaction.update(one.btree(), key);
    }
  }
}
