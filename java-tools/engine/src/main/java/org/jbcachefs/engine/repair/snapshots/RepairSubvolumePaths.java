// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.snapshots;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.fs.write.EntryRepair;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Subvolume;

/**
 * Subvolumes from which no way leads up to the first one: they are in that of an entry that leads
 * to them from elsewhere. Where there is none, entries from within their loop go, and lost+found
 * gets the root directory.
 */
public final class RepairSubvolumePaths implements Repair {
  @Override
  public Set<FsckError> errors() {
    return Set.of(
        FsckError.SUBVOL_FS_PATH_PARENT_WRONG, FsckError.SUBVOL_LOOP, FsckError.SUBVOL_UNREACHABLE);
  }

  @Override
  public RepairStage stage() {
    return RepairStage.NAMES;
  }

  @Override
  public String what(FsckError error) {
    return error == FsckError.SUBVOL_FS_PATH_PARENT_WRONG
        ? "write which subvolume its name is in"
        : "find the name that leads to it; without one lost+found gets it";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    for (CheckFinding finding : findings) {
      int id = (int) finding.pos().offset();
      SubvolumeTable subvolumes = context.filesystem().subvolumes();
      if (finding.error() == FsckError.SUBVOL_FS_PATH_PARENT_WRONG) {
        int parent = (int) Long.parseUnsignedLong(finding.expected());
        context.transact(transaction -> SubvolumeParent.set(transaction, subvolumes, id, parent));
      } else {
        context.transact(transaction -> new One(context, transaction, subvolumes, id).fix());
      }
    }
  }

  /** One subvolume, in one transaction. */
  private record One(
      RepairContext context, Transaction transaction, SubvolumeTable subvolumes, int id) {
    void fix() {
      if (subvolumes.get(id) == null || id == Subvolume.ROOT) {
        return;
      }
      List<Bkey> within = new ArrayList<>();
      for (Bkey entry : entries()) {
        int parent = (int) (Dirent.target(entry) >>> Integer.SIZE);
        if (isConnected(parent)) {
          SubvolumeParent.set(transaction, subvolumes, id, parent);
          return;
        }
        if (subvolumes.get(parent) == null) {
          // It will be told where it is first.
          return;
        }
        within.add(entry);
      }
      boolean casefold = context.filesystem().defaults().casefold();
      for (Bkey entry : within) {
        new EntryRepair(transaction, context.filesystem().snapshots(), entry.snapshot(), casefold)
            .remove(entry.pos());
      }
      SubvolumeParent.set(transaction, subvolumes, id, 0);
    }

    private List<Bkey> entries() {
      List<Bkey> found = new ArrayList<>();
      try (KeyIterator keys = transaction.iterate(BtreeId.DIRENTS, Bpos.MIN, Bpos.MAX)) {
        while (keys.next()) {
          Bkey key = keys.key();
          boolean leads =
              key.type() == KeyType.DIRENT.number()
                  && Dirent.type(key) == Dirent.TYPE_SUBVOLUME
                  && (int) Dirent.target(key) == id;
          if (leads) {
            found.add(key.copy());
          }
        }
      }
      return found;
    }

    /** Whether the way up from a subvolume leads to the first one, and not by this one. */
    private boolean isConnected(int from) {
      int at = from;
      for (int steps = 0; steps <= subvolumes.all().size() && at != id; steps++) {
        if (at == Subvolume.ROOT) {
          return true;
        }
        Subvolume subvolume = subvolumes.get(at);
        at = subvolume == null ? id : subvolume.fsPathParent();
      }
      return false;
    }
  }
}
