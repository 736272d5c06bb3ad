// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.rebuild;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.engine.btree.FoundNode;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetBuilder;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetValue;
import org.jbcachefs.format.sb.CleanSection;

/**
 * Where btrees begin if no journal entry is left that says so: at the newest node of the highest
 * level that spans everything. A btree of which only parts are left gets a root that cannot be
 * read, so that whoever repairs it looks for the parts.
 */
final class ScannedRoots {
  private static final int ROOT_BYTES_MOST = 512;

  /** Numbers of keys' versions that may have been used. */
  private static final long KEY_VERSION = 1L << 32;

  private static final Comparator<FoundNode> BEST =
      Comparator.comparingInt(FoundNode::level)
          .thenComparing(FoundNode::nodeSeq, Integer::compareUnsigned)
          .thenComparing(FoundNode::journalSeq, Long::compareUnsigned);

  private final Map<Integer, FoundNode> roots = new TreeMap<>();
  private final Map<Integer, FoundNode> parts = new TreeMap<>();
  private long journalSeq;

  ScannedRoots(List<FoundNode> found) {
    for (FoundNode node : found) {
      journalSeq = Math.max(journalSeq, node.journalSeq());
      boolean all = node.minKey().equals(Bpos.MIN) && node.maxKey().equals(Bpos.MAX);
      (all ? roots : parts).merge(node.btree(), node, (a, b) -> BEST.compare(a, b) >= 0 ? a : b);
    }
    // A root that is no higher than parts of its btree are was replaced long ago.
    parts.forEach((btree, part) ->
        roots.computeIfPresent(btree, (_, root) -> root.level() > part.level() ? root : null));
  }

  /** How many btrees have a root. */
  int count() {
    return roots.size();
  }

  /** What a clean end would have said. */
  CleanSection section() {
    MemorySegment memory =
        Arena.ofAuto().allocate((long) (roots.size() + parts.size()) * ROOT_BYTES_MOST + 4096, 8);
    JsetBuilder builder = new JsetBuilder(memory, 0).header(0, 0, 0, 0, 0);
    builder.value(new JsetValue.Usage(JsetValue.Usage.KEY_VERSION, KEY_VERSION));
    builder.value(new JsetValue.Clock(false, 0)).value(new JsetValue.Clock(true, 0));
    roots.values().forEach(node -> add(builder, node, node.level()));
    parts.forEach((btree, node) -> {
      if (!roots.containsKey(btree)) {
        add(builder, node, node.level() + 1);
      }
    });
    long length = builder.bytes() - Jset.BYTES;
    Bytes entries = Bytes.copyOf(memory, Jset.OFFSET_ENTRIES, length);
    return new CleanSection(0, 0, 0, journalSeq + 1, entries);
  }

  private static void add(JsetBuilder builder, FoundNode node, int level) {
    builder.entry(JsetEntryType.BTREE_ROOT.number(), node.btree(), level);
    builder.key(node.pointer(Bpos.MIN, Bpos.MAX).toKey());
  }
}
