// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The buckets that somebody is writing into or has sectors of that are not committed yet: nobody
 * else may take or discard them. Thread-safe.
 */
public final class OpenBuckets implements BucketChanges.OpenBucketCheck {
  private final ConcurrentHashMap<Long, Integer> holders = new ConcurrentHashMap<>();

  /** Those of which nothing is committed yet: they still count as free. */
  private final Set<Long> unused = ConcurrentHashMap.newKeySet();

  @Override
  public boolean isOpen(int device, long bucket) {
    return holders.containsKey(BucketChanges.id(device, bucket));
  }

  /** Takes a bucket that nobody has; false if somebody has it. */
  boolean take(int device, long bucket) {
    return holders.putIfAbsent(BucketChanges.id(device, bucket), 1) == null;
  }

  /** The same for one that is free and will be written into. */
  boolean takeFree(int device, long bucket) {
    if (!take(device, bucket)) {
      return false;
    }
    unused.add(BucketChanges.id(device, bucket));
    return true;
  }

  @Override
  public void filled(int device, long bucket) {
    unused.remove(BucketChanges.id(device, bucket));
  }

  /** One more holder of a bucket that is taken. */
  void hold(int device, long bucket) {
    holders.compute(BucketChanges.id(device, bucket), (_, count) -> count == null ? 1 : count + 1);
  }

  /** One holder less. */
  void release(int device, long bucket) {
    long id = BucketChanges.id(device, bucket);
    if (holders.computeIfPresent(id, (_, count) -> count == 1 ? null : count - 1) == null) {
      unused.remove(id);
    }
  }

  /** How many buckets of a device are open. */
  long count(int device) {
    long low = BucketChanges.id(device, 0);
    return holders.keySet().stream().filter(id -> (id ^ low) >>> 48 == 0).count();
  }

  /** How many buckets of a device are open and still count as free. */
  long countUnused(int device) {
    long low = BucketChanges.id(device, 0);
    long count = 0;
    for (long id : unused) {
      count += (id ^ low) >>> 48 == 0 ? 1 : 0;
    }
    return count;
  }
}
