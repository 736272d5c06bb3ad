// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.commit.Committer;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockLayout;
import org.jbcachefs.format.tables.DataType;

/** Accounts for a member's buckets: all free, but for those of its superblocks and its journal. */
final class NewDevice {
  /** Buckets marked in one transaction. */
  private static final int BATCH = 64;

  /** The longest range that one freespace key can name. */
  private static final long RANGE_MOST = 1L << 30;

  private final Committer committer;
  private final DeviceSet devices;
  private final int index;
  private final Member member;

  private record Marked(long bucket, boolean journal, int sectors) {}

  NewDevice(Committer committer, DeviceSet devices, int index) {
    this.committer = committer;
    this.devices = devices;
    this.index = index;
    this.member = devices.member(index);
  }

  /** All buckets are free at first. */
  void free() {
    Transaction transaction = committer.begin("dev_freespace_init");
    long buckets = member.nbuckets() - member.firstBucket();
    transaction.addBuckets(index, DataType.FREE, buckets);
    for (long from = member.firstBucket(); from < member.nbuckets(); from += RANGE_MOST) {
      long to = Math.min(member.nbuckets(), from + RANGE_MOST);
      Bkey key = new Bkey().setPos(index, to, 0).setType(KeyType.SET.number());
      transaction.update(BtreeId.FREESPACE, key.setSize((int) (to - from)));
    }
    transaction.commit();
  }

  /** Then those of its superblocks and its journal are not; all members must have some by now. */
  void mark() {
    List<Marked> marked = superblocks();
    Superblock own = devices.superblockOf(index);
    for (long bucket : own.journalBuckets().buckets()) {
      marked.add(new Marked(bucket, true, member.bucketSectors()));
    }
    for (int from = 0; from < marked.size(); from += BATCH) {
      Transaction transaction = committer.begin("dev_mark_sb");
      for (Marked each : marked.subList(from, Math.min(marked.size(), from + BATCH))) {
        transaction.reserveBucket(index, each.bucket, each.journal, each.sectors);
      }
      transaction.commit();
    }
  }

  /** The first 8 sectors and each copy at its greatest length, by bucket. */
  private List<Marked> superblocks() {
    SuperblockLayout layout = devices.superblockOf(index).layout();
    List<Marked> marked = new ArrayList<>();
    add(marked, 0, Superblock.SECTOR);
    for (long sector : layout.sectors()) {
      add(marked, sector, sector + (layout.maxBytes() >> 9));
    }
    return marked;
  }

  private void add(List<Marked> marked, long from, long to) {
    long at = from;
    while (at < to) {
      long bucket = at / member.bucketSectors();
      long end = Math.min(to, (bucket + 1) * member.bucketSectors());
      Marked last = marked.isEmpty() ? null : marked.getLast();
      int sectors = (int) (end - at);
      if (last != null && last.bucket == bucket) {
        marked.removeLast();
        sectors += last.sectors;
      }
      marked.add(new Marked(bucket, false, sectors));
      at = end;
    }
  }
}
