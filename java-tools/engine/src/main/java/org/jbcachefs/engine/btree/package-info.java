// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Btrees: reading and merging nodes, iterating and looking up keys through the journal's overlay.
 *
 * <p>{@link org.jbcachefs.engine.btree.NodeReader} reads one node from the best of its copies and
 * says why others failed; the result is a {@link org.jbcachefs.engine.btree.BtreeNode}, its bsets
 * merged, immutable. {@link org.jbcachefs.engine.btree.BtreesOverDevices} finds the way from a root
 * down, each level seen through the overlay, and keeps the nodes used last. An iterator goes down
 * anew for every node and keeps nothing between two of them but a position, so that it can go on
 * behind a node that could not be read. Scans allocate nothing per key.
 *
 * <p>For a rescue {@link org.jbcachefs.engine.btree.NodeScan} finds nodes by their magic. In the
 * place of a lost root or interior node comes one that is made up of pointers to the newest leaves
 * found in its range; a lost leaf is replaced by its predecessors where those are left. {@link
 * org.jbcachefs.engine.btree.RescueReport} says what was replaced and what is lost. Of an unclean
 * filesystem that may bring back keys that never became durable, from nodes of a split that the
 * crash interrupted; it loses none.
 *
 * <p>Invariants: keys come in strictly ascending order; a key that two nodes claim comes once;
 * positions that no node covers have only journalled keys, and a finding says so.
 */
package org.jbcachefs.engine.btree;
