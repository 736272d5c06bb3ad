// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.util.concurrent.ConcurrentHashMap;

/**
 * The buckets that somebody is writing into or has sectors of that are not committed yet: nobody
 * else may take or discard them. Thread-safe.
 */
public final class OpenBuckets implements BucketChanges.OpenBucketCheck {
  private final ConcurrentHashMap<Long, Integer> holders = new ConcurrentHashMap<>();

  @Override
  public boolean isOpen(int device, long bucket) {
    return holders.containsKey(BucketChanges.id(device, bucket));
  }

  /** Takes a bucket that nobody has; false if somebody has it. */
  boolean take(int device, long bucket) {
    return holders.putIfAbsent(BucketChanges.id(device, bucket), 1) == null;
  }

  /** One more holder of a bucket that is taken. */
  void hold(int device, long bucket) {
    holders.compute(BucketChanges.id(device, bucket), (_, count) -> count == null ? 1 : count + 1);
  }

  /** One holder less. */
  void release(int device, long bucket) {
    holders.computeIfPresent(
        BucketChanges.id(device, bucket), (_, count) -> count == 1 ? null : count - 1);
  }

  /** How many buckets of a device are open. */
  long count(int device) {
    long low = BucketChanges.id(device, 0);
    return holders.keySet().stream().filter(id -> (id ^ low) >>> 48 == 0).count();
  }
}
