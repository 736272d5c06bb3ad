// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

/** Told of data that is lost, and marked so; the same may be told twice. */
@FunctionalInterface
public interface LostListener {
  /** Nobody wants to know. */
  LostListener NONE = (_, _, _, _) -> {};

  /**
   * A range of a file.
   *
   * @param snapshot whose key says so from now on
   * @param start in sectors
   * @param end in sectors, behind it
   */
  void lost(long inode, int snapshot, long start, long end);
}
