// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Checks of files: inodes, extents, directory entries, xattrs, links, shared extents.
 *
 * <p>One look through everything serves all passes ({@link
 * org.jbcachefs.engine.check.fs.CheckFiles} hands out the shares). First all directory entries are
 * read beside the inodes of their directories, and noted down by what they lead to. Sorted, these
 * notes are then read beside inodes, extents and xattrs, inode by inode, range by range on all
 * threads: no btree is read twice, and nothing is looked up while all is well.
 *
 * <p>Snapshots are respected key by key: a key is seen by those descendants of its snapshot between
 * which and it no other key stands at its position. Keys in snapshots that are about to be deleted
 * count for nothing.
 *
 * <p>Invariants: memory is bounded, what must be remembered of every entry goes through a sorter;
 * nothing is allocated for each key; what could not be read is never called missing.
 */
package org.jbcachefs.engine.check.fs;
