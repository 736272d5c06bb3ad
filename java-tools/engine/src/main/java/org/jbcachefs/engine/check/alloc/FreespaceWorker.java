// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FsckError;

/**
 * Each extent of the freespace btree against the buckets that it means: none may lie outside of the
 * device, and those with an alloc key must be free and have the generation that the extent's
 * position says. Buckets without a key are free, so that only keys are looked at.
 */
final class FreespaceWorker implements KeyWorker {
  private static final int BITS_SHIFT = 56;
  private static final long BUCKET_MASK = (1L << BITS_SHIFT) - 1;

  private final CheckContext context;
  private final Buckets buckets;
  private final Findings findings;
  private final SideKeys alloc;
  private final AllocState state = new AllocState();

  FreespaceWorker(CheckContext context, Buckets buckets, Findings findings) {
    this.context = context;
    this.buckets = buckets;
    this.findings = findings;
    this.alloc = new SideKeys(context, BtreeId.ALLOC, findings);
  }

  @Override
  public void key(Bkey key) {
    long bits = key.start() & ~BUCKET_MASK;
    long from = key.start() & BUCKET_MASK;
    long to = from + Integer.toUnsignedLong(key.size());
    if (!buckets.exists(key.inode(), from) || !buckets.exists(key.inode(), to - 1)) {
      findings.report(
          CheckFinding.of(
                  FsckError.NEED_DISCARD_FREESPACE_KEY_TO_INVALID_DEV_BUCKET,
                  "entry for buckets that do not exist")
              .at(BtreeId.FREESPACE, key)
              .found("buckets " + from + " to " + (to - 1) + " of device " + key.inode()));
    }
    if (bits == 0) {
      inOrder(key, from, to);
    } else {
      apart(key, from, to, bits);
    }
  }

  private void inOrder(Bkey key, long from, long to) {
    for (Bkey found = alloc.atOrBehind(key.inode(), from);
        found != null && found.inode() == key.inode() && found.offset() < to;
        found = alloc.atOrBehind(key.inode(), found.offset() + 1)) {
      judge(key, found, 0);
    }
  }

  /** Those that waited for their generations lie in no order with the alloc btree, and are few. */
  private void apart(Bkey key, long from, long to, long bits) {
    boolean any = false;
    try (var keys =
        context.keys(
            BtreeId.ALLOC, Bpos.of(key.inode(), from), Bpos.of(key.inode(), to - 1), findings)) {
      while (keys.next()) {
        judge(key, keys.key(), bits);
        any = true;
      }
    }
    boolean lost =
        context
            .damaged()
            .mayLack(
                BtreeId.ALLOC.number(), Bpos.of(key.inode(), from), Bpos.of(key.inode(), to - 1));
    if (!any && !lost) {
      bad(key, from, "bits " + (bits >>> BITS_SHIFT), "bucket without alloc key");
    }
  }

  private void judge(Bkey key, Bkey found, long bits) {
    if (state.read(found) && (!state.is(DataType.FREE) || state.freespaceBits() != bits)) {
      bad(
          key,
          found.offset(),
          "free, generation bits " + (bits >>> BITS_SHIFT),
          DataType.nameOf(state.type)
              + ", generation bits "
              + (state.freespaceBits() >>> BITS_SHIFT));
    }
  }

  private void bad(Bkey key, long bucket, String expected, String found) {
    findings.report(
        CheckFinding.of(FsckError.NEED_DISCARD_FREESPACE_KEY_BAD, "entry for bucket " + bucket)
            .at(BtreeId.FREESPACE, key)
            .expected(expected)
            .found(found));
  }

  @Override
  public void end() {
    alloc.close();
  }
}
