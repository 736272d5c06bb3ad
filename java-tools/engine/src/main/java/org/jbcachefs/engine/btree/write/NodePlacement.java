// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.write;

/**
 * Which members the nodes of a btree may be put on, of those that hold nodes at all. Asked for each
 * node, so that the answer may change while a filesystem is open; thread-safe.
 */
@FunctionalInterface
public interface NodePlacement {
  /** All of them. */
  NodePlacement ANYWHERE = (_, _) -> true;

  /**
   * Whether that btree's nodes may be there.
   *
   * @param btree its number
   * @param device index of a member
   */
  boolean allows(int btree, int device);
}
