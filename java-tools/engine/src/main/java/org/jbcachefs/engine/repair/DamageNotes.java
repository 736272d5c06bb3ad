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
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.sb.ErrorsV2Section;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.DamageRecord;
import org.jbcachefs.format.value.Inode;

/**
 * From version 1.39 on a filesystem remembers what its inodes were repaired of: the record lies
 * where the inode does, and goes with it. Whoever wonders later why a file is not what it was finds
 * the reason there ({@code engine.damage}).
 */
final class DamageNotes {
  /** So many inodes go into one transaction. */
  private static final int BATCH = 16;

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
    if (filesystem.superblock().version() < MetadataVersion.PER_DEV_FRAGMENTATION_LRU.number()) {
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
    List<Map.Entry<Bpos, List<ErrorsV2Section.Entry>>> all = List.copyOf(byInode.entrySet());
    for (int from = 0; from < all.size(); from += BATCH) {
      var some = all.subList(from, Math.min(all.size(), from + BATCH));
      filesystem.transact(
          "damage",
          transaction -> {
            some.forEach(each -> add(transaction, each.getKey(), each.getValue()));
            return null;
          });
    }
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

  private static void add(Transaction transaction, Bpos pos, List<ErrorsV2Section.Entry> entries) {
    Bkey key = new Bkey();
    if (!transaction.lookup(BtreeId.INODES, pos, key) || !Inode.is(key)) {
      return;
    }
    DamageRecord record = DamageRecord.of(entries);
    boolean known =
        transaction.lookup(BtreeId.DAMAGE, pos, key) && key.type() == KeyType.DAMAGE.number();
    if (known) {
      record = record.with(DamageRecord.decode(key));
    }
    transaction.update(BtreeId.DAMAGE, record.toKey(pos));
  }
}
