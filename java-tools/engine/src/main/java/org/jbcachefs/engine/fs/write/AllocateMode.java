// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

/** What fallocate(2) does with a range. */
public enum AllocateMode {
  /** Room for all of it; the file grows to its end. */
  ALLOCATE,
  /** Room for all of it; the file's size stays. */
  ALLOCATE_KEEP_SIZE,
  /** Nothing is left there, and the size stays. */
  PUNCH_HOLE,
  /** Zeros and room for all of it; the file grows to its end. */
  ZERO_RANGE,
  /** Zeros and room for all of it; the file's size stays. */
  ZERO_RANGE_KEEP_SIZE;

  boolean keepsSize() {
    return this == ALLOCATE_KEEP_SIZE || this == PUNCH_HOLE || this == ZERO_RANGE_KEEP_SIZE;
  }

  boolean zeros() {
    return this == ZERO_RANGE || this == ZERO_RANGE_KEEP_SIZE;
  }

  boolean removesData() {
    return this == PUNCH_HOLE || zeros();
  }
}
