// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;

/** A decoded value that can be encoded again. Immutable, thread-safe. */
public interface Value {
  /** Length of the encoded value in bytes, a multiple of 8. */
  int bytes();

  /** Writes the value, {@link #bytes} long, at that byte of a segment that has room for it. */
  void encode(MemorySegment out, long at);
}
