// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jbcachefs.engine.alloc.write.Counters;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.LiveKey;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.journal.JsetBuilder;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;

/**
 * A commit's changes of counters: the journal gets what is added, the btree the sum, both with the
 * same version, which is made of the place in the journal. Under the commit lock only.
 */
final class CounterUpdates {
  private static final int BTREE = BtreeId.ACCOUNTING.number();
  private static final int SEQ_BITS = 32;

  private final LiveBtrees btrees;
  private final List<Update> updates = new ArrayList<>();
  private final Bkey old = new Bkey();

  private record Update(LiveNode node, Bpos pos, long[] delta, long[] sum) {}

  CounterUpdates(LiveBtrees btrees) {
    this.btrees = btrees;
  }

  void clear() {
    updates.clear();
  }

  /** Finds the counters and adds up; changes nothing yet. */
  void compute(Counters counters) {
    updates.clear();
    for (Map.Entry<Bpos, long[]> entry : counters.deltas().entrySet()) {
      if (!counters.isNeeded(entry.getKey(), entry.getValue())) {
        continue;
      }
      Bpos pos = entry.getKey();
      long[] sum = entry.getValue().clone();
      LiveNode node = btrees.findInMemory(BTREE, 0, pos);
      if (node.content().lookup(pos.inode(), pos.offset(), pos.snapshot(), old)) {
        for (int i = 0; i < sum.length && i * 8 < old.valueBytes(); i++) {
          sum[i] += Le.u64(old.segment(), old.valueOffset() + 8L * i);
        }
      }
      updates.add(new Update(node, pos, entry.getValue(), sum));
    }
  }

  /** Bytes that these take in the journal. */
  long bytes() {
    long bytes = 0;
    for (Update update : updates) {
      bytes += JsetEntry.BYTES + Bkey.BYTES + (long) update.delta.length * Long.BYTES;
    }
    return bytes;
  }

  void apply(JsetBuilder builder, long seq, BiConsumer<LiveNode, LiveKey> insert) {
    for (Update update : updates) {
      int hi = (int) (seq >>> SEQ_BITS);
      long lo = seq << SEQ_BITS | builder.wordOffset();
      builder.entry(JsetEntryType.BTREE_KEYS.number(), BTREE, 0);
      builder.key(key(update.pos, update.delta, hi, lo));
      if (isZero(update.sum)) {
        update.node.setZeroed();
      }
      insert.accept(update.node, new LiveKey(key(update.pos, update.sum, hi, lo)));
    }
  }

  private static boolean isZero(long[] sum) {
    for (long each : sum) {
      if (each != 0) {
        return false;
      }
    }
    return true;
  }

  private static Bkey key(Bpos pos, long[] values, int versionHi, long versionLo) {
    Bkey key = new Bkey().setPos(pos).setType(KeyType.ACCOUNTING.number());
    key.setVersion(versionHi, versionLo);
    return key.setValue(MemorySegment.ofArray(values), 0, values.length * Long.BYTES);
  }
}
