// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.upgrade;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.write.InodeMarks;
import org.jbcachefs.engine.fs.write.OldRoots;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.Subvolume;
import org.jbcachefs.format.value.Value;

/**
 * Snapshots and subvolumes have state words from 1.39 on, and inodes say whether they have options
 * and ACLs of their own; old roots of subvolumes name one that exists. Words that are there
 * already, from an earlier time at 1.39, count only where older implementations have left the flags
 * as the words say. Deletions under way are carried on with whenever a filesystem is opened to be
 * changed.
 */
final class StatesStep implements UpgradeStep {
  private static final int BATCH = 64;

  @Override
  public Set<MetadataVersion> versions() {
    return EnumSet.of(MetadataVersion.PER_DEV_FRAGMENTATION_LRU);
  }

  @Override
  public Set<RecoveryPass> passes() {
    return EnumSet.of(
        RecoveryPass.CHECK_INODES,
        RecoveryPass.CHECK_XATTRS,
        RecoveryPass.CHECK_SNAPSHOTS,
        RecoveryPass.CHECK_SUBVOLS,
        RecoveryPass.DELETE_DEAD_SNAPSHOTS);
  }

  @Override
  public void run(WritableFilesystem filesystem, UpgradeOptions options) {
    options.progress().accept("writing the states of snapshots");
    rewrite(filesystem, BtreeId.SNAPSHOTS);
    rewrite(filesystem, BtreeId.SUBVOLUMES);
    options.progress().accept("marking inodes with options and ACLs");
    new InodeMarks(filesystem).refreshAll();
    OldRoots.handOnAll(filesystem);
  }

  private static void rewrite(WritableFilesystem filesystem, BtreeId btree) {
    List<Bkey> changed = new ArrayList<>();
    try (KeyIterator keys = filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key();
        Value now = key.type() == type(btree) ? withState(key, btree) : null;
        if (now != null) {
          changed.add(key(key.pos(), type(btree), now));
        }
      }
    }
    for (int from = 0; from < changed.size(); from += BATCH) {
      List<Bkey> batch = changed.subList(from, Math.min(changed.size(), from + BATCH));
      filesystem.transact(
          "upgrade",
          transaction -> {
            batch.forEach(key -> transaction.update(btree, key));
            return null;
          });
    }
  }

  private static int type(BtreeId btree) {
    return (btree == BtreeId.SNAPSHOTS ? KeyType.SNAPSHOT : KeyType.SUBVOLUME).number();
  }

  /** The value with its state; null if it is as it should be. */
  private static Value withState(Bkey key, BtreeId btree) {
    if (btree == BtreeId.SNAPSHOTS) {
      Snapshot node = Snapshot.decode(key);
      int word = Snapshot.nearestState(node.state());
      boolean kept = word != 0 && node.inState(word, true).flags() == node.flags();
      Snapshot now = node.inState(kept ? word : Snapshot.stateOf(node.flags()), true);
      return now.equals(node) ? null : now;
    }
    Subvolume subvolume = Subvolume.decode(key);
    int word = Subvolume.nearestState(subvolume.state());
    boolean kept = word != 0 && subvolume.inState(word, true).flags() == subvolume.flags();
    Subvolume now = subvolume.inState(kept ? word : Subvolume.stateOf(subvolume.flags()), true);
    return now.equals(subvolume) ? null : now;
  }

  private static Bkey key(Bpos pos, int type, Value value) {
    MemorySegment bytes = MemorySegment.ofArray(new long[value.bytes() / Long.BYTES]);
    value.encode(bytes, 0);
    return new Bkey().setPos(pos).setType(type).setValue(bytes, 0, value.bytes());
  }
}
