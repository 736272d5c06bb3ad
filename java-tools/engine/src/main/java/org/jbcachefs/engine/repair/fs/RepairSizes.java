// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.fs.CheckFiles;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
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
    FileExtents data = FileExtents.of(context.seenBy(transaction, pos.snapshot()), pos.offset());
    long size = size(was.size(), data.end() << SECTOR_SHIFT, block);
    InodeBuilder inode = new InodeBuilder(was, pos.snapshot()).set(InodeField.SIZE, size);
    transaction.update(BtreeId.INODES, inode.toKey());
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
