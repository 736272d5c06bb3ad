// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import org.jbcachefs.engine.check.RecordSorter;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.value.ReflinkP;

/**
 * Where references to shared extents begin and end in the reflink btree, as records to be sorted: a
 * sector, and what happens there. Ends come before beginnings.
 */
final class ReferenceEvents {
  static final int LONGS = 2;

  static final long END = 0;

  /** Of one that says of itself that what it refers to is missing. */
  static final long END_OF_KNOWN = 1;

  static final long BEGIN = 2;
  static final long BEGIN_OF_KNOWN = 3;

  private ReferenceEvents() {}

  static void add(RecordSorter.Writer writer, Bkey key, ReflinkP reference) {
    long begin = begin(reference);
    long end = end(key, reference);
    boolean known = reference.error();
    writer.add(begin, known ? BEGIN_OF_KNOWN : BEGIN);
    writer.add(end, known ? END_OF_KNOWN : END);
  }

  /** First sector that a reference covers. */
  static long begin(ReflinkP reference) {
    return reference.index() - Integer.toUnsignedLong(reference.frontPad());
  }

  /** The sector behind the last one that a reference covers. */
  static long end(Bkey key, ReflinkP reference) {
    return reference.index()
        + Integer.toUnsignedLong(key.size())
        + Integer.toUnsignedLong(reference.backPad());
  }
}
