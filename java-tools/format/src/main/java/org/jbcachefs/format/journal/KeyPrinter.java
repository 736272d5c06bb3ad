// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.journal;

import org.jbcachefs.format.bkey.Bkey;

/** Prints a key with its value; given from outside, since values are no matter of the journal. */
@FunctionalInterface
public interface KeyPrinter {
  void append(StringBuilder out, int btree, int level, Bkey key);
}
