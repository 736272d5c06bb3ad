// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.move;

import java.util.concurrent.atomic.AtomicLongArray;
import org.jbcachefs.format.bkey.Bpos;

/**
 * Tells whoever moves an extent that it was overwritten in place meanwhile: what was read of it is
 * not what it holds. Extents share marks. Thread-safe. Source: {@code bch2_bkey_nocow_trylock}.
 */
public final class InPlaceMarks {
  private static final int MARKS = 1024;

  private final AtomicLongArray marks = new AtomicLongArray(MARKS);

  /**
   * Right before and right after an extent is overwritten, with {@link Copygc#reading} held: it is
   * not replaced between the two.
   */
  public void mark(Bpos extent) {
    marks.incrementAndGet(index(extent));
  }

  /** What is the same later if the extent was not overwritten since, and is not right now. */
  long of(Bpos extent) {
    return marks.get(index(extent));
  }

  private static int index(Bpos extent) {
    long mixed = (extent.inode() * 0x9e3779b97f4a7c15L + extent.offset()) * 0xc2b2ae3d27d4eb4fL;
    return (int) (mixed >>> 54);
  }
}
