// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.engine.check.SortedRecords;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;

/**
 * No directory is its own ancestor. Only those are looked at that are no deeper than a directory
 * that they are in: every loop has such a place.
 */
public final class CheckDirectoryStructure implements CheckPass {
  /** Directories known to lead to a root, so that ways are not gone again and again. */
  private static final int REMEMBERED = 1 << 20;

  private final Set<Bpos> good = new HashSet<>();
  private final Bkey entry = new Bkey();
  private CheckContext context;
  private SnapshotFacts facts;

  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_DIRECTORY_STRUCTURE;
  }

  @Override
  public void run(CheckContext checkContext) {
    context = checkContext;
    facts = SnapshotFacts.of(context);
    FilesCheck files = FilesCheck.of(context);
    context.stage("directories that may be in loops");
    long all = files.suspects().records();
    long done = 0;
    SortedRecords suspects = files.suspects().sorted();
    while (suspects.next()) {
      try {
        climb(suspects.get(0), (int) suspects.get(1));
      } catch (CorruptionException e) {
        context.unreadable(e, context);
      }
      if ((++done & 0xfff) == 0) {
        context.progress(0x1000, (double) done / all);
      }
    }
    files.suspects().close();
  }

  /** Goes up from a directory, in one snapshot, until it meets what is known. */
  private void climb(long start, int snapshot) {
    Map<Long, Bpos> way = new LinkedHashMap<>();
    long at = start;
    while (true) {
      Bpos here = new Bpos(0, at, snapshot);
      Inode inode = good.contains(here) ? null : facts.inode(snapshot, at);
      boolean ends =
          inode == null
              || inode.get(InodeField.SUBVOL) != 0
              || !inode.hasBackpointer()
              || inode.has(Inode.FLAG_UNLINKED)
              || !isNamed(snapshot, inode);
      if (ends) {
        break;
      }
      if (way.put(at, new Bpos(0, at, inode.snapshot())) != null) {
        reportLoop(way, at, snapshot);
        break;
      }
      at = inode.get(InodeField.DIR);
    }
    if (good.size() > REMEMBERED) {
      good.clear();
    }
    way.keySet().forEach(number -> good.add(new Bpos(0, number, snapshot)));
  }

  private boolean isNamed(int snapshot, Inode inode) {
    return VisibleKeys.find(
            context.btrees(),
            facts.snapshots(),
            BtreeId.DIRENTS.number(),
            snapshot,
            inode.get(InodeField.DIR),
            inode.get(InodeField.DIR_OFFSET),
            entry)
        && entry.type() == KeyType.DIRENT.number();
  }

  /** Reports a loop at its member with the lowest number. */
  private void reportLoop(Map<Long, Bpos> way, long member, int snapshot) {
    boolean inside = false;
    Bpos lowest = null;
    int members = 0;
    for (Map.Entry<Long, Bpos> step : way.entrySet()) {
      inside |= step.getKey() == member;
      if (inside) {
        members++;
        Bpos pos = step.getValue();
        lowest =
            lowest == null || Long.compareUnsigned(pos.offset(), lowest.offset()) < 0
                ? pos
                : lowest;
      }
    }
    context.report(
        CheckFinding.of(
                FsckError.DIR_LOOP,
                "the directory is its own ancestor in snapshot "
                    + Integer.toUnsignedString(snapshot)
                    + ", one of "
                    + members
                    + " in a loop")
            .at(BtreeId.INODES, lowest));
  }
}
