// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.node.BtreePtrLayout;

/** Compares what of a key's value says where things are. */
final class PointerBytes {
  private PointerBytes() {}

  /** Whether two keys of one type say the same; how far a node is written does not matter. */
  static boolean equal(Bkey left, Bkey right) {
    int skip = left.type() == KeyType.BTREE_PTR_V2.number() ? BtreePtrLayout.BYTES : 0;
    return left.valueBytes() == right.valueBytes()
        && left.valueBytes() >= skip
        && MemorySegment.mismatch(
                left.segment(),
                left.valueOffset() + skip,
                left.valueOffset() + left.valueBytes(),
                right.segment(),
                right.valueOffset() + skip,
                right.valueOffset() + right.valueBytes())
            < 0;
  }
}
