// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.function.UnaryOperator;
import org.jbcachefs.engine.alloc.ContributionSink;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Everything that points to buckets, held against the alloc btree, the counters and the stripes;
 * every pointer by itself. Source: {@code bch2_check_allocations}.
 */
public final class CheckAllocations implements CheckPass {
  private final UnaryOperator<ContributionSink> through;

  public CheckAllocations() {
    this(UnaryOperator.identity());
  }

  /**
   * @param through what contributions pass on their way: a test leaves some out
   */
  CheckAllocations(UnaryOperator<ContributionSink> through) {
    this.through = through;
  }

  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_ALLOCATIONS;
  }

  @Override
  public void run(CheckContext context) {
    BucketCounters devices = new BucketCounters();
    AllocationSums.forEach(
        context,
        sums -> findings -> new PointerChecks(sums, findings),
        through,
        sums -> {
          new BucketComparison(context, sums, devices).run();
          if (sums.counting()) {
            new StripeComparison(context, sums).run();
            devices.first(sums);
          }
        });
    devices.compare(context);
  }
}
