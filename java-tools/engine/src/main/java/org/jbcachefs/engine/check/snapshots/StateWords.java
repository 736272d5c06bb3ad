// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.snapshots;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.Subvolume;

/** The state words that snapshots and subvolumes have since version 1.39. */
final class StateWords {
  private final CheckContext context;
  private final boolean present;

  StateWords(CheckContext context) {
    this.context = context;
    this.present = context.since(MetadataVersion.PER_DEV_FRAGMENTATION_LRU);
  }

  /** Whether the node is a tombstone, whatever its word says. */
  boolean check(int id, Snapshot node) {
    if (present && node.bytes() >= Snapshot.BYTES) {
      report(
          node.state(),
          Snapshot.nearestState(node.state()),
          FsckError.SNAPSHOT_STATE_BAD,
          FsckError.SNAPSHOT_STATE_BITFLIP,
          BtreeId.SNAPSHOTS,
          SnapshotFacts.pos(id));
      return checkFlags(id, node) || node.deleted();
    }
    return node.deleted();
  }

  /** The flags of older versions, which are written beside the word. */
  private boolean checkFlags(int id, Snapshot node) {
    boolean ofSubvolume = (node.flags() & Snapshot.FLAG_SUBVOL) != 0;
    if (node.state() == Snapshot.STATE_LIVE && ofSubvolume != (node.subvolume() != 0)) {
      context.report(
          CheckFinding.of(
                  FsckError.SNAPSHOT_SUBVOL_FLAG_WRONG, "whether it is marked as a subvolume's")
              .at(BtreeId.SNAPSHOTS, SnapshotFacts.pos(id))
              .expected(node.subvolume() != 0)
              .found(ofSubvolume));
    }
    // Only a tombstone is of no tree: an older kernel made it one, and left the word alone.
    int nearest = Snapshot.nearestState(node.state());
    boolean stale =
        nearest != 0
            && nearest != Snapshot.STATE_DELETED
            && (node.flags() & Snapshot.FLAG_DELETED) != 0
            && node.tree() == 0;
    if (stale) {
      context.report(
          CheckFinding.of(FsckError.SNAPSHOT_STATE_STALE_TOMBSTONE, "its state")
              .at(BtreeId.SNAPSHOTS, SnapshotFacts.pos(id))
              .expected("deleted, as its flags and its missing tree say")
              .found(hex(node.state())));
    }
    return stale;
  }

  void check(int number, Subvolume subvolume) {
    if (present && subvolume.bytes() >= Subvolume.BYTES) {
      report(
          subvolume.state(),
          Subvolume.nearestState(subvolume.state()),
          FsckError.SUBVOL_STATE_BAD,
          FsckError.SUBVOL_STATE_BITFLIP,
          BtreeId.SUBVOLUMES,
          Bpos.of(0, Integer.toUnsignedLong(number)));
    }
  }

  private void report(
      int state, int nearest, FsckError bad, FsckError flipped, BtreeId btree, Bpos pos) {
    if (state != nearest || nearest == 0) {
      context.report(
          CheckFinding.of(nearest == 0 ? bad : flipped, "its state")
              .at(btree, pos)
              .expected(nearest == 0 ? "one of those that exist" : hex(nearest))
              .found(hex(state)));
    }
  }

  private static String hex(int word) {
    return "0x" + Integer.toHexString(word);
  }
}
