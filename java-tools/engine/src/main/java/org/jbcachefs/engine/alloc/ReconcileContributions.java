// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.extent.StripeValue;

/**
 * What one key adds to the counters of background work. Reusable, allocates nothing, belongs to one
 * thread. Source of the rules: {@code __bch2_trigger_extent_reconcile}, {@code
 * trigger_dev_counters}, {@code bch2_trigger_stripe}.
 */
final class ReconcileContributions {
  /** Reasons, by number; the lower ones are the bits of what an extent needs. */
  private static final int REPLICAS = 0;

  private static final int TARGET = 4;
  private static final int HIGH_PRIORITY = 5;
  private static final int PENDING = 6;
  private static final int STRIPES = 7;

  private final ExtentEntries entries = new ExtentEntries();
  private final ExtentEntrySizes entrySizes;
  private final long nodeSectors;

  ReconcileContributions(ExtentEntrySizes entrySizes, long nodeSectors) {
    this.entrySizes = entrySizes;
    this.nodeSectors = nodeSectors;
  }

  void of(Bkey key, int level, ContributionSink sink) {
    entries.of(key, entrySizes);
    while (entries.next()) {
      if (entries.type() == ExtentEntryType.RECONCILE.number()) {
        long word = entries.word();
        work(key, level, word, sink);
        leaving(key, level, word, sink);
        return;
      }
    }
  }

  private void work(Bkey key, int level, long word, ContributionSink sink) {
    boolean metadata = level > 0;
    long sectors = metadata ? nodeSectors : Integer.toUnsignedLong(key.size());
    int reasons = ExtentReconcile.NEED_RB.getInt(word);
    if (ExtentReconcile.PENDING.isSet(word)) {
      reasons &= ~(1 << TARGET | 1 << REPLICAS);
      reasons |= 1 << PENDING;
    } else if (ExtentReconcile.HIPRI.isSet(word)) {
      reasons |= 1 << HIGH_PRIORITY;
    }
    for (int left = reasons; left != 0; left &= left - 1) {
      sink.reconcileWork(Integer.numberOfTrailingZeros(left), metadata, sectors);
    }
  }

  private void leaving(Bkey key, int level, long word, ContributionSink sink) {
    int moving = ExtentReconcile.PTRS_MOVING.getInt(word);
    if (moving == 0 || ExtentReconcile.PENDING.isSet(word)) {
      return;
    }
    entries.of(key, entrySizes);
    for (int pointer = 0; entries.nextPtr(); pointer++) {
      if ((moving >>> pointer & 1) != 0) {
        long sectors = level > 0 ? nodeSectors : entries.crc().compressedSectors();
        sink.leaving(entries.dev(), sectors);
      }
    }
  }

  void ofStripe(StripeValue stripe, ContributionSink sink) {
    if (stripe.needsReconcile()) {
      sink.reconcileWork(STRIPES, false, (long) stripe.blocks() * stripe.sectors());
    }
  }
}
