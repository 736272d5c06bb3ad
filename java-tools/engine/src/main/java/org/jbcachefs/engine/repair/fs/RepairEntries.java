// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.fs.write.EntryRepair;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Subvolume;

/** Directory entries and xattrs: where they are, what they lead to, and what they say of it. */
public final class RepairEntries implements Repair {
  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(
          EnumSet.of(
              FsckError.DIRENT_TO_MISSING_INODE,
              FsckError.DIRENT_TO_OVERWRITTEN_INODE,
              FsckError.DIRENT_D_TYPE_WRONG,
              FsckError.DIRENT_CASEFOLD_MISMATCH,
              FsckError.DIRENT_TO_MISSING_SUBVOL,
              FsckError.DIRENT_TO_MISSING_PARENT_SUBVOL,
              FsckError.DIRENT_NOT_VISIBLE_IN_PARENT_SUBVOL,
              FsckError.HASH_TABLE_KEY_WRONG_OFFSET,
              FsckError.HASH_TABLE_KEY_DUPLICATE));

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
      case DIRENT_TO_MISSING_INODE, DIRENT_TO_MISSING_SUBVOL -> "remove the entry";
      case DIRENT_TO_MISSING_PARENT_SUBVOL, DIRENT_NOT_VISIBLE_IN_PARENT_SUBVOL ->
          "make it say which subvolume it is in";
      case DIRENT_TO_OVERWRITTEN_INODE -> "hide the entry where its inode is gone";
      case DIRENT_D_TYPE_WRONG -> "write the right type, into the inode where it is wrong there";
      case HASH_TABLE_KEY_DUPLICATE -> "remove it if it is the same, else give it another name";
      case HASH_TABLE_KEY_WRONG_OFFSET ->
          "give it back its name, which its place tells if one byte is wrong, else move it to where"
              + " its name is looked for";
      default -> "move it to where its name is looked for";
    };
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    SnapshotTable table = context.filesystem().snapshots();
    FormerNames former = new FormerNames();
    context.oneByOne(
        findings, (transaction, finding) -> fix(context, transaction, table, former, finding));
  }

  private static void fix(
      RepairContext context,
      Transaction transaction,
      SnapshotTable table,
      FormerNames former,
      CheckFinding finding) {
    Bpos pos = finding.pos();
    BtreeId btree = BtreeId.of(finding.btree());
    Bkey found = new Bkey();
    KeyType wanted = btree == BtreeId.XATTRS ? KeyType.XATTR : KeyType.DIRENT;
    if (!transaction.lookup(btree, pos, found) || found.type() != wanted.number()) {
      return;
    }
    Bkey key = found.copy();
    EntryRepair names = context.seenBy(transaction, pos.snapshot());
    boolean misplaced = finding.error() == FsckError.HASH_TABLE_KEY_WRONG_OFFSET;
    if (btree == BtreeId.XATTRS) {
      if (misplaced && former.restoreXattr(names.inode(key.inode()), key)) {
        transaction.update(btree, key);
      } else {
        names.moveXattr(key);
      }
      return;
    }
    switch (finding.error()) {
      case DIRENT_TO_MISSING_INODE -> {
        if (!LostTarget.exists(context, transaction, key)) {
          names.remove(pos);
        }
      }
      case DIRENT_TO_MISSING_SUBVOL -> {
        Subvolume child = context.filesystem().subvolumes().get((int) Dirent.target(key));
        if (child == null || child.unlinked()) {
          names.remove(pos);
        }
      }
      case DIRENT_TO_MISSING_PARENT_SUBVOL, DIRENT_NOT_VISIBLE_IN_PARENT_SUBVOL ->
          parent(context, transaction, table, key);
      case DIRENT_TO_OVERWRITTEN_INODE -> hide(context, transaction, table, key);
      case DIRENT_D_TYPE_WRONG -> {
        long at = key.valueOffset() + Dirent.OFFSET_TYPE;
        Inode inode = names.inode(Dirent.target(key));
        if (inode == null || FirstRoot.isWronglySaid(inode)) {
          return;
        }
        if (inode.get(InodeField.SUBVOL) != 0) {
          names.remove(pos);
          return;
        }
        if (new InodeTypes(context, transaction).mendByEntry(key)) {
          return;
        }
        int type = inode.direntType();
        if (type != Dirent.type(key)) {
          int old = Le.u8(key.segment(), at);
          Le.putU8(key.segment(), at, (old & ~Dirent.TYPE_MASK) | type);
          transaction.update(BtreeId.DIRENTS, key);
        }
      }
      default -> {
        if (misplaced && former.restoreEntry(names.inode(key.inode()), key)) {
          transaction.update(btree, key);
          return;
        }
        long offset = names.moveEntry(key);
        tellInode(names, key, offset);
      }
    }
  }

  /** A subvolume's entry says which subvolume it is in: one that sees it. */
  private static void parent(
      RepairContext context, Transaction transaction, SnapshotTable table, Bkey key) {
    if (Dirent.type(key) != Dirent.TYPE_SUBVOLUME) {
      return;
    }
    NavigableMap<Integer, Subvolume> subvolumes = context.filesystem().subvolumes().all();
    Subvolume child = subvolumes.get((int) Dirent.target(key));
    int found = 0;
    for (Map.Entry<Integer, Subvolume> each : subvolumes.entrySet()) {
      boolean sees =
          !each.getValue().unlinked()
              && table.isAncestor(each.getValue().snapshot(), key.snapshot());
      boolean better = found == 0 || (child != null && child.fsPathParent() == each.getKey());
      found = sees && better ? each.getKey() : found;
    }
    if (found != 0) {
      long at = key.valueOffset() + Dirent.OFFSET_PARENT_SUBVOL;
      Le.putU32(key.segment(), at, found);
      transaction.update(BtreeId.DIRENTS, key);
    }
  }

  /** The inode that the entry leads to names the entry's new place. */
  private static void tellInode(EntryRepair names, Bkey key, long offset) {
    if (offset < 0 || Dirent.type(key) == Dirent.TYPE_SUBVOLUME) {
      return;
    }
    Inode inode = names.inode(Dirent.target(key));
    boolean named =
        inode != null
            && inode.get(InodeField.DIR) == key.inode()
            && inode.get(InodeField.DIR_OFFSET) == key.offset();
    if (named && inode.snapshot() == key.snapshot()) {
      names.put(new InodeBuilder(inode).set(InodeField.DIR_OFFSET, offset).build());
    }
  }

  /** In the snapshots that deleted the inode the entry must not be seen. */
  private static void hide(
      RepairContext context, Transaction transaction, SnapshotTable table, Bkey entry) {
    long number = Dirent.target(entry);
    try (KeyIterator versions =
        transaction.iterate(BtreeId.INODES, new Bpos(0, number, 0), new Bpos(0, number, -1))) {
      while (versions.next()) {
        Bkey key = versions.key();
        if (!Inode.is(key) && table.isAncestor(key.snapshot(), entry.snapshot())) {
          Bpos pos = new Bpos(entry.inode(), entry.offset(), key.snapshot());
          context.seenBy(transaction, key.snapshot()).remove(pos);
        }
      }
    }
  }
}
