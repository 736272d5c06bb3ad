// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.util.List;
import org.jbcachefs.format.sb.Member;

/** How large each member's buckets are, and whether it rotates. Immutable. */
public final class BucketGeometry {
  private final int[] bucketSectors;
  private final boolean[] rotational;

  public BucketGeometry(List<Member> members) {
    bucketSectors = new int[members.size()];
    rotational = new boolean[members.size()];
    for (Member member : members) {
      bucketSectors[member.index()] = member.exists() ? member.bucketSectors() : 0;
      rotational[member.index()] = Member.ROTATIONAL.isSet(member.flags());
    }
  }

  /** Sectors of a bucket of that device; 0 if there is no such device. */
  public int bucketSectors(int device) {
    return device < bucketSectors.length ? bucketSectors[device] : 0;
  }

  /** Whether work on that device is best done in the order of its sectors. */
  public boolean isRotational(int device) {
    return device < rotational.length && rotational[device];
  }

  /** The bucket that a sector is in. */
  public long bucketOf(int device, long sector) {
    return sector / bucketSectors[device];
  }
}
