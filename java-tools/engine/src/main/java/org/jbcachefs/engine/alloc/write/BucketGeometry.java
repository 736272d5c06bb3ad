// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.util.List;
import org.jbcachefs.format.sb.Member;

/** How large each member's buckets are. Immutable. */
public final class BucketGeometry {
  private final int[] bucketSectors;

  public BucketGeometry(List<Member> members) {
    bucketSectors = new int[members.size()];
    for (Member member : members) {
      bucketSectors[member.index()] = member.exists() ? member.bucketSectors() : 0;
    }
  }

  /** Sectors of a bucket of that device; 0 if there is no such device. */
  public int bucketSectors(int device) {
    return device < bucketSectors.length ? bucketSectors[device] : 0;
  }

  /** The bucket that a sector is in. */
  public long bucketOf(int device, long sector) {
    return sector / bucketSectors[device];
  }
}
