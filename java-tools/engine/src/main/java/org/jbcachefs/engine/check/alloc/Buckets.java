// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.sb.Member;

/** Which buckets the members have. Immutable, thread-safe; allocates nothing. */
final class Buckets {
  private static final int DEVICE_SHIFT = 48;
  private static final long BUCKET_MASK = (1L << DEVICE_SHIFT) - 1;

  private final DeviceSet devices;
  private final long[] nbuckets;
  private final int[] firstBucket;
  private final int[] bucketSectors;
  private final boolean[] rotational;

  Buckets(DeviceSet devices) {
    this.devices = devices;
    int count = devices.size();
    nbuckets = new long[count];
    firstBucket = new int[count];
    bucketSectors = new int[count];
    rotational = new boolean[count];
    for (int device = 0; device < count; device++) {
      Member member = devices.member(device);
      if (member != null) {
        nbuckets[device] = member.nbuckets();
        firstBucket[device] = member.firstBucket();
        bucketSectors[device] = Math.max(1, member.bucketSectors());
        rotational[device] = Member.ROTATIONAL.isSet(member.flags());
      }
    }
  }

  /** A device and a bucket in one number, as indexes have them. Source: {@code bucket_to_u64}. */
  static long toNumber(long device, long bucket) {
    return device << DEVICE_SHIFT | (bucket & BUCKET_MASK);
  }

  static long deviceOf(long number) {
    return number >>> DEVICE_SHIFT;
  }

  static long bucketOf(long number) {
    return number & BUCKET_MASK;
  }

  /** Number of device indexes. */
  int devices() {
    return nbuckets.length;
  }

  /** Whether the filesystem has that member. */
  boolean isMember(long device) {
    return device >= 0 && device < nbuckets.length && nbuckets[(int) device] != 0;
  }

  /** Whether the member had been there and was removed. */
  boolean isRemoved(int device) {
    return device < devices.superblock().memberCount()
        && devices.superblock().members().get(device).deleted();
  }

  /** Whether the member is here. */
  boolean isPresent(int device) {
    return devices.device(device) != null;
  }

  boolean isRotational(int device) {
    return device != ExtentPtr.NO_DEVICE && isMember(device) && rotational[device];
  }

  /** Whether that is a bucket of a member. */
  boolean exists(long device, long bucket) {
    return isMember(device)
        && bucket >= firstBucket[(int) device]
        && bucket < nbuckets[(int) device];
  }

  long bucketOf(int device, long sector) {
    return sector / bucketSectors[device];
  }

  long firstSector(int device, long bucket) {
    return bucket * bucketSectors[device];
  }

  /** Sectors of a bucket; 1 of a device that the filesystem does not have. */
  int bucketSectors(int device) {
    return device < bucketSectors.length ? bucketSectors[device] : 1;
  }

  long count(int device) {
    return nbuckets[device];
  }

  int first(int device) {
    return firstBucket[device];
  }

  String name(int device) {
    return devices.name(device);
  }
}
