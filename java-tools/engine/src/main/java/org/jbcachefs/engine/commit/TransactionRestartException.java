// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

/**
 * What a transaction read has changed: it must be begun anew. {@link Committer#transact} does that;
 * whoever commits by hand catches it.
 */
public final class TransactionRestartException extends RuntimeException {
  private static final long serialVersionUID = 1;

  TransactionRestartException() {
    super("what the transaction read has changed; begin it anew", null, false, false);
  }
}
