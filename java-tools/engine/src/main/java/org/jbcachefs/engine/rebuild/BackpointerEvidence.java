// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.rebuild;

import java.util.HashMap;
import java.util.Map;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.Backpointer;

/**
 * What backpointers tell of sizes: those of btree nodes say how large a node is, and where any of
 * them lies, beside what it points back to, says how far sectors are shifted in their positions.
 * The majority decides.
 */
final class BackpointerEvidence {
  /** As many backpointers of each kind are looked at. */
  private static final int ENOUGH = 256;

  private static final int MAX_SHIFT = 20;

  private final Btrees btrees;
  private final Map<Integer, Integer> nodeSectors = new HashMap<>();
  private final Map<Integer, Integer> shifts = new HashMap<>();
  private final ExtentEntries entries = new ExtentEntries();

  BackpointerEvidence(Btrees btrees) {
    this.btrees = btrees;
    try (KeyIterator keys = btrees.iterate(BtreeId.BACKPOINTERS.number(), Bpos.MIN, Bpos.MAX)) {
      int nodes = 0;
      int data = 0;
      while ((nodes < ENOUGH || data < ENOUGH) && keys.next()) {
        if (keys.key().type() != KeyType.BACKPOINTER.number()) {
          continue;
        }
        Backpointer value = Backpointer.decode(keys.key());
        boolean node = value.dataType() == DataType.BTREE.number();
        if (node && nodes++ < ENOUGH) {
          nodeSectors.merge(value.bucketSectors(), 1, Integer::sum);
        }
        if (value.level() == 0 && !value.stripePtr() && data++ < ENOUGH) {
          noteShift(keys.key(), value);
        }
      }
    } catch (CorruptionException _) {
      // What was seen so far decides; fsck meets the damage again.
    }
  }

  /** Sectors of a btree node; 0 if nothing tells. */
  int nodeSectors() {
    return mostFrequent(nodeSectors, 0);
  }

  /** How far sectors are shifted in positions; -1 if nothing tells. */
  int shift() {
    return mostFrequent(shifts, -1);
  }

  private void noteShift(Bkey key, Backpointer value) {
    Bkey target = new Bkey();
    try (KeyIterator keys = btrees.iterate(value.btree(), value.pos(), value.pos())) {
      if (!keys.next()) {
        return;
      }
      target.set(keys.key());
    }
    entries.of(target, ExtentEntrySizes.KNOWN);
    while (entries.nextPtr()) {
      long from = key.offset() - entries.crc().offset();
      for (int shift = 0; shift <= MAX_SHIFT; shift++) {
        if (entries.dev() == key.inode() && entries.sector() << shift == from) {
          shifts.merge(shift, 1, Integer::sum);
        }
      }
    }
  }

  private static int mostFrequent(Map<Integer, Integer> counts, int otherwise) {
    return counts.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .orElse(otherwise);
  }
}
