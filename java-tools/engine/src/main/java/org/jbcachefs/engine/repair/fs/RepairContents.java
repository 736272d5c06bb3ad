// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.data.write.ExtentCut;
import org.jbcachefs.engine.data.write.ExtentOverwrite;
import org.jbcachefs.engine.fs.write.EntryRepair;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/**
 * What inodes have, and inodes that are missing though what they had is there. Data is kept
 * wherever there is any: a missing inode is made anew, a size that is too small grows.
 */
public final class RepairContents implements Repair {
  private static final int FILE_MODE = Inode.TYPE_REGULAR | 0600;
  private static final int DIRECTORY_MODE = Inode.TYPE_DIRECTORY | 0700;

  /** The end of the longest file, in sectors. */
  private static final long LAST_SECTOR = Long.MAX_VALUE >>> 9;

  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(
          EnumSet.of(
              FsckError.KEY_IN_MISSING_INODE,
              FsckError.MISSING_INODE_WITH_CONTENTS,
              FsckError.KEY_IN_WRONG_INODE_TYPE,
              FsckError.SNAPSHOT_KEY_MISSING_INODE_SNAPSHOT,
              FsckError.EXTENT_PAST_END_OF_INODE,
              FsckError.EXTENT_OVERLAPPING,
              FsckError.REFLINK_P_TO_MISSING_REFLINK_V));

  @Override
  public Set<FsckError> errors() {
    return ERRORS;
  }

  @Override
  public RepairStage stage() {
    return RepairStage.INODES;
  }

  @Override
  public String what(FsckError error) {
    return switch (error) {
      case KEY_IN_MISSING_INODE, MISSING_INODE_WITH_CONTENTS ->
          "make an inode for what is there, so that it is kept";
      case KEY_IN_WRONG_INODE_TYPE ->
          "give the inode its type where that can be known, else remove what it cannot have";
      case SNAPSHOT_KEY_MISSING_INODE_SNAPSHOT -> "give that snapshot its own version of the inode";
      case EXTENT_PAST_END_OF_INODE ->
          "make the file as long as its data; what its number of sectors leaves out is dropped";
      case EXTENT_OVERLAPPING -> "cut the later extent";
      default -> "mark as lost what is missing; what is there stays";
    };
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    for (CheckFinding finding : findings) {
      if (finding.error() == FsckError.KEY_IN_WRONG_INODE_TYPE) {
        BtreeId btree = BtreeId.of(finding.btree());
        Bpos pos = finding.pos();
        boolean right =
            context.compute(transaction ->
                new InodeTypes(context, transaction).mayHave(btree, pos.inode(), pos.snapshot()));
        if (!right) {
          Removal.run(context, btree, pos);
        }
        continue;
      }
      context.transact(transaction -> new One(context, transaction, finding).fix());
    }
  }

  /** All keys of an inode in one btree and one snapshot. */
  private static final class Removal {
    private static final int BATCH = 64;

    private Removal() {}

    static void run(RepairContext context, BtreeId btree, Bpos of) {
      List<Bpos> all = new ArrayList<>();
      Bpos end = new Bpos(of.inode(), -1, -1);
      try (KeyIterator keys =
          context.btrees().iterate(btree.number(), new Bpos(of.inode(), 0, 0), end)) {
        while (keys.next()) {
          if (keys.key().snapshot() == of.snapshot()) {
            all.add(keys.key().pos());
          }
        }
      }
      for (int from = 0; from < all.size(); from += BATCH) {
        List<Bpos> some = all.subList(from, Math.min(all.size(), from + BATCH));
        context.transact(transaction -> some.forEach(pos -> transaction.delete(btree, pos)));
      }
    }
  }

  /** One finding, in one transaction. */
  private static final class One {
    private static final int MOST_CUT = 64;

    private final RepairContext context;
    private final Transaction transaction;
    private final CheckFinding finding;
    private final Bpos pos;
    private final SnapshotTable table;

    One(RepairContext context, Transaction transaction, CheckFinding finding) {
      this.context = context;
      this.transaction = transaction;
      this.finding = finding;
      this.pos = finding.pos();
      this.table = context.filesystem().snapshots();
    }

    private EntryRepair seenBy(int snapshot) {
      return context.seenBy(transaction, snapshot);
    }

    void fix() {
      switch (finding.error()) {
        case KEY_IN_MISSING_INODE -> make(pos.inode());
        case MISSING_INODE_WITH_CONTENTS -> make(pos.offset());
        case SNAPSHOT_KEY_MISSING_INODE_SNAPSHOT -> ownVersion();
        case EXTENT_PAST_END_OF_INODE -> grow();
        case EXTENT_OVERLAPPING -> cut();
        case REFLINK_P_TO_MISSING_REFLINK_V -> new LostReference(context, transaction).mend(pos);
        default -> throw new IllegalStateException(finding.name());
      }
    }

    private void make(long number) {
      EntryRepair names = seenBy(pos.snapshot());
      if (names.inode(number) != null) {
        return;
      }
      Bpos from = new Bpos(number, 0, 0);
      Bpos to = new Bpos(number, -1, 0);
      FileExtents data = FileExtents.of(names, number);
      boolean directory;
      try (KeyIterator keys = names.keys().visible(BtreeId.DIRENTS, from, to)) {
        directory = keys.next();
      }
      if (!data.any() && !directory) {
        removeXattrs(names, from, to);
        return;
      }
      Inode like = otherVersion(number);
      if (like != null) {
        putAs(names, like);
        return;
      }
      Superblock superblock = context.filesystem().superblock();
      int hash =
          StrHash.typeOf(
              (int) superblock.flag(SuperblockFlag.STR_HASH_TYPE),
              superblock.has(Feature.NEW_SIPHASH));
      InodeBuilder inode = new InodeBuilder(number, pos.snapshot());
      inode.mode(data.any() ? FILE_MODE : DIRECTORY_MODE).hash(hash, 0);
      inode.set(InodeField.SIZE, data.any() ? data.end() << 9 : 0);
      names.put(inode.build());
    }

    /** A version that a related snapshot has; null if there is none. */
    private Inode otherVersion(long number) {
      try (KeyIterator keys =
          transaction.iterate(BtreeId.INODES, new Bpos(0, number, 0), new Bpos(0, number, -1))) {
        while (keys.next()) {
          if (Inode.is(keys.key()) && table.isAncestor(keys.key().snapshot(), pos.snapshot())) {
            return Inode.decode(keys.key().copy());
          }
        }
      }
      return null;
    }

    private void removeXattrs(EntryRepair names, Bpos from, Bpos to) {
      List<Bpos> all = new ArrayList<>();
      try (KeyIterator keys = names.keys().visible(BtreeId.XATTRS, from, to)) {
        while (keys.next()) {
          all.add(keys.key().pos());
        }
      }
      all.forEach(at -> transaction.delete(BtreeId.XATTRS, at));
    }

    private void ownVersion() {
      EntryRepair names = seenBy(pos.snapshot());
      Inode inode = names.inode(pos.inode());
      if (inode == null) {
        // The nearest version is one that hides those above: it is missing all the same.
        make(pos.inode());
        if (names.inode(pos.inode()) == null && isThere()) {
          // What is there hides what is above it, and those below may rely on that.
          Bpos own = new Bpos(0, pos.inode(), pos.snapshot());
          transaction.update(
              BtreeId.INODES, new Bkey().setPos(own).setType(KeyType.WHITEOUT.number()));
        }
      } else if (inode.snapshot() != pos.snapshot()) {
        putAs(names, inode);
      }
    }

    /**
     * A version of this snapshot like that of another one: what that says of its data is nothing
     * that this one's could be held against.
     */
    private void putAs(EntryRepair names, Inode like) {
      InodeBuilder version = new InodeBuilder(like, pos.snapshot());
      if (!like.isDirectory()) {
        FileExtents data = FileExtents.of(names, like.number());
        version.set(InodeField.SECTORS, data.sectors());
        if (Long.compareUnsigned(data.end(), LAST_SECTOR) <= 0) {
          long block = context.filesystem().superblock().blockBytes();
          long last = (like.size() + block - 1) / block * block;
          long end = data.end() << 9;
          version.set(InodeField.SIZE, end > last ? end : like.size());
        }
      }
      names.put(version.build());
    }

    private boolean isThere() {
      return transaction.lookup(BtreeId.of(finding.btree()), pos, new Bkey());
    }

    /**
     * Every version of the inode that sees the extent and is too short for it becomes as long, if
     * its number of sectors says that the extent is its own, or if it cannot lose it without a
     * version below that has it; else that version loses what is past its end, and the others keep
     * it.
     */
    private void grow() {
      if (Long.compareUnsigned(pos.offset(), LAST_SECTOR) > 0) {
        // No file can be that long: nobody has ever read it there.
        transaction.delete(BtreeId.EXTENTS, pos);
        return;
      }
      List<Bkey> versions = new ArrayList<>();
      long number = pos.inode();
      try (KeyIterator keys =
          transaction.iterate(BtreeId.INODES, new Bpos(0, number, 0), new Bpos(0, number, -1))) {
        while (keys.next()) {
          versions.add(keys.key().copy());
        }
      }
      long block = context.filesystem().superblock().blockBytes();
      for (Bkey key : versions) {
        // One that hides those above it is of a file that was removed there.
        Inode inode = Inode.is(key) ? Inode.decode(key) : null;
        long last = inode == null ? 0 : (inode.size() + block - 1) / block * block;
        boolean isShort = Long.compareUnsigned(last, pos.offset() << 9) < 0;
        boolean directory = inode != null && inode.isDirectory();
        if (!isShort || directory || !sees(key.snapshot())) {
          continue;
        }
        boolean own =
            inode != null
                && inode.sectors()
                    == FileExtents.of(seenBy(inode.snapshot()), inode.number()).sectors();
        if (own || (inode != null && isOfAnyBelow(versions, key.snapshot()))) {
          InodeBuilder longer = new InodeBuilder(inode, inode.snapshot());
          longer.set(InodeField.SIZE, pos.offset() << 9);
          transaction.update(BtreeId.INODES, longer.toKey());
        } else {
          cutOff(key.snapshot(), last >>> 9);
        }
      }
    }

    /** Whether a version below that one has the extent and is as long: it must not lose it. */
    private boolean isOfAnyBelow(List<Bkey> versions, int snapshot) {
      return versions.stream()
          .filter(Inode::is)
          .filter(key -> key.snapshot() != snapshot && table.isAncestor(key.snapshot(), snapshot))
          .filter(key -> sees(key.snapshot()))
          .map(Inode::decode)
          .anyMatch(below -> below.size() > (pos.offset() - 1) << 9);
    }

    private void cutOff(int version, long from) {
      int below = table.isAncestor(version, pos.snapshot()) ? version : pos.snapshot();
      Superblock superblock = context.filesystem().superblock();
      ExtentCut cut = new ExtentCut(ExtentEntrySizes.of(superblock::extentTypeU64s));
      new ExtentOverwrite(seenBy(below).keys(), cut)
          .replace(pos.inode(), from, pos.offset(), null, MOST_CUT);
    }

    private boolean sees(int snapshot) {
      int below = table.isAncestor(snapshot, pos.snapshot()) ? snapshot : pos.snapshot();
      return (below == snapshot || table.isAncestor(pos.snapshot(), snapshot)) && sees(below, pos);
    }

    /** Whether a snapshot sees the extent that ends there. */
    private boolean sees(int snapshot, Bpos end) {
      Bkey found = new Bkey();
      return VisibleKeys.find(
              context.btrees(),
              table,
              BtreeId.EXTENTS.number(),
              snapshot,
              end.inode(),
              end.offset(),
              found)
          && found.snapshot() == end.snapshot();
    }

    /**
     * What snapshots see of the later extent begins where the earlier one ends. One of a snapshot
     * above is cut for those below alone: the others have all of it. A whiteout of an extent that
     * lies within hides what it hid, but is none of an extent any more.
     */
    private void cut() {
      Bkey key = new Bkey();
      if (!transaction.lookup(BtreeId.EXTENTS, pos, key)) {
        return;
      }
      Bkey later = key.copy();
      long end = 0;
      List<Bkey> below = new ArrayList<>();
      List<Bpos> whiteouts = new ArrayList<>();
      try (KeyIterator keys =
          transaction.iterate(BtreeId.EXTENTS, new Bpos(pos.inode(), 0, 0), pos.predecessor())) {
        while (keys.next()) {
          Bkey other = keys.key();
          if (other.offset() <= later.start() || other.offset() >= pos.offset()) {
            continue;
          }
          boolean above = table.isAncestor(pos.snapshot(), other.snapshot());
          boolean under = table.isAncestor(other.snapshot(), pos.snapshot());
          boolean whiteout = other.type() == KeyType.EXTENT_WHITEOUT.number();
          if (whiteout && (above || under)) {
            whiteouts.add(other.pos());
          } else if (above && other.size() != 0) {
            end = sees(pos.snapshot(), other.pos()) ? Math.max(end, other.offset()) : end;
          } else if (under && other.size() != 0 && sees(other.snapshot(), pos)) {
            below.add(other.copy());
          }
        }
      }
      for (Bpos whiteout : whiteouts) {
        transaction.update(
            BtreeId.EXTENTS, new Bkey().setPos(whiteout).setType(KeyType.WHITEOUT.number()));
      }
      Superblock superblock = context.filesystem().superblock();
      ExtentCut cut = new ExtentCut(ExtentEntrySizes.of(superblock::extentTypeU64s));
      if (end > later.start()) {
        transaction.update(BtreeId.EXTENTS, cut.front(later, end));
      }
      for (Bkey other : below) {
        new ExtentOverwrite(seenBy(other.snapshot()).keys(), cut)
            .replace(pos.inode(), other.start(), other.offset(), other, MOST_CUT);
      }
    }
  }
}
