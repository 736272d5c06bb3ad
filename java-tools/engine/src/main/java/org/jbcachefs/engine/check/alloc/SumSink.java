// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.Arrays;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.tables.DataType;

/**
 * Where contributions of one range end up; those of inodes are not kept one by one but as a sum of
 * hashes. Belongs to one thread.
 */
final class SumSink extends CounterSink {
  private final AllocationSums sums;
  private final Buckets buckets;
  private final BucketTable table;
  private final Bkey stripeKey = new Bkey();
  private final StripeValue stripe = new StripeValue();
  private final int[] stripeDevices = new int[16];
  private int stripeDeviceCount;
  private long stripeInHand = -1;

  /** Sum of hashes of all inodes' counters that are complete. */
  long inodesHash;

  /** Counters of the first and the last inode of the range, which may go on in others. */
  final CounterMap openInodes = new CounterMap();

  private long inode = -1;
  private boolean firstInode = true;
  private long inodeExtents;
  private long inodeLength;
  private long inodeSectors;

  SumSink(AllocationSums sums) {
    this.sums = sums;
    this.buckets = sums.buckets();
    this.table = sums.table();
  }

  @Override
  public void extent(long newInode, long length, long sectors) {
    if (newInode != inode) {
      endInode();
      inode = newInode;
    }
    inodeExtents++;
    inodeLength += length;
    inodeSectors += sectors;
  }

  private void endInode() {
    endInode(firstInode);
  }

  /** No more keys follow in this range. */
  void end() {
    endInode(true);
  }

  /** The counters of the inode in hand are done, but for those at the ends of a range. */
  private void endInode(boolean open) {
    if (inodeExtents != 0) {
      if (open) {
        openInodes.add(inode, 0, 0, inodeExtents, inodeLength, inodeSectors);
        firstInode = false;
      } else {
        inodesHash += Hashes.ofInode(inode, inodeExtents, inodeLength, inodeSectors);
      }
    }
    inodeExtents = 0;
    inodeLength = 0;
    inodeSectors = 0;
  }

  @Override
  public void pointer(
      int device, long sector, int generation, Share share, int dataType, long sectors) {
    if (!buckets.isMember(device)) {
      return;
    }
    long bucket = buckets.bucketOf(device, sector);
    boolean node = dataType == DataType.BTREE.number();
    if (!buckets.exists(device, bucket) || !counts(device, bucket, generation, node)) {
      return;
    }
    switch (share) {
      case DIRTY ->
          table.addDirty(device, bucket, sectors, node ? BucketTable.BTREE : BucketTable.USER);
      case CACHED -> table.addCached(device, bucket, sectors);
      case STRIPE -> table.addStriped(device, bucket, sectors);
    }
  }

  /** A pointer whose generation is not the bucket's adds nothing, unless it is to a node. */
  private boolean counts(int device, long bucket, int generation, boolean node) {
    int known = table.generation(device, bucket);
    return node || known < 0 || known == generation;
  }

  @Override
  public void stripeBlock(long index, int block, int dataType, long sectors) {
    sums.stripes().add(index, block, sectors);
    if (take(index)) {
      replicas(dataType, stripe.dataBlocks(), stripeDevices, stripeDeviceCount, sectors);
    }
  }

  /** Looks at the stripe with that index; false if there is none. */
  private boolean take(long index) {
    if (stripeInHand == index) {
      return true;
    }
    boolean found =
        sums.context().btrees().lookup(BtreeId.STRIPES.number(), Bpos.of(0, index), stripeKey)
            && stripeKey.type() == KeyType.STRIPE.number();
    stripeInHand = found ? index : -1;
    if (found) {
      stripe.of(stripeKey);
      stripeDeviceCount = stripe.blocks();
      for (int i = 0; i < stripeDeviceCount; i++) {
        stripeDevices[i] = ExtentPtr.dev(stripe.ptr(i));
      }
      Arrays.sort(stripeDevices, 0, stripeDeviceCount);
    }
    return found;
  }

  @Override
  public void stripeBucket(
      long index,
      int block,
      int device,
      long sector,
      int generation,
      boolean parity,
      long sectors) {
    if (!buckets.isMember(device)) {
      return;
    }
    long bucket = buckets.bucketOf(device, sector);
    if (buckets.exists(device, bucket)) {
      table.addStripe(device, bucket, parity, sectors);
    }
  }

  @Override
  public boolean stale(int device, long sector, int generation) {
    if (!buckets.isMember(device)) {
      return false;
    }
    long bucket = buckets.bucketOf(device, sector);
    int known = buckets.exists(device, bucket) ? table.generation(device, bucket) : -1;
    if (known == -2) {
      known = sums.generationElsewhere(device, bucket);
    }
    return known >= 0 && ExtentPtr.staleness(known, generation) > 0;
  }
}
