// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckKeys;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.engine.check.SortedRecords;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.ReflinkP;

/**
 * Shared extents: each has as many references as its count says, and no reference leads to where
 * there is none. References and shared extents are read side by side, both in order of sectors.
 */
public final class CheckIndirectExtents implements CheckPass {
  /** Ranges that references lead to in vain; more are not looked up. */
  private static final int MOST_GAPS = 10_000;

  private static final int KEYS_PER_PROGRESS = 1 << 12;

  private CheckContext context;
  private SortedRecords events;
  private boolean ready;
  private long active;
  private long activeUnknown;
  private final List<long[]> gaps = new ArrayList<>();

  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_INDIRECT_EXTENTS;
  }

  @Override
  public void run(CheckContext checkContext) {
    context = checkContext;
    FilesCheck files = FilesCheck.of(context);
    context.stage(BtreeId.REFLINK.toString());
    events = files.references().sorted();
    ready = events.next();
    long end = 0;
    long count = 0;
    try (CheckKeys keys = context.keys(BtreeId.REFLINK, Bpos.MIN, new Bpos(0, -1, -1), context)) {
      while (keys.next()) {
        Bkey key = keys.key();
        if (key.inode() == 0 && isCounted(key.type())) {
          passGap(end, key.start());
          check(key);
          end = key.offset();
        }
        if (++count % KEYS_PER_PROGRESS == 0) {
          context.progress(KEYS_PER_PROGRESS, 0);
        }
      }
      passGap(end, -1);
    }
    files.references().close();
    if (!gaps.isEmpty()) {
      findReferences();
    }
  }

  private static boolean isCounted(int type) {
    return type == KeyType.REFLINK_V.number() || type == KeyType.INDIRECT_INLINE_DATA.number();
  }

  /** Goes over a range without shared extents; notes which parts of it references lead to. */
  private void passGap(long from, long to) {
    takeUntil(from, true);
    long at = from;
    while (Long.compareUnsigned(at, to) < 0) {
      long next = ready && Long.compareUnsigned(events.get(0), to) < 0 ? events.get(0) : to;
      if (activeUnknown > 0 && gaps.size() < MOST_GAPS) {
        gaps.add(new long[] {at, next});
      }
      at = next;
      takeUntil(at, true);
    }
  }

  private void check(Bkey key) {
    takeUntil(key.start(), true);
    long references = active + takeUntil(key.offset(), false);
    long stored = Le.u64(key.segment(), key.valueOffset());
    boolean whole = !context.damaged().any(BtreeId.EXTENTS.number());
    if (stored != references && whole) {
      context.report(
          CheckFinding.of(FsckError.REFLINK_V_REFCOUNT_WRONG, "references to a shared extent")
              .at(BtreeId.REFLINK, key)
              .expected(references)
              .found(Long.toUnsignedString(stored)));
    }
  }

  /**
   * Takes what happens up to a sector, or before it; how many references began.
   *
   * @param included whether that sector's events are taken
   */
  private long takeUntil(long sector, boolean included) {
    long began = 0;
    while (ready) {
      int order = Long.compareUnsigned(events.get(0), sector);
      if (order > 0 || (order == 0 && !included)) {
        break;
      }
      long kind = events.get(1);
      boolean begins = kind == ReferenceEvents.BEGIN || kind == ReferenceEvents.BEGIN_OF_KNOWN;
      boolean unknown = kind == ReferenceEvents.BEGIN || kind == ReferenceEvents.END;
      began += begins ? 1 : 0;
      active += begins ? 1 : -1;
      activeUnknown += unknown ? (begins ? 1 : -1) : 0;
      ready = events.next();
    }
    return began;
  }

  /** Looks through all extents for the references that lead to gaps. */
  private void findReferences() {
    int type = KeyType.REFLINK_P.number();
    context.scan(
        BtreeId.EXTENTS,
        findings ->
            key -> {
              if (key.type() != type) {
                return;
              }
              ReflinkP reference = ReflinkP.decode(key);
              long[] gap = reference.error() ? null : gap(key, reference);
              if (gap != null) {
                findings.report(
                    CheckFinding.of(
                            FsckError.REFLINK_P_TO_MISSING_REFLINK_V,
                            "it refers to sectors "
                                + Long.toUnsignedString(gap[0])
                                + " to "
                                + Long.toUnsignedString(gap[1])
                                + " of the reflink btree, where there is no shared extent")
                        .at(BtreeId.EXTENTS, key));
              }
            });
  }

  private long[] gap(Bkey key, ReflinkP reference) {
    long begin = ReferenceEvents.begin(reference);
    long end = ReferenceEvents.end(key, reference);
    int low = 0;
    int high = gaps.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(gaps.get(middle)[1], begin) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    boolean meets = low < gaps.size() && Long.compareUnsigned(gaps.get(low)[0], end) < 0;
    return meets && isSure(gaps.get(low)) ? gaps.get(low) : null;
  }

  private boolean isSure(long[] gap) {
    return !context
        .damaged()
        .mayLack(BtreeId.REFLINK.number(), Bpos.of(0, gap[0]), Bpos.of(0, gap[1]));
  }
}
