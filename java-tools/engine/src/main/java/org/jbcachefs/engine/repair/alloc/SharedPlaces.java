// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.data.write.PointerDrop;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.data.CopyJudge;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.sb.Member;

/**
 * Data that lies where other data does, or among what is none: by checksums it is told whose it is.
 * Pointers to what is not theirs are dropped; of what is more than one's, all but the first get a
 * copy of their own. Belongs to one thread.
 */
final class SharedPlaces {
  private final WritableFilesystem filesystem;
  private final ExtentEntrySizes sizes;
  private final CopyJudge judge;

  /** A key that points there. */
  record Pointed(int btree, int level, Bpos pos) {}

  SharedPlaces(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
    this.sizes = ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s);
    this.judge = new CopyJudge(filesystem);
  }

  /** Keys that point to one place. */
  void separate(List<Pointed> keys) {
    boolean taken = keys.stream().anyMatch(key -> key.level() > 0);
    for (Pointed pointed : keys) {
      Bkey key = pointed.level() > 0 ? null : lookup(pointed);
      if (key == null) {
        continue;
      }
      Bkey without = new PointerDrop(sizes).without(key, new NotBad(key, Set.of()));
      if (without != null) {
        replace(pointed, without);
      } else if (!taken) {
        taken = true;
      } else {
        filesystem.repair().move(BtreeId.of(pointed.btree()), key);
      }
    }
  }

  /** Data in buckets of something else: superblocks, the journal, nodes, parity. */
  void moveOut(Set<Bpos> buckets) {
    if (buckets.isEmpty()) {
      return;
    }
    for (BtreeId btree : new BtreeId[] {BtreeId.EXTENTS, BtreeId.REFLINK}) {
      List<Pointed> found = new ArrayList<>();
      try (KeyIterator keys = filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
        while (keys.next()) {
          if (pointsInto(keys.key(), buckets)) {
            found.add(new Pointed(btree.number(), 0, keys.key().pos()));
          }
        }
      }
      for (Pointed pointed : found) {
        Bkey key = lookup(pointed);
        if (key == null || filesystem.repair().move(btree, key)) {
          continue;
        }
        Bkey without = new PointerDrop(sizes).without(key, new NotBad(key, buckets));
        if (without != null) {
          replace(pointed, without);
        }
      }
    }
  }

  /**
   * Pointers to what is not surely something else; if there are buckets, only of those into them.
   */
  private final class NotBad implements PointerDrop.Choice {
    private final Bkey key;
    private final Set<Bpos> buckets;

    NotBad(Bkey key, Set<Bpos> buckets) {
      this.key = key;
      this.buckets = buckets;
    }

    @Override
    public boolean keep(ExtentEntries pointer) {
      boolean judged = buckets.isEmpty() || buckets.contains(bucket(pointer));
      return !judged || !judge.isBad(key, pointer);
    }

    @Override
    public boolean keepFromCache(Bkey left, ExtentEntries pointer) {
      return !buckets.contains(bucket(pointer)) && judge.isCurrent(left, pointer);
    }
  }

  private void replace(Pointed pointed, Bkey key) {
    filesystem.transact(
        "fsck",
        transaction -> {
          transaction.update(BtreeId.of(pointed.btree()), key);
          return null;
        });
  }

  private Bkey lookup(Pointed pointed) {
    Bkey key = new Bkey();
    boolean there = filesystem.btrees().lookup(pointed.btree(), pointed.pos(), key);
    boolean data =
        key.type() == KeyType.EXTENT.number() || key.type() == KeyType.REFLINK_V.number();
    return there && data ? key.copy() : null;
  }

  private boolean pointsInto(Bkey key, Set<Bpos> buckets) {
    if (key.type() != KeyType.EXTENT.number() && key.type() != KeyType.REFLINK_V.number()) {
      return false;
    }
    ExtentEntries entries = new ExtentEntries().of(key, sizes);
    while (entries.nextPtr()) {
      if (!entries.hasStripe() && buckets.contains(bucket(entries))) {
        return true;
      }
    }
    return false;
  }

  private Bpos bucket(ExtentEntries pointer) {
    List<Member> members = filesystem.superblock().members();
    if (pointer.dev() == ExtentPtr.NO_DEVICE || pointer.dev() >= members.size()) {
      return Bpos.MAX;
    }
    int sectors = Math.max(1, members.get(pointer.dev()).bucketSectors());
    return Bpos.of(pointer.dev(), pointer.sector() / sectors);
  }
}
