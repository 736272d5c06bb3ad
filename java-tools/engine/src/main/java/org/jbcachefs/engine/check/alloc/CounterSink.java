// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.alloc.ContributionSink;
import org.jbcachefs.format.value.AccountingType;

/**
 * Adds up contributions by the accounting key that counts them; what buckets and stripes get is a
 * matter of those who extend it. Belongs to one thread. Source: {@code struct disk_accounting_pos}.
 */
public abstract class CounterSink implements ContributionSink {
  private static final int REPLICAS_DEVICES = 3;

  private final PackedAccounting slot = new PackedAccounting();
  private final CounterMap counters = new CounterMap();

  /** Counters by their position, but for those that follow from the states of buckets. */
  public final CounterMap counters() {
    return counters;
  }

  private void count(PackedAccounting pos, long first, long second, long third) {
    counters.add(pos.inode, pos.offset, pos.snapshot, first, second, third);
  }

  @Override
  public void inode() {
    count(slot.of(AccountingType.NR_INODES), 1, 0, 0);
  }

  @Override
  public void reserved(int replicas, long sectors) {
    count(slot.of(AccountingType.PERSISTENT_RESERVED).put(0, replicas), sectors, 0, 0);
  }

  @Override
  public void replicas(int dataType, int required, int[] devices, int count, long sectors) {
    slot.of(AccountingType.REPLICAS).put(0, dataType).put(1, count).put(2, required);
    for (int i = 0; i < count; i++) {
      slot.put(REPLICAS_DEVICES + i, devices[i]);
    }
    count(slot, sectors, 0, 0);
  }

  @Override
  public void compressed(int type, long extents, long uncompressed, long compressed) {
    count(slot.of(AccountingType.COMPRESSION).put(0, type), extents, uncompressed, compressed);
  }

  @Override
  public void snapshot(int id, long sectors) {
    slot.of(AccountingType.SNAPSHOT).putNumber(0, Integer.toUnsignedLong(id), Integer.BYTES);
    count(slot, sectors, 0, 0);
  }

  @Override
  public void snapshotKey(int id, int btree, long bytes, long sectors) {
    slot.of(AccountingType.SNAPSHOT)
        .putNumber(0, Integer.toUnsignedLong(id), Integer.BYTES)
        .putNumber(Integer.BYTES, btree, Integer.BYTES);
    count(slot, 1, bytes, sectors);
  }

  @Override
  public void node(int btree, boolean interior, long sectors) {
    slot.of(AccountingType.BTREE).putNumber(0, btree, Integer.BYTES);
    count(slot, sectors, 1, interior ? 1 : 0);
  }

  @Override
  public void extent(long inode, long length, long sectors) {
    slot.of(AccountingType.INUM).putNumber(0, inode, Long.BYTES);
    count(slot, 1, length, sectors);
  }

  @Override
  public void reconcileWork(int reason, boolean metadata, long sectors) {
    slot.of(AccountingType.RECONCILE_WORK).put(0, reason);
    count(slot, metadata ? 0 : sectors, metadata ? sectors : 0, 0);
  }

  @Override
  public void leaving(int device, long sectors) {
    slot.of(AccountingType.DEV_LEAVING).putNumber(0, device, Integer.BYTES);
    count(slot, sectors, 0, 0);
  }

  @Override
  public void stripe(long index, int required, int[] devices, int count) {}
}
