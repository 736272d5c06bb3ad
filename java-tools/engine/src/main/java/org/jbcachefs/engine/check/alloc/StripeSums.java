// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.HashMap;
import java.util.Map;

/** Live sectors in each block of each stripe, as pointers say. Thread-safe. */
final class StripeSums {
  private static final int BLOCKS = 16;
  private static final int[] NONE = new int[BLOCKS];
  private static final int SHARDS = 64;

  private final Map<Long, int[]>[] shards;

  @SuppressWarnings({"unchecked", "rawtypes"})
  StripeSums() {
    shards = new Map[SHARDS];
    for (int i = 0; i < SHARDS; i++) {
      shards[i] = new HashMap<>();
    }
  }

  void add(long stripe, int block, long sectors) {
    Map<Long, int[]> shard = shards[(int) (stripe % SHARDS)];
    synchronized (shard) {
      shard.computeIfAbsent(stripe, _ -> new int[BLOCKS])[block % BLOCKS] += (int) sectors;
    }
  }

  int of(long stripe, int block) {
    Map<Long, int[]> shard = shards[(int) (stripe % SHARDS)];
    synchronized (shard) {
      return shard.getOrDefault(stripe, NONE)[block % BLOCKS];
    }
  }
}
