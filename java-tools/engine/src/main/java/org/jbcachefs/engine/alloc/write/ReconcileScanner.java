// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.sb.EffectiveOptions;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentReconcile;

/**
 * Looks at extents outside of commits: what they have noted, and whether that is what they must
 * note. Belongs to one thread.
 */
public final class ReconcileScanner {
  private final EffectiveOptions effective;
  private final ExtentEntrySizes sizes;
  private final ReconcileTrigger trigger;
  private final ReconcileMark mark;
  private final ExtentEntries entries = new ExtentEntries();

  public ReconcileScanner(
      EffectiveOptions effective, ExtentEntrySizes sizes, Supplier<SnapshotTable> snapshots) {
    this.effective = effective;
    this.sizes = sizes;
    this.trigger = new ReconcileTrigger(effective, sizes, snapshots);
    this.mark = new ReconcileMark(effective, sizes);
  }

  /** The note in an extent; 0 if it has none. */
  public long noteOf(Bkey key) {
    return mark.noteOf(key);
  }

  /** Whether a leaf key's note is as a commit would make it now. */
  public boolean isRight(BtreeId btree, Bkey key, Btrees btrees) {
    trigger.begin();
    return trigger.noted(btree.number(), key, btrees::lookup) == key;
  }

  /** The extent as it must be by those options; the same object if it is so. */
  public Bkey noted(Bkey key, ReconcileOptions options) {
    return mark.noted(key, options);
  }

  /** The options of a file as a snapshot sees it. */
  public ReconcileOptions optionsOf(long inode, int snapshot, Btrees btrees) {
    trigger.begin();
    return trigger.optionsOf(inode, snapshot, btrees::lookup);
  }

  /** Whether a pointer to a node does not lead to as many copies as wanted, or elsewhere. */
  public boolean needsWork(Bkey pointer) {
    return mark.needsWork(pointer, ReconcileOptions.ofNodes(effective));
  }

  /** The key whose note says that the work has to wait, or not; changes and returns a copy. */
  public Bkey withPending(Bkey key, boolean pending) {
    int bytes = key.valueBytes();
    MemorySegment value = MemorySegment.ofArray(new long[bytes / Long.BYTES]);
    MemorySegment.copy(key.segment(), key.valueOffset(), value, 0, bytes);
    entries.of(key, sizes);
    while (entries.next()) {
      if (entries.type() == ExtentEntryType.RECONCILE.number()) {
        long at = entries.entryOffset() - key.valueOffset();
        Le.putU64(value, at, ExtentReconcile.PENDING.set(entries.word(), pending ? 1 : 0));
      }
    }
    return key.copy().setValue(value, 0, bytes);
  }
}
