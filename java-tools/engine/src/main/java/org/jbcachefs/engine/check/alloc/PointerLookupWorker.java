// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.alloc.Backpointers;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Backpointer;

/** Looks up the backpointers of pointers into buckets whose backpointers are known to differ. */
final class PointerLookupWorker implements KeyWorker {
  private final AllocationSums sums;
  private final BackpointerComparison comparison;
  private final CheckContext context;
  private final Findings findings;
  private final Backpointers wanted;
  private final BackpointerTargets targets;
  private final DuplicateExtents duplicates;
  private final Bkey found = new Bkey();
  private final int btree;
  private final int level;

  PointerLookupWorker(
      AllocationSums sums,
      BackpointerComparison comparison,
      int btree,
      int level,
      Findings findings) {
    this.sums = sums;
    this.comparison = comparison;
    this.context = sums.context();
    this.findings = findings;
    this.wanted = sums.backpointers();
    this.targets = new BackpointerTargets(sums, findings);
    this.duplicates = new DuplicateExtents(context);
    this.btree = btree;
    this.level = level;
  }

  @Override
  public void key(Bkey key) {
    wanted.of(key, btree, level);
    while (wanted.next()) {
      if (isConcerned()) {
        look(key);
      }
    }
  }

  private boolean isConcerned() {
    if (wanted.btree() == BtreeId.STRIPE_BACKPOINTERS.number()) {
      return comparison.stripesDiffer();
    }
    Buckets buckets = sums.buckets();
    int device = wanted.device();
    if (!buckets.isMember(device)) {
      return false;
    }
    long bucket = buckets.bucketOf(device, wanted.sector());
    return buckets.exists(device, bucket)
        && comparison.differs(device, bucket)
        && sums.isSummed(sums.table().generation(device, bucket), wanted.generation());
  }

  private void look(Bkey key) {
    Bpos at = Bpos.of(wanted.inode(), wanted.offset());
    boolean there = context.btrees().lookup(wanted.btree(), at, found);
    if (there && wanted.matches(found)) {
      return;
    }
    if (there && AllocationSums.isBackpointer(found) && targets.matches(found)) {
      taken(key);
    } else if (there || !context.damaged().mayLack(wanted.btree(), at, at)) {
      report(
          key,
          FsckError.PTR_TO_MISSING_BACKPOINTER,
          "pointer " + wanted.pointer() + " has no backpointer",
          "one at " + BtreeId.nameOf(wanted.btree()) + " " + at,
          there ? "another one there, to " + targetOf(found) : "none");
    }
  }

  /** The backpointer is that of another key, which points to the same place. */
  private void taken(Bkey key) {
    Backpointer other = Backpointer.decode(found);
    FsckError error =
        duplicates.judge(key, level, targets.target(), other.level(), wanted.device());
    report(
        key,
        error,
        "pointer " + wanted.pointer() + " points to where another key's data is",
        "a place of its own",
        "that of " + targetOf(found));
  }

  private static String targetOf(Bkey backpointer) {
    if (!AllocationSums.isBackpointer(backpointer)) {
      return "nothing";
    }
    Backpointer value = Backpointer.decode(backpointer);
    return BtreeId.nameOf(value.btree()) + " level " + value.level() + " " + value.pos();
  }

  private void report(Bkey key, FsckError error, String what, String expected, String got) {
    CheckFinding finding =
        CheckFinding.of(error, what).at(btree, level, key.pos()).expected(expected).found(got);
    Buckets buckets = sums.buckets();
    findings.report(
        buckets.isMember(wanted.device())
            ? finding.on(buckets.name(wanted.device()), wanted.sector() * 512)
            : finding);
  }
}
