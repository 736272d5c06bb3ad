// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.fs.CheckFiles;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/** Sizes that no file can have. */
public final class RepairSizes implements Repair {
  private static final int SECTOR_SHIFT = 9;

  @Override
  public Set<FsckError> errors() {
    return Set.of();
  }

  @Override
  public Set<String> names() {
    return Set.of(CheckFiles.SIZE_TOO_LARGE);
  }

  @Override
  public RepairStage stage() {
    return RepairStage.INODES;
  }

  @Override
  public String what(FsckError error) {
    return "make it as long as its data: to the byte if all but the highest bytes say the same";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    context.oneByOne(findings, (transaction, finding) -> fix(context, transaction, finding.pos()));
  }

  private static void fix(RepairContext context, Transaction transaction, Bpos pos) {
    Bkey key = new Bkey();
    if (!transaction.lookup(BtreeId.INODES, pos, key) || !Inode.is(key)) {
      return;
    }
    Inode was = Inode.decode(key);
    if (was.size() >= 0) {
      return;
    }
    long block = context.filesystem().superblock().blockBytes();
    long size = size(was.size(), end(context, transaction, pos), block);
    InodeBuilder inode = new InodeBuilder(was, pos.snapshot()).set(InodeField.SIZE, size);
    transaction.update(BtreeId.INODES, inode.toKey());
  }

  /** Where the last extent ends that the version sees, in bytes. */
  private static long end(RepairContext context, Transaction transaction, Bpos pos) {
    Bpos from = new Bpos(pos.offset(), 0, 0);
    int[] lineage = context.filesystem().snapshots().lineage(pos.snapshot());
    KeyIterator all = transaction.iterate(BtreeId.EXTENTS, from, new Bpos(pos.offset(), -1, -1));
    long end = 0;
    try (VisibleKeys keys = new VisibleKeys(all, lineage, false)) {
      while (keys.next()) {
        end = keys.key().offset() << SECTOR_SHIFT;
      }
    }
    return end;
  }

  /** What is left of a size without its highest bytes, if that ends in the last block of data. */
  private static long size(long wrong, long end, long block) {
    for (int bits = 56; bits > 0; bits -= 8) {
      long left = wrong & ((1L << bits) - 1);
      if ((left + block - 1) / block * block == end) {
        return left;
      }
    }
    return end;
  }
}
