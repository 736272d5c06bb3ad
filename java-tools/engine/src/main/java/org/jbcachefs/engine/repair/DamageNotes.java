// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.damage.write.DamageKeys;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.sb.ErrorsV2Section;

/**
 * From version 1.39 on a filesystem remembers what its inodes were repaired of: the record lies
 * where the inode does, and goes with it. Whoever wonders later why a file is not what it was finds
 * the reason there ({@code engine.damage}).
 */
final class DamageNotes {
  private static final Set<BtreeId> OF_INODES =
      EnumSet.of(BtreeId.EXTENTS, BtreeId.INODES, BtreeId.DIRENTS, BtreeId.XATTRS);

  private static final Comparator<Bpos> BY_INODE =
      Comparator.comparingLong(Bpos::offset).thenComparingInt(Bpos::snapshot);

  private final WritableFilesystem filesystem;
  private final long now;

  /**
   * @param now seconds since 1970
   */
  DamageNotes(WritableFilesystem filesystem, long now) {
    this.filesystem = filesystem;
    this.now = now;
  }

  /** Adds what was found to the records of the inodes concerned, as far as they are there. */
  void add(List<CheckFinding> findings) {
    if (!DamageKeys.areKept(filesystem.superblock().version())) {
      return;
    }
    Map<Bpos, List<ErrorsV2Section.Entry>> byInode = new TreeMap<>(BY_INODE);
    for (CheckFinding finding : findings) {
      Bpos inode = inode(finding);
      if (inode != null) {
        byInode
            .computeIfAbsent(inode, _ -> new ArrayList<>())
            .add(new ErrorsV2Section.Entry(finding.error().number(), 1, now, now));
      }
    }
    DamageKeys.add(
        byInode,
        body ->
            filesystem.transact(
                "damage",
                transaction -> {
                  body.accept(transaction);
                  return null;
                }));
  }

  /** Where the inode that the finding is about lies, if it is about one; else null. */
  private static Bpos inode(CheckFinding finding) {
    BtreeId btree = finding.pos() == null ? null : BtreeId.of(finding.btree());
    if (finding.error() == null || finding.level() != 0 || !OF_INODES.contains(btree)) {
      return null;
    }
    Bpos pos = finding.pos();
    long number = btree == BtreeId.INODES ? pos.offset() : pos.inode();
    return new Bpos(0, number, pos.snapshot());
  }
}
