// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.lang.foreign.MemorySegment;
import java.util.Set;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.LiveKey;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.journal.Overlay;
import org.jbcachefs.engine.journal.OverlayKeys;
import org.jbcachefs.engine.journal.write.JournalPins;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;

/**
 * Puts the journal's keys into the btrees in memory, as unwritten keys that need the entries which
 * they came from: nothing is journalled again. Counters first, then each btree from the root down,
 * so that the way to every leaf is right before it is gone.
 */
final class OverlayReplay {
  private final LiveBtrees btrees;
  private final Overlay overlay;
  private final JournalPins<LiveNode> pins;
  private final long firstSeq;
  private final long lastSeq;

  /**
   * @param firstSeq the oldest entry replayed
   * @param lastSeq the newest entry replayed
   */
  OverlayReplay(
      LiveBtrees btrees, Overlay overlay, JournalPins<LiveNode> pins, long firstSeq, long lastSeq) {
    this.btrees = btrees;
    this.overlay = overlay;
    this.pins = pins;
    this.firstSeq = firstSeq;
    this.lastSeq = lastSeq;
  }

  /**
   * @param without btrees whose keys are left out
   */
  void run(Set<Integer> without) {
    int accounting = BtreeId.ACCOUNTING.number();
    if (!without.contains(accounting)) {
      replayInterior(accounting);
      counters();
    }
    for (int btree : overlay.btrees()) {
      if (btree != accounting && !without.contains(btree)) {
        replayInterior(btree);
        replayLevel(btree, 0);
      }
    }
  }

  private void replayInterior(int btree) {
    LiveNode root = btrees.root(btree);
    for (int level = root == null ? 0 : root.level(); level > 0; level--) {
      replayLevel(btree, level);
    }
  }

  private void replayLevel(int btree, int level) {
    OverlayKeys keys = overlay.keys(btree, level);
    Bkey key = new Bkey();
    for (int i = 0; i < keys.size(); i++) {
      keys.get(i, key);
      insert(btree, level, key);
    }
  }

  private void insert(int btree, int level, Bkey key) {
    LiveNode node = btrees.find(btree, level, key.pos());
    if (node == null) {
      return;
    }
    boolean deletion = key.type() == KeyType.DELETED.number();
    Bkey old = new Bkey();
    boolean there = node.content().lookup(key.inode(), key.offset(), key.snapshot(), old);
    if (deletion && !there) {
      return;
    }
    btrees.lock().lock();
    try {
      node = btrees.findInMemory(btree, level, key.pos());
      if (node.replay(new LiveKey(key), firstSeq, lastSeq)) {
        pins.pin(firstSeq, node);
      }
    } finally {
      btrees.lock().unlock();
    }
  }

  /** What was added to each counter and is not in the btree's sum yet. */
  private void counters() {
    OverlayKeys deltas = overlay.accounting();
    Bkey delta = new Bkey();
    int next = 0;
    while (next < deltas.size()) {
      deltas.get(next, delta);
      next = counter(deltas, next, delta.pos());
    }
  }

  private int counter(OverlayKeys deltas, int from, Bpos pos) {
    Bkey sum = new Bkey();
    boolean known = btrees.lookup(BtreeId.ACCOUNTING.number(), pos, sum);
    if (!known) {
      sum.setPos(pos).setType(KeyType.ACCOUNTING.number()).setVersion(0, 0);
      sum.setValue(MemorySegment.ofArray(new long[0]), 0, 0);
    }
    boolean changed = false;
    Bkey delta = new Bkey();
    int next = from;
    for (; next < deltas.size(); next++) {
      deltas.get(next, delta);
      if (delta.comparePos(pos) != 0) {
        break;
      }
      if (!known || isNewer(delta, sum)) {
        add(sum, delta);
        known = true;
        changed = true;
      }
    }
    if (changed) {
      insert(BtreeId.ACCOUNTING.number(), 0, sum);
    }
    return next;
  }

  private static boolean isNewer(Bkey delta, Bkey sum) {
    int order = Integer.compareUnsigned(delta.versionHi(), sum.versionHi());
    return order > 0
        || (order == 0 && Long.compareUnsigned(delta.versionLo(), sum.versionLo()) > 0);
  }

  private static void add(Bkey sum, Bkey delta) {
    int bytes = Math.max(sum.valueBytes(), delta.valueBytes());
    MemorySegment values = MemorySegment.ofArray(new long[bytes / Long.BYTES]);
    MemorySegment.copy(sum.segment(), sum.valueOffset(), values, 0, sum.valueBytes());
    for (int at = 0; at < delta.valueBytes(); at += Long.BYTES) {
      long more = Le.u64(delta.segment(), delta.valueOffset() + at);
      Le.putU64(values, at, Le.u64(values, at) + more);
    }
    sum.setValue(values, 0, bytes).setVersion(delta.versionHi(), delta.versionLo());
  }
}
