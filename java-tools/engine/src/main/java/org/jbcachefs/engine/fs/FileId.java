// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

/**
 * A file: the subvolume it was reached through, the snapshot its keys are read at, and its inode
 * number. Hard links of one file in one subvolume are equal.
 */
public record FileId(int subvolume, int snapshot, long inode) {}
