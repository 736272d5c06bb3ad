// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyChecks;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/**
 * All leaf keys of a btree that can be read and do not contradict the format by themselves; ranges
 * that cannot be read are passed over. Belongs to one thread.
 */
public final class SoundKeys implements KeyIterator {
  private final KeyIterator keys;
  private final int btree;
  private final KeyChecks checks;

  /**
   * @param version of the filesystem
   */
  public SoundKeys(Btrees btrees, int btree, int version) {
    this.keys = btrees.iterate(btree, Bpos.MIN, Bpos.MAX);
    this.btree = btree;
    this.checks = new KeyChecks(version, _ -> {});
  }

  @Override
  public Bkey key() {
    return keys.key();
  }

  @Override
  public boolean next() {
    while (true) {
      try {
        if (!keys.next()) {
          return false;
        }
        if (checks.accept(btree, 0, keys.key(), Place.NOWHERE)) {
          return true;
        }
      } catch (CorruptionException e) {
        // The iterator goes on behind what cannot be read, which whoever checks has reported.
        checks.accept(btree, 0, keys.key(), Place.NOWHERE);
      }
    }
  }

  @Override
  public void seek(Bpos pos) {
    keys.seek(pos);
  }

  @Override
  public void close() {
    keys.close();
  }
}
