// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FsckError;

/** Whether buckets have the entries in the LRU lists that they must have. */
final class LruRefWorker implements KeyWorker {
  private final Findings findings;
  private final Buckets buckets;
  private final LruPosition positions;
  private final LruLookup lookup;
  private final AllocState state = new AllocState();
  private final boolean look;

  /**
   * @param look whether any entry can be missing
   */
  LruRefWorker(CheckContext context, Findings findings, boolean look) {
    this.findings = findings;
    this.buckets = new Buckets(context.filesystem().devices());
    this.positions = new LruPosition(context);
    this.lookup = new LruLookup(context, findings);
    this.look = look;
  }

  @Override
  public void key(Bkey key) {
    if (!buckets.isMember(key.inode()) || !state.read(key)) {
      return;
    }
    if (state.is(DataType.CACHED) && LruPosition.read(state) == 0) {
      findings.report(
          CheckFinding.of(
                  FsckError.ALLOC_KEY_CACHED_BUT_READ_TIME_ZERO,
                  "cached bucket that was never read")
              .at(BtreeId.ALLOC, key));
    }
    if (look) {
      long number = Buckets.toNumber(key.inode(), key.offset());
      int sectors = buckets.bucketSectors((int) key.inode());
      lookup.require(key, BtreeId.ALLOC, key.inode(), LruPosition.read(state), number);
      lookup.require(
          key,
          BtreeId.ALLOC,
          positions.fragmentationList(key.inode()),
          LruPosition.fragmentation(state, sectors),
          number);
    }
  }
}
