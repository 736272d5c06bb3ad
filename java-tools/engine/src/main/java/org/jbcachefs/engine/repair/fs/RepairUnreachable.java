// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
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
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Subvolume;

/**
 * Inodes that no directory entry leads to get one in {@code lost+found} of their subvolume: under
 * their last name if that is known ({@link OldNames}), else by their number. The directory is made
 * if it is not there.
 */
public final class RepairUnreachable implements Repair {
  private static final byte[] LOST_AND_FOUND = "lost+found".getBytes(StandardCharsets.UTF_8);
  private static final int MODE = Inode.TYPE_DIRECTORY | 0700;
  private static final int TYPE_SHIFT = 12;

  @Override
  public Set<FsckError> errors() {
    return Set.of(FsckError.INODE_UNREACHABLE);
  }

  @Override
  public RepairStage stage() {
    return RepairStage.COUNTS;
  }

  @Override
  public String what(FsckError error) {
    return "give it a name in lost+found, its last one if that is known";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    if (findings.isEmpty()) {
      return;
    }
    Set<Long> inodes = new TreeSet<>();
    findings.forEach(finding -> inodes.add(finding.pos().offset()));
    OldNames old = OldNames.of(context, inodes);
    context.oneByOne(
        findings,
        (transaction, finding) -> new One(context, transaction, finding.pos(), old).fix());
  }

  /** One inode, in one transaction. */
  private static final class One {
    private final RepairContext context;
    private final Transaction transaction;
    private final Bpos pos;
    private final OldNames old;
    private EntryRepair names;
    private final SnapshotTable table;

    One(RepairContext context, Transaction transaction, Bpos pos, OldNames old) {
      this.old = old;
      this.context = context;
      this.transaction = transaction;
      this.pos = pos;
      this.table = context.filesystem().snapshots();
      this.names = context.seenBy(transaction, pos.snapshot());
    }

    void fix() {
      Bkey key = new Bkey();
      if (!transaction.lookup(BtreeId.INODES, pos, key) || !Inode.is(key)) {
        return;
      }
      Inode inode = Inode.decode(key);
      if (LostTarget.leadsTo(context, transaction, inode)) {
        // An earlier repair found its name.
        return;
      }
      Map.Entry<Integer, Subvolume> subvolume = subvolume();
      if (inode.get(InodeField.SUBVOL) != 0) {
        // The root of a subvolume cannot be in itself.
        Subvolume first = context.filesystem().subvolumes().get(Subvolume.ROOT);
        subvolume = first == null ? null : Map.entry(Subvolume.ROOT, first);
        if (first != null) {
          names = context.seenBy(transaction, first.snapshot());
        }
      }
      Inode root = subvolume == null ? null : root(subvolume.getValue());
      if (root == null || !root.isDirectory()) {
        return;
      }
      if (root.number() == inode.number()) {
        oldRoot(inode, subvolume);
        return;
      }
      Inode directory = lostAndFound(root);
      boolean isRoot = inode.get(InodeField.SUBVOL) != 0;
      boolean counts = inode.isDirectory() && !isRoot;
      byte[] number = Long.toUnsignedString(inode.number()).getBytes(StandardCharsets.UTF_8);
      byte[] name = isRoot ? number : old.of(inode.number()).orElse(number);
      long target =
          isRoot
              ? (long) subvolume.getKey() << Integer.SIZE | inode.get(InodeField.SUBVOL)
              : inode.number();
      int type = isRoot ? Dirent.TYPE_SUBVOLUME : inode.direntType();
      long offset = names.add(directory, name, type, target);
      if (counts) {
        names.put(
            new InodeBuilder(directory)
                .set(InodeField.NLINK, directory.get(InodeField.NLINK) + 1)
                .build());
      }
      InodeBuilder named = new InodeBuilder(inode, pos.snapshot());
      named.set(InodeField.DIR, directory.number()).set(InodeField.DIR_OFFSET, offset);
      named.set(InodeField.PARENT_SUBVOL, isRoot ? subvolume.getKey() : 0);
      if (inode.isDirectory()) {
        named.set(InodeField.DEPTH, directory.get(InodeField.DEPTH) + 1);
      }
      RepairInodes.put(transaction, pos, inode, named);
    }

    /**
     * What a subvolume's root was when a snapshot was taken says whose it was: it needs no name.
     */
    private void oldRoot(Inode inode, Map.Entry<Integer, Subvolume> subvolume) {
      if (subvolume.getValue().snapshot() != pos.snapshot()) {
        InodeBuilder root = new InodeBuilder(inode, pos.snapshot());
        root.set(InodeField.SUBVOL, subvolume.getKey());
        RepairInodes.put(transaction, pos, inode, root);
      }
    }

    /**
     * The subvolume's root as the inode's snapshot has it. Where only snapshots below have it left,
     * it gets one like theirs.
     */
    private Inode root(Subvolume subvolume) {
      Inode root = names.inode(subvolume.inode());
      if (root != null || subvolume.snapshot() == names.keys().snapshot()) {
        return root;
      }
      Inode below = context.seenBy(transaction, subvolume.snapshot()).inode(subvolume.inode());
      if (below == null || !below.isDirectory()) {
        return null;
      }
      Inode like =
          new InodeBuilder(below, names.keys().snapshot()).set(InodeField.NLINK, 0).build();
      names.put(like);
      return like;
    }

    /** A subvolume that shows the inode's snapshot or one below it; null if there is none. */
    private Map.Entry<Integer, Subvolume> subvolume() {
      for (Map.Entry<Integer, Subvolume> each :
          context.filesystem().subvolumes().all().entrySet()) {
        boolean shows = table.isAncestor(each.getValue().snapshot(), pos.snapshot());
        if (shows && !each.getValue().unlinked()) {
          return each;
        }
      }
      return null;
    }

    private Inode lostAndFound(Inode root) {
      long found = names.find(root, LOST_AND_FOUND);
      Inode known = found == 0 ? null : names.inode(found);
      if (known != null && known.isDirectory()) {
        return known;
      }
      int shards = (int) context.filesystem().superblock().flag(SuperblockFlag.SHARD_INUMS_NBITS);
      long number = names.freeNumber(shards);
      long offset = names.add(root, LOST_AND_FOUND, Inode.TYPE_DIRECTORY >>> TYPE_SHIFT, number);
      InodeBuilder made = new InodeBuilder(number, names.keys().snapshot()).mode(MODE);
      made.hash(root.strHash(), context.filesystem().random().nextLong());
      made.set(InodeField.DIR, root.number()).set(InodeField.DIR_OFFSET, offset);
      made.set(InodeField.DEPTH, root.get(InodeField.DEPTH) + 1);
      names.put(made.build());
      names.put(
          new InodeBuilder(root).set(InodeField.NLINK, root.get(InodeField.NLINK) + 1).build());
      return made.build();
    }
  }
}
