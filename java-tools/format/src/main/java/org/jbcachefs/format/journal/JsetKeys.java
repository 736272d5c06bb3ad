// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.journal;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bytes.Le;

/**
 * A cursor over the keys of one entry, which are all unpacked. What cannot be a key is left out the
 * way recovery leaves it out: a key of another format alone, one of impossible length with all that
 * follow it; {@link JsetCheck} names what that was. Reusable; not thread-safe; allocates nothing.
 */
public final class JsetKeys {
  private MemorySegment segment = MemorySegment.NULL;
  private long at;
  private long next;
  private long end;

  /** The keys of an entry of a type that has keys. */
  public JsetKeys over(JsetEntry entry) {
    segment = entry.segment();
    next = entry.dataOffset();
    end = next + entry.dataBytes();
    at = next;
    return this;
  }

  /** Moves to the next key; false at the end. */
  public boolean next() {
    while (next < end) {
      int u64s = Le.u8(segment, next + Bkey.OFFSET_U64S);
      if (u64s == 0 || next + u64s * 8L > end) {
        next = end;
        return false;
      }
      at = next;
      next += u64s * 8L;
      if (u64s >= Bkey.U64S && isUnpacked(segment, at)) {
        return true;
      }
    }
    return false;
  }

  /** Where the key begins in the entry's segment. */
  public long offset() {
    return at;
  }

  /** Reads the current key. */
  public Bkey read(Bkey out) {
    return out.readUnpacked(segment, at);
  }

  static boolean isUnpacked(MemorySegment segment, long at) {
    return (Le.u8(segment, at + Bkey.OFFSET_FORMAT) & Bkey.FORMAT_MASK) == Bkey.FORMAT_CURRENT;
  }
}
