// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.concurrent.atomic.LongAdder;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * Whether the lru btree has exactly the entries that buckets and stripes ask for: by the sums of
 * hashes of both, so that nothing is looked up in a sound filesystem. Entries are ordered by time,
 * so that looking each one up would read the alloc btree crosswise.
 */
final class LruSums {
  private final LongAdder wanted = new LongAdder();
  private final LongAdder found = new LongAdder();

  private LruSums() {}

  static LruSums of(CheckContext context) {
    return context.shared(LruSums.class, () -> sum(context));
  }

  private static LruSums sum(CheckContext context) {
    LruSums sums = new LruSums();
    Buckets buckets = new Buckets(context.filesystem().devices());
    LruPosition positions = new LruPosition(context);
    context.scan(BtreeId.ALLOC, _ -> sums.new BucketWorker(buckets, positions));
    if (context.since(MetadataVersion.STRIPE_LRU)) {
      context.scan(BtreeId.STRIPES, _ -> sums.new StripeWorker());
    }
    context.scan(BtreeId.LRU, _ -> key -> sums.found.add(hash(key.inode(), key.offset())));
    return sums;
  }

  boolean differ() {
    return wanted.sum() != found.sum();
  }

  private static long hash(long inode, long offset) {
    return Hashes.of(inode, offset, 0);
  }

  private final class BucketWorker implements KeyWorker {
    private final Buckets buckets;
    private final LruPosition positions;
    private final AllocState state = new AllocState();

    BucketWorker(Buckets buckets, LruPosition positions) {
      this.buckets = buckets;
      this.positions = positions;
    }

    @Override
    public void key(Bkey key) {
      if (!buckets.isMember(key.inode()) || !state.read(key)) {
        return;
      }
      long number = Buckets.toNumber(key.inode(), key.offset());
      long read = LruPosition.read(state);
      if (read != 0) {
        wanted.add(hash(LruPosition.of(key.inode(), read), number));
      }
      long fullness = LruPosition.fragmentation(state, buckets.bucketSectors((int) key.inode()));
      if (fullness != 0) {
        long list = positions.fragmentationList(key.inode());
        wanted.add(hash(LruPosition.of(list, fullness), number));
      }
    }
  }

  private final class StripeWorker implements KeyWorker {
    private final StripeValue stripe = new StripeValue();

    @Override
    public void key(Bkey key) {
      if (key.type() == KeyType.STRIPE.number()) {
        long at = LruPosition.stripe(stripe.of(key));
        if (at != 0) {
          wanted.add(hash(LruPosition.of(LruPosition.STRIPES, at), key.offset()));
        }
      }
    }
  }
}
