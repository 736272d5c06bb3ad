// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import java.util.Locale;

/** Reasons for which reconcile has to work on data. Source: {@code BCH_RECONCILE_ACCOUNTING}. */
public enum ReconcileWork {
  REPLICAS(0),
  CHECKSUM(1),
  ERASURE_CODE(2),
  COMPRESSION(3),
  TARGET(4),
  HIGH_PRIORITY(5),
  PENDING(6),
  STRIPES(7);

  private static final ReconcileWork[] BY_NUMBER = values();

  private final int number;

  ReconcileWork(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** The reason with that number, or null for one that is not known. */
  public static ReconcileWork of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
