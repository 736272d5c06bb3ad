// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.List;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.value.AllocV4;

/** The bucket that a pointer leads into. */
final class PointedBucket {
  private PointedBucket() {}

  /**
   * The number of the bucket that has all of those sectors; -1 if there is none.
   *
   * @param device index of a member, whether there is one or not
   */
  static long of(List<Member> members, int device, long sector, long sectors) {
    if (device >= members.size() || !members.get(device).exists()) {
      return -1;
    }
    Member member = members.get(device);
    int bucketSectors = Math.max(1, member.bucketSectors());
    long bucket = sector / bucketSectors;
    boolean there =
        bucket >= member.firstBucket()
            && bucket < member.nbuckets()
            && sector + sectors <= (bucket + 1) * bucketSectors;
    return there ? bucket : -1;
  }

  /** What its key says of it; null if it has none. */
  static AllocV4 state(Transaction transaction, int device, long bucket) {
    Bkey alloc = new Bkey();
    return transaction.lookup(BtreeId.ALLOC, Bpos.of(device, bucket), alloc)
        ? AllocV4.of(alloc)
        : null;
  }
}
