// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Btrees in memory, as they are written to.
 *
 * <p>A {@link org.jbcachefs.engine.btree.live.LiveNode} has a range for life and one reference to
 * its {@link org.jbcachefs.engine.btree.live.NodeContent}: the bsets that are written, merged, and
 * behind them a {@link org.jbcachefs.engine.btree.live.Tail} of keys that are journalled but in no
 * bset yet. Contents are immutable; a change puts another one in place. So a reader takes the
 * reference and needs no lock, a writer recognises by it whether a node changed, and writing a node
 * takes the content as it was at one moment while keys go on arriving behind it.
 *
 * <p>{@link org.jbcachefs.engine.btree.live.LiveBtrees} is the {@code Btrees} of a filesystem that
 * is open for writing: every reader of btrees works on it. A btree that was never written has a
 * root without a place.
 *
 * <p>Invariants: nodes of a level cover all positions without gaps; what a pointer in a parent
 * leads to is either in memory or on the devices as far as the pointer says; nodes with a tail, and
 * those being written, never leave memory. Everything but reading happens under the commit lock.
 */
package org.jbcachefs.engine.btree.live;
