// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.util.List;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * How large each member's buckets are, whether it rotates, and on which lists its buckets are.
 * Immutable.
 */
public final class BucketGeometry {
  /** The one list of buckets that are worth emptying, up to 1.38. */
  private static final int FRAGMENTATION = 0xffff;

  /** The first of those lists since 1.39. Source: {@code BCH_LRU_BUCKET_FRAGMENTATION_START}. */
  private static final int FRAGMENTATION_OF_DEVICES = 1 << 13;

  private final int[] bucketSectors;
  private final boolean[] rotational;
  private final boolean listsByDevice;

  /** Of the filesystem with that superblock. */
  public static BucketGeometry of(Superblock superblock) {
    boolean byDevice = superblock.version() >= MetadataVersion.PER_DEV_FRAGMENTATION_LRU.number();
    return new BucketGeometry(superblock.members(), byDevice);
  }

  private BucketGeometry(List<Member> members, boolean listsByDevice) {
    this.listsByDevice = listsByDevice;
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

  /**
   * Number of the LRU list of buckets of that device that are worth emptying: since 1.39 each has
   * its own.
   */
  public int fragmentationList(int device) {
    return listsByDevice ? FRAGMENTATION_OF_DEVICES + device : FRAGMENTATION;
  }

  /** The bucket that a sector is in. */
  public long bucketOf(int device, long sector) {
    return sector / bucketSectors[device];
  }
}
