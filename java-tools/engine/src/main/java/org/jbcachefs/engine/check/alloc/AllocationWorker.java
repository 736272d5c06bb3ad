// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.function.UnaryOperator;
import org.jbcachefs.engine.alloc.Backpointers;
import org.jbcachefs.engine.alloc.ContributionSink;
import org.jbcachefs.engine.alloc.Contributions;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.sb.Superblock;

/**
 * Adds what the keys of one range contribute to the sums. Counters are its own until it ends;
 * buckets and stripes are shared.
 */
final class AllocationWorker implements KeyWorker {
  private final AllocationSums sums;
  private final PointerChecks checks;
  private final SumSink sink;
  private final ContributionSink through;
  private final Contributions contributions;
  private final Backpointers backpointers;
  private final int btree;
  private final int level;
  private final boolean points;

  /**
   * @param checks looks at every pointer by itself; null for none
   * @param through what the contributions pass on their way
   */
  AllocationWorker(
      AllocationSums sums,
      int btree,
      int level,
      PointerChecks checks,
      UnaryOperator<ContributionSink> through) {
    this.sums = sums;
    this.checks = checks;
    this.btree = btree;
    this.level = level;
    this.sink = new SumSink(sums);
    this.through = through.apply(sink);
    Superblock superblock = sums.context().superblock();
    this.contributions =
        new Contributions(
            ExtentEntrySizes.of(superblock::extentTypeU64s),
            superblock.btreeNodeBytes() / 512,
            superblock.version());
    this.backpointers = sums.backpointers();
    BtreeId id = BtreeId.of(btree);
    this.points = level > 0 || (id != null && id.hasDataPointers());
  }

  @Override
  public void key(Bkey key) {
    if (checks != null) {
      checks.key(key, btree, level);
    }
    contributions.of(key, btree, level, through);
    if (points) {
      backpointers.of(key, btree, level);
      while (backpointers.next()) {
        sums.want(backpointers);
      }
    }
  }

  @Override
  public void end() {
    sink.end();
    sums.merge(sink);
  }
}
