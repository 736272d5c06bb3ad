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

  void check(int id, Snapshot node) {
    if (present && node.bytes() >= Snapshot.BYTES) {
      report(
          node.state(),
          Snapshot.nearestState(node.state()),
          FsckError.SNAPSHOT_STATE_BAD,
          FsckError.SNAPSHOT_STATE_BITFLIP,
          BtreeId.SNAPSHOTS,
          SnapshotFacts.pos(id));
    }
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
