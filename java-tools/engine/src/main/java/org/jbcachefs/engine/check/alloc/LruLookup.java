// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;

/** Looks entries of LRU lists up. Belongs to one thread. */
final class LruLookup {
  private static final int LRU = BtreeId.LRU.number();

  private final CheckContext context;
  private final Findings findings;
  private final Bkey found = new Bkey();

  LruLookup(CheckContext context, Findings findings) {
    this.context = context;
    this.findings = findings;
  }

  /**
   * Reports it if what a key asks for is not listed.
   *
   * @param time 0 if it asks for nothing
   */
  void require(Bkey key, BtreeId btree, long list, long time, long number) {
    if (time == 0) {
      return;
    }
    Bpos at = Bpos.of(LruPosition.of(list, time), number);
    boolean there = context.btrees().lookup(LRU, at, found) && found.type() == KeyType.SET.number();
    if (!there && !context.damaged().mayLack(LRU, at, at)) {
      findings.report(
          CheckFinding.of(FsckError.ALLOC_KEY_TO_MISSING_LRU_ENTRY, "not in the LRU list")
              .at(btree, key)
              .expected("an entry at " + at)
              .found("none"));
    }
  }
}
