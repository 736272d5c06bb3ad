// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.journal.write.Journal;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.journal.JsetBuilder;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetValue;

/** What every journal entry ends with, and what the clean section consists of. */
public final class RootsAndClocks implements Journal.EntryEnd {
  private static final int ROOT_BYTES_MOST = 8 + 40 + 40 + 16 * 8;
  private static final int OTHER_BYTES = 128;

  private final LiveBtrees btrees;
  private final Clocks clocks;
  private final WriteRules rules;

  public RootsAndClocks(LiveBtrees btrees, Clocks clocks, WriteRules rules) {
    this.btrees = btrees;
    this.clocks = clocks;
    this.rules = rules;
  }

  @Override
  public int bytes() {
    int roots = 0;
    for (int btree = 0; btree <= BtreeId.NUMBER_LIMIT; btree++) {
      roots += btrees.root(btree) == null ? 0 : 1;
    }
    return roots * ROOT_BYTES_MOST + OTHER_BYTES;
  }

  @Override
  public void addTo(JsetBuilder builder, long seq) {
    addRoots(builder);
    addClocks(builder);
    builder.value(new JsetValue.DateTime(clocks.wall().instant().getEpochSecond()));
    if (rules.hold(WriteRule.REWIND_LIMIT)) {
      builder.value(new JsetValue.RewindLimit(seq + 1));
    }
  }

  /** The roots of all btrees that have one; with the commit lock held. */
  public void addRoots(JsetBuilder builder) {
    for (int btree = 0; btree <= BtreeId.NUMBER_LIMIT; btree++) {
      LiveNode root = btrees.root(btree);
      if (root != null && root.pointer() != null) {
        builder.entry(JsetEntryType.BTREE_ROOT.number(), btree, root.level());
        builder.key(root.pointer().toKey());
      }
    }
  }

  /** The highest key version and the two clocks. */
  public void addClocks(JsetBuilder builder) {
    builder.value(new JsetValue.Usage(JsetValue.Usage.KEY_VERSION, clocks.keyVersion()));
    builder.value(new JsetValue.Clock(false, clocks.read()));
    builder.value(new JsetValue.Clock(true, clocks.write()));
  }
}
