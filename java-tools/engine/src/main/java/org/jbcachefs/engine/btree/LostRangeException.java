// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.CorruptionException;

/**
 * Carries a node's read error up a descent, together with the range that cannot be read. Never
 * leaves this package: iterators throw its cause, and go on behind the range.
 */
final class LostRangeException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient Segment segment;

  LostRangeException(CorruptionException cause, Bpos from, Bpos to) {
    super(cause.getMessage(), cause, false, false);
    this.segment = new Segment(null, from, to);
  }

  /** The range without its node. */
  Segment segment() {
    return segment;
  }

  CorruptionException corruption() {
    return (CorruptionException) getCause();
  }
}
