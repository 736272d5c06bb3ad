// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.extent.ExtentReconcileBp;

/** What a key notes of background work about it. Reusable, belongs to one thread. */
final class ReconcileNotes {
  private static final int SCAN = BtreeId.RECONCILE_SCAN.number();

  private final ExtentEntries entries = new ExtentEntries();
  private final ExtentEntrySizes sizes;
  private long note;
  private long index;

  ReconcileNotes(ExtentEntrySizes sizes) {
    this.sizes = sizes;
  }

  void of(Bkey key) {
    note = 0;
    index = 0;
    entries.of(key, sizes);
    while (entries.next()) {
      if (entries.type() == ExtentEntryType.RECONCILE.number()) {
        note = entries.word();
      } else if (entries.type() == ExtentEntryType.RECONCILE_BP.number()) {
        index = ExtentReconcileBp.idx(entries.word());
      }
    }
  }

  /** The list of work, a constant of {@link ExtentReconcile}. */
  int work() {
    return ExtentReconcile.work(note);
  }

  /**
   * Puts the key on the lists that it notes, or takes it off. Nodes are only taken off: pointers of
   * ours have no notes.
   */
  void list(KeyAccess keys, int btree, int level, Bpos pos, boolean add) {
    if (level == 0) {
      ReconcileLists.extent(keys, btree, pos, note, add);
    } else if (!add && index != 0) {
      keys.delete(SCAN, Bpos.of(work(), index));
    }
  }
}
