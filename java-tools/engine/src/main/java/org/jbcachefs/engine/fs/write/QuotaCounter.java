// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

/** What quotas count. Source: {@code enum quota_counters}. */
public enum QuotaCounter {
  /** Sectors, as inodes count them. */
  SPACE(0),
  INODES(1);

  /** How many there are. */
  public static final int COUNT = 2;

  private final int number;

  QuotaCounter(int number) {
    this.number = number;
  }

  /** As in keys and superblocks. */
  public int number() {
    return number;
  }

  @Override
  public String toString() {
    return this == SPACE ? "space" : "inodes";
  }
}
