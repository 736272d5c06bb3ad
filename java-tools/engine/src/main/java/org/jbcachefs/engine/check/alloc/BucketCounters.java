// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.AccountingType;

/**
 * Counters by device and data type, from the states of buckets; together with the other counters
 * they are held against the accounting btree. Belongs to one thread.
 */
final class BucketCounters {
  private final CounterMap counters = new CounterMap();
  private final PackedAccounting slot = new PackedAccounting();
  private AllocationSums first;

  /** A bucket in that state. */
  void add(int device, AllocState state, int bucketSectors) {
    DataType type = state.dataType();
    if (type != null && type != DataType.FREE) {
      add(device, type, 1, state.sectors(), state.fragmented(bucketSectors));
    }
    if (type == DataType.STRIPE && state.dirty != 0) {
      add(device, DataType.UNSTRIPED, 1, state.dirty, 0);
    }
  }

  private void add(int device, DataType type, long buckets, long sectors, long fragmented) {
    slot.of(AccountingType.DEV_DATA_TYPE).put(0, device).put(1, type.number());
    counters.add(slot.inode, slot.offset, slot.snapshot, buckets, sectors, fragmented);
  }

  void addAll(BucketCounters other) {
    counters.addAll(other.counters);
  }

  /** The sums that have the counters which are no device's. */
  void first(AllocationSums sums) {
    first = sums;
  }

  /** Compares all counters with the accounting btree's. */
  void compare(CheckContext context) {
    CounterMap all = new CounterMap();
    all.addAll(first.counters());
    all.addAll(counters);
    new AccountingComparison(context, all, first.buckets(), first.inodesHash()).run();
  }
}
