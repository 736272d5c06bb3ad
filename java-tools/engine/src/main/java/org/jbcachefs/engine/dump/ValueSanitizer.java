// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.dump;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Xattr;

/**
 * Blots out what belongs to files in the values of keys, leaving lengths as they are. Takes values
 * as they come, well-formed or not.
 */
final class ValueSanitizer {
  private static final int REFCOUNT_BYTES = Long.BYTES;
  private static final int CASEFOLDED = 0x80;

  private final Sanitizing what;

  ValueSanitizer(Sanitizing what) {
    this.what = what;
  }

  /** Whether there is anything to do at all. */
  boolean isIdle() {
    return !what.data();
  }

  /**
   * Changes a value in place.
   *
   * @param type number of the key's type
   * @return whether anything was changed
   */
  boolean value(int type, MemorySegment bytes, long from, long to) {
    KeyType known = KeyType.of(type);
    if (known == null) {
      return false;
    }
    return switch (known) {
      case INLINE_DATA -> what.data() && fill(bytes, from, to, (byte) 0);
      case INDIRECT_INLINE_DATA -> what.data() && fill(bytes, from + REFCOUNT_BYTES, to, (byte) 0);
      case DIRENT -> what.names() && dirent(bytes, from, to);
      case XATTR -> what.names() && xattr(bytes, from, to);
      default -> false;
    };
  }

  private static boolean fill(MemorySegment bytes, long from, long to, byte with) {
    if (from >= to) {
      return false;
    }
    bytes.asSlice(from, to - from).fill(with);
    return true;
  }

  /** The name's padding stays, since it says how long the name is. */
  private static boolean dirent(MemorySegment bytes, long from, long to) {
    if (from + Dirent.OFFSET_TYPE >= to) {
      return false;
    }
    boolean folded = (Le.u8(bytes, from + Dirent.OFFSET_TYPE) & CASEFOLDED) != 0;
    long start = from + (folded ? Dirent.OFFSET_NAMES : Dirent.OFFSET_NAME);
    long end = to;
    while (end > start && Le.u8(bytes, end - 1) == 0) {
      end--;
    }
    return fill(bytes, start, end, (byte) 'X');
  }

  private static boolean xattr(MemorySegment bytes, long from, long to) {
    if (from + Xattr.OFFSET_NAME > to) {
      return false;
    }
    long start = from + Xattr.OFFSET_NAME + Le.u8(bytes, from + Xattr.OFFSET_NAME_LENGTH);
    return fill(bytes, start, to, (byte) 0);
  }
}
