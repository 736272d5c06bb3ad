// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.fs.write.EntryRepair;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Subvolume;

/** The root directory, and that the roots of other subvolumes say whose they are. */
public final class RepairRoot implements Repair {
  private static final int MODE = Inode.TYPE_DIRECTORY | 0755;

  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(
          EnumSet.of(FsckError.ROOT_DIR_MISSING, FsckError.ROOT_INODE_NOT_DIR));

  @Override
  public Set<FsckError> errors() {
    return ERRORS;
  }

  @Override
  public RepairStage stage() {
    return RepairStage.SNAPSHOTS;
  }

  @Override
  public String what(FsckError error) {
    return error == FsckError.ROOT_DIR_MISSING
        ? "make the root directory anew"
        : "make it a directory";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    context.oneByOne(findings, (transaction, finding) -> fix(context, transaction, finding));
  }

  private static void fix(RepairContext context, Transaction transaction, CheckFinding finding) {
    boolean casefold = context.filesystem().defaults().casefold();
    EntryRepair names =
        new EntryRepair(
            transaction, context.filesystem().snapshots(), finding.pos().snapshot(), casefold);
    Bkey key = new Bkey();
    boolean there = transaction.lookup(BtreeId.INODES, finding.pos(), key) && Inode.is(key);
    Inode root = there ? Inode.decode(key) : names.inode(Inode.ROOT);
    if (root != null) {
      names.put(new InodeBuilder(root).mode(MODE).set(InodeField.SIZE, 0).build());
      return;
    }
    var superblock = context.filesystem().superblock();
    int hash =
        StrHash.typeOf(
            (int) superblock.flag(SuperblockFlag.STR_HASH_TYPE),
            superblock.has(Feature.NEW_SIPHASH));
    InodeBuilder made = new InodeBuilder(Inode.ROOT, finding.pos().snapshot()).mode(MODE);
    made.hash(hash, context.filesystem().random().nextLong());
    made.set(InodeField.SUBVOL, Subvolume.ROOT);
    names.put(made.build());
  }
}
