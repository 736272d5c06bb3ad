// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Writing nodes.
 *
 * <p>{@link org.jbcachefs.engine.btree.write.NodeWork} decides. Where there is room, a node's
 * unwritten keys become one more bset of it; then the pointer in its parent (or the root) is
 * updated by a commit of its own, which says how far the node counts from now on, and only that
 * releases the journal entries of those keys. Where there is no room, or the node was never
 * written, its keys, and those of a small neighbour, go into new nodes in fresh space ({@code
 * NodeReplacement}): written, then marked in the members' bitmaps, then made reachable by one
 * commit.
 *
 * <p>Nobody waits for a node that is being written: the content is immutable, keys that arrive
 * meanwhile stay in the tail, of the old node or of the new ones.
 *
 * <p>A bset is never so far ahead of the durable journal that a crash would let its sequence number
 * be used again: the journal is flushed first.
 */
package org.jbcachefs.engine.btree.write;
