// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.Arrays;
import java.util.function.Predicate;
import org.jbcachefs.format.bkey.Bkey;

/** Some of the keys of an overlay, in the same order. Thread-safe. */
final class ChosenKeys implements OverlayKeys {
  private final OverlayKeys all;
  private final int[] chosen;

  private ChosenKeys(OverlayKeys all, int[] chosen) {
    this.all = all;
    this.chosen = chosen;
  }

  /** Those that fit; the same object if all do. */
  static OverlayKeys of(OverlayKeys all, Predicate<Bkey> fits) {
    int[] chosen = new int[all.size()];
    int count = 0;
    Bkey key = new Bkey();
    for (int i = 0; i < all.size(); i++) {
      all.get(i, key);
      if (fits.test(key)) {
        chosen[count++] = i;
      }
    }
    return count == all.size() ? all : new ChosenKeys(all, Arrays.copyOf(chosen, count));
  }

  @Override
  public int size() {
    return chosen.length;
  }

  @Override
  public int lowerBound(long inode, long offset, int snapshot) {
    int at = Arrays.binarySearch(chosen, all.lowerBound(inode, offset, snapshot));
    return at >= 0 ? at : -at - 1;
  }

  @Override
  public void get(int index, Bkey out) {
    all.get(chosen[index], out);
  }
}
