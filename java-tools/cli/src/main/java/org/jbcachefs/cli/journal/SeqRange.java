// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.journal;

import org.jbcachefs.cli.UsageException;

/** Sequence numbers from one to another, both included, unsigned. */
record SeqRange(long first, long last) {
  static final SeqRange ALL = new SeqRange(0, -1);

  /** {@code SEQ}, {@code SEQ..SEQ}, {@code ..SEQ}, {@code SEQ..}; the ends in any order. */
  static SeqRange parse(String text) {
    int dots = text.indexOf("..");
    if (dots < 0) {
      long seq = number(text);
      return new SeqRange(seq, seq);
    }
    String left = text.substring(0, dots);
    String right = text.substring(dots + 2);
    long first = left.isEmpty() ? 0 : number(left);
    long last = right.isEmpty() ? -1 : number(right);
    return Long.compareUnsigned(first, last) > 0
        ? new SeqRange(last, first)
        : new SeqRange(first, last);
  }

  boolean contains(long seq) {
    return Long.compareUnsigned(seq, first) >= 0 && Long.compareUnsigned(seq, last) <= 0;
  }

  private static long number(String text) {
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException _) {
      throw new UsageException("'" + text + "' is no sequence number");
    }
  }
}
