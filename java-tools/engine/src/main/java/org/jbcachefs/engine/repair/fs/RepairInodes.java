// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.repair.lost.LostHoles;
import org.jbcachefs.engine.repair.lost.LostShares;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/** Fields of single inodes that say something else than what they must, by what was found. */
public final class RepairInodes implements Repair {
  private static final Map<FsckError, Fix> FIXES = fixes();

  /** Changes an inode. */
  private interface Fix {
    void apply(InodeBuilder inode, Inode was, CheckFinding finding);
  }

  private static Map<FsckError, Fix> fixes() {
    Map<FsckError, Fix> fixes = new EnumMap<>(FsckError.class);
    fixes.put(FsckError.INODE_DIR_HAS_NONZERO_I_SIZE, (inode, _, _) -> inode.set(SIZE, 0));
    // They are counted again: what is lost may have got keys that count since it was found.
    fixes.put(FsckError.INODE_I_SECTORS_WRONG, (_, _, _) -> {});
    fixes.put(FsckError.INODE_DIR_WRONG_NLINK, (inode, _, f) -> inode.set(NLINK, expected(f) - 2));
    fixes.put(
        FsckError.INODE_WRONG_NLINK,
        (inode, was, f) -> {
          boolean none = was.has(Inode.FLAG_UNLINKED) || expected(f) == 0;
          inode.set(NLINK, none ? 0 : expected(f) - 1);
        });
    // One more than one; how many it is exactly is found when it is counted.
    fixes.put(FsckError.INODE_MULTIPLE_LINKS_BUT_NLINK_0, (inode, _, _) -> inode.set(NLINK, 1));
    fixes.put(FsckError.INODE_UNLINKED_BUT_NLINK_NONZERO, (inode, _, _) -> inode.set(NLINK, 0));
    fixes.put(FsckError.INODE_I_SIZE_DIRTY_BUT_CLEAN, without(Inode.FLAG_I_SIZE_DIRTY));
    fixes.put(FsckError.INODE_I_SECTORS_DIRTY_BUT_CLEAN, without(Inode.FLAG_I_SECTORS_DIRTY));
    // The commit puts its own sequence number there.
    fixes.put(FsckError.INODE_JOURNAL_SEQ_IN_FUTURE, (_, _, _) -> {});
    fixes.put(
        FsckError.INODE_HAS_CHILD_SNAPSHOTS_WRONG,
        (inode, was, f) -> {
          int without = was.flags() & ~Inode.FLAG_HAS_CHILD_SNAPSHOT;
          boolean has = Boolean.parseBoolean(f.expected());
          inode.flags(has ? without | Inode.FLAG_HAS_CHILD_SNAPSHOT : without);
        });
    fixes.put(FsckError.INODE_DIR_UNLINKED_BUT_NOT_EMPTY, without(Inode.FLAG_UNLINKED));
    fixes.put(FsckError.INODE_HAS_CASE_INSENSITIVE_NOT_SET, with(Inode.FLAG_HAS_CASE_INSENSITIVE));
    fixes.put(
        FsckError.INODE_PARENT_HAS_CASE_INSENSITIVE_NOT_SET, with(Inode.FLAG_HAS_CASE_INSENSITIVE));
    fixes.put(FsckError.INODE_BI_PARENT_NONZERO, (inode, _, _) -> inode.set(PARENT, 0));
    fixes.put(FsckError.INODE_BI_PARENT_WRONG, (inode, _, f) -> inode.set(PARENT, expected(f)));
    // Which version's it must be is looked up.
    fixes.put(FsckError.INODE_SNAPSHOT_MISMATCH, (_, _, _) -> {});
    Fix noSubvolume = (inode, _, _) -> inode.set(InodeField.SUBVOL, 0).set(PARENT, 0);
    fixes.put(FsckError.INODE_BI_SUBVOL_MISSING, noSubvolume);
    fixes.put(FsckError.INODE_BI_SUBVOL_WRONG, noSubvolume);
    fixes.put(FsckError.INODE_SUBVOL_ROOT_BUT_NOT_DIR, noSubvolume);
    Fix noName = (inode, _, _) -> inode.set(InodeField.DIR, 0).set(InodeField.DIR_OFFSET, 0);
    fixes.put(FsckError.INODE_POINTS_TO_MISSING_DIRENT, noName);
    fixes.put(FsckError.INODE_POINTS_TO_WRONG_DIRENT, noName);
    return Collections.unmodifiableMap(fixes);
  }

  private static final InodeField SIZE = InodeField.SIZE;
  private static final InodeField SECTORS = InodeField.SECTORS;
  private static final InodeField NLINK = InodeField.NLINK;
  private static final InodeField PARENT = InodeField.PARENT_SUBVOL;

  private static Fix without(int flag) {
    return (inode, was, _) -> inode.flags(was.flags() & ~flag);
  }

  private static Fix with(int flag) {
    return (inode, was, _) -> inode.flags(was.flags() | flag);
  }

  private static long expected(CheckFinding finding) {
    return Long.parseUnsignedLong(finding.expected());
  }

  @Override
  public Set<FsckError> errors() {
    return FIXES.keySet();
  }

  @Override
  public RepairStage stage() {
    return RepairStage.INODES;
  }

  @Override
  public String what(FsckError error) {
    return switch (error) {
      case INODE_POINTS_TO_MISSING_DIRENT, INODE_POINTS_TO_WRONG_DIRENT ->
          "make the entry lead there again if it leads nowhere or to what has another name, else"
              + " forget the name: another one that leads there takes its place, or lost+found gets it";
      case INODE_DIR_HAS_NONZERO_I_SIZE ->
          "write into the inode what it must say, or that it is no directory";
      case INODE_DIR_UNLINKED_BUT_NOT_EMPTY -> "keep the directory, in lost+found";
      case INODE_BI_SUBVOL_MISSING, INODE_BI_SUBVOL_WRONG -> "make it no root of a subvolume";
      case INODE_SUBVOL_ROOT_BUT_NOT_DIR ->
          "make it a directory if it has entries or is one elsewhere, else no root of a subvolume";
      case INODE_I_SECTORS_WRONG ->
          "write into the inode what it must say; holes that are what is missing, or may be, are lost";
      default -> "write into the inode what it must say";
    };
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    LostShares shares =
        new LostShares(
            context.filesystem(),
            context.accepted(FsckError.REFLINK_V_REFCOUNT_WRONG),
            context.lost());
    context.oneByOne(
        findings,
        (transaction, finding) ->
            fix(context, transaction, context.filesystem().snapshots(), shares, finding));
  }

  private static void hashAsAbove(
      Transaction transaction, SnapshotTable table, Inode was, InodeBuilder inode) {
    Bpos from = new Bpos(0, was.number(), was.snapshot()).successor();
    Bpos to = new Bpos(0, was.number(), -1);
    try (KeyIterator versions = transaction.iterate(BtreeId.INODES, from, to)) {
      while (versions.next()) {
        Bkey key = versions.key();
        if (Inode.is(key) && table.isAncestor(was.snapshot(), key.snapshot())) {
          Inode above = Inode.decode(key);
          inode.hash(above.strHash(), above.hashSeed());
        }
      }
    }
  }

  private static void fix(
      RepairContext context,
      Transaction transaction,
      SnapshotTable table,
      LostShares shares,
      CheckFinding finding) {
    Bkey key = new Bkey();
    Bpos pos = finding.pos();
    if (!transaction.lookup(BtreeId.INODES, pos, key) || !Inode.is(key)) {
      return;
    }
    Inode was = Inode.decode(key);
    boolean wrongEntry = finding.error() == FsckError.INODE_POINTS_TO_WRONG_DIRENT;
    if (wrongEntry
        && (LostTarget.leadsTo(context, transaction, was)
            || LostTarget.mend(context, transaction, was))) {
      return;
    }
    if (isOfOtherType(context, transaction, was, finding.error())) {
      return;
    }
    boolean wrongSubvolume = finding.error() == FsckError.INODE_BI_SUBVOL_WRONG;
    if (wrongSubvolume && FirstRoot.restore(context, transaction, was)) {
      return;
    }
    InodeBuilder inode = new InodeBuilder(was, pos.snapshot());
    FIXES.get(finding.error()).apply(inode, was, finding);
    if (finding.error() == FsckError.INODE_SNAPSHOT_MISMATCH) {
      hashAsAbove(transaction, table, was, inode);
    }
    if (finding.error() == FsckError.INODE_I_SECTORS_WRONG) {
      boolean lost =
          LostHoles.mark(context.filesystem(), transaction, was, context.lost())
              || shares.mark(transaction, was);
      long sectors =
          FileExtents.of(context.seenBy(transaction, was.snapshot()), was.number()).sectors();
      if (lost && sectors == was.sectors()) {
        return;
      }
      inode.set(SECTORS, sectors);
    }
    put(transaction, pos, was, inode);
  }

  /** Whether what was found of an inode came of a wrong type, which it has no more. */
  private static boolean isOfOtherType(
      RepairContext context, Transaction transaction, Inode was, FsckError error) {
    boolean asFound;
    switch (error) {
      case INODE_DIR_HAS_NONZERO_I_SIZE, INODE_DIR_WRONG_NLINK -> asFound = was.isDirectory();
      case INODE_SUBVOL_ROOT_BUT_NOT_DIR -> asFound = !was.isDirectory();
      default -> {
        return false;
      }
    }
    return !asFound
        || new InodeTypes(context, transaction).mendByName(was.number(), was.snapshot());
  }

  /** Puts a version, and sees to the list of deleted inodes. */
  static void put(Transaction transaction, Bpos pos, Inode was, InodeBuilder changed) {
    Inode now = changed.build();
    transaction.update(BtreeId.INODES, changed.toKey());
    if (waits(was) && !waits(now)) {
      transaction.delete(BtreeId.DELETED_INODES, pos);
    } else if (waits(now) && !waits(was)) {
      transaction.update(
          BtreeId.DELETED_INODES, new Bkey().setPos(pos).setType(KeyType.SET.number()));
    }
  }

  private static boolean waits(Inode inode) {
    return inode.has(Inode.FLAG_UNLINKED) && !inode.has(Inode.FLAG_HAS_CHILD_SNAPSHOT);
  }
}
