// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import java.util.BitSet;
import org.jbcachefs.engine.alloc.write.FreeSource;

/** Free buckets, one bit each. Immutable once handed over. */
record FreeBitmaps(BitSet[] free) implements FreeSource {
  @Override
  public long count(int device) {
    return device < free.length ? free[device].cardinality() : 0;
  }

  @Override
  public long next(int device, long from) {
    return device < free.length ? free[device].nextSetBit((int) from) : -1;
  }
}
