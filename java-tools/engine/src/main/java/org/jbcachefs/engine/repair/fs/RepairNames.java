// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/** An inode and the directory entries that lead to it: which of them it names. */
public final class RepairNames implements Repair {
  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(
          EnumSet.of(
              FsckError.INODE_DIR_MISSING_BACKPOINTER,
              FsckError.INODE_WRONG_BACKPOINTER,
              FsckError.INODE_UNLINKED_BUT_HAS_DIRENT,
              FsckError.INODE_DIR_MULTIPLE_LINKS,
              FsckError.UNLINKED_INODE_NOT_ON_DELETED_LIST,
              FsckError.DIR_LOOP));

  /** What was found of a directory that an earlier repair has made a file again. */
  private static final Set<FsckError> ONLY_DIRECTORIES =
      Set.of(FsckError.INODE_DIR_MULTIPLE_LINKS, FsckError.DIR_LOOP);

  @Override
  public Set<FsckError> errors() {
    return ERRORS;
  }

  @Override
  public RepairStage stage() {
    return RepairStage.NAMES;
  }

  @Override
  public String what(FsckError error) {
    return switch (error) {
      case INODE_DIR_MULTIPLE_LINKS -> "keep the name that the directory knows, remove the others";
      case UNLINKED_INODE_NOT_ON_DELETED_LIST -> "put it on the list";
      case DIR_LOOP -> "cut the loop there; lost+found gets the directory";
      default -> "make the inode name an entry that leads to it";
    };
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    Set<Long> inodes = new HashSet<>();
    findings.forEach(finding -> inodes.add(finding.pos().offset()));
    EntriesOf entries = new EntriesOf(context, inodes);
    SnapshotTable table = context.filesystem().snapshots();
    context.oneByOne(
        findings, (transaction, finding) -> fix(context, transaction, table, entries, finding));
  }

  private static void fix(
      RepairContext context,
      Transaction transaction,
      SnapshotTable table,
      EntriesOf entries,
      CheckFinding finding) {
    Bkey key = new Bkey();
    Bpos pos = finding.pos();
    if (!transaction.lookup(BtreeId.INODES, pos, key) || !Inode.is(key)) {
      return;
    }
    Inode was = Inode.decode(key);
    if (ONLY_DIRECTORIES.contains(finding.error()) && !was.isDirectory()) {
      return;
    }
    InodeBuilder inode = new InodeBuilder(was, pos.snapshot());
    List<Bpos> seen =
        entries.of(was.number()).stream()
            .filter(at ->
                leadsTo(transaction, at, was)
                    // The root of a subvolume has its name in another one.
                    && (was.get(InodeField.SUBVOL) != 0
                        || table.isAncestor(pos.snapshot(), at.snapshot())
                        || table.isAncestor(at.snapshot(), pos.snapshot())))
            .toList();
    switch (finding.error()) {
      case INODE_DIR_MULTIPLE_LINKS -> {
        Bpos kept = kept(was, seen);
        for (Bpos at : seen) {
          if (!at.equals(kept)) {
            // An ancestor's entry stays one of the ancestor's version of the inode.
            boolean inherited =
                was.get(InodeField.SUBVOL) == 0 && table.isAncestor(pos.snapshot(), at.snapshot());
            int in = inherited ? pos.snapshot() : at.snapshot();
            context.seenBy(transaction, in).remove(new Bpos(at.inode(), at.offset(), in));
          }
        }
        return;
      }
      case UNLINKED_INODE_NOT_ON_DELETED_LIST -> {
        transaction.update(
            BtreeId.DELETED_INODES, new Bkey().setPos(pos).setType(KeyType.SET.number()));
        return;
      }
      case DIR_LOOP -> {
        Bpos named = kept(was, seen);
        if (named != null) {
          context.seenBy(transaction, named.snapshot()).remove(named);
        }
        name(inode, null);
      }
      default -> {
        name(inode, best(context, table, was, pos.snapshot(), seen));
        if (!seen.isEmpty()) {
          inode.flags(was.flags() & ~Inode.FLAG_UNLINKED);
        }
      }
    }
    RepairInodes.put(transaction, pos, was, inode);
  }

  private static void name(InodeBuilder inode, Bpos entry) {
    inode.set(InodeField.DIR, entry == null ? 0 : entry.inode());
    inode.set(InodeField.DIR_OFFSET, entry == null ? 0 : entry.offset());
  }

  /** An entry that the version's own snapshot sees, or any if it sees none; null if none is. */
  private static Bpos best(
      RepairContext context, SnapshotTable table, Inode version, int snapshot, List<Bpos> seen) {
    Bkey found = new Bkey();
    for (Bpos at : seen) {
      if (version.get(InodeField.SUBVOL) == 0
          && VisibleKeys.find(
              context.btrees(),
              table,
              BtreeId.DIRENTS.number(),
              snapshot,
              at.inode(),
              at.offset(),
              found)
          && found.snapshot() == at.snapshot()) {
        return at;
      }
    }
    return seen.isEmpty() ? null : seen.getFirst();
  }

  /** The entry that the inode names, or any if it names none of them; null if there is none. */
  private static Bpos kept(Inode inode, List<Bpos> seen) {
    for (Bpos at : seen) {
      if (at.inode() == inode.get(InodeField.DIR)
          && at.offset() == inode.get(InodeField.DIR_OFFSET)) {
        return at;
      }
    }
    return seen.isEmpty() ? null : seen.getFirst();
  }

  private static boolean leadsTo(Transaction transaction, Bpos at, Inode inode) {
    Bkey key = new Bkey();
    if (!transaction.lookup(BtreeId.DIRENTS, at, key) || key.type() != KeyType.DIRENT.number()) {
      return false;
    }
    return Dirent.type(key) == Dirent.TYPE_SUBVOLUME
        ? Integer.toUnsignedLong((int) Dirent.target(key)) == inode.get(InodeField.SUBVOL)
        : Dirent.target(key) == inode.number();
  }
}
