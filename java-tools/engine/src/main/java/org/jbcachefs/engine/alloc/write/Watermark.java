// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

/** How far down the free buckets of a device may go for whom. */
public enum Watermark {
  /** File data: stops first, so that what makes room can still work. */
  NORMAL,
  /** Moving data out of buckets in order to empty them. */
  COPYGC,
  /** Btree nodes. */
  BTREE,
  /** Btree nodes of work that frees the journal or buckets. */
  RECLAIM;

  /**
   * Buckets that must stay free.
   *
   * @param buckets of the device
   */
  long keepsFree(long buckets) {
    long reserve = Math.max(Math.min(24, buckets / 33), buckets / 64);
    return switch (this) {
      case NORMAL -> reserve;
      case COPYGC -> reserve / 4;
      case BTREE -> reserve / 8;
      case RECLAIM -> 0;
    };
  }
}
