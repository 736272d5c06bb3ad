// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

/**
 * A file for those who write: the subvolume it is in and its inode number. It stays the same when
 * snapshots are made, other than a {@link FileId}, which says which keys are read.
 */
public record InodeId(int subvolume, long number) {}
