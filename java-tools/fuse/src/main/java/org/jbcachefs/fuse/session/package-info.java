// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Answers FUSE requests from an open filesystem.
 *
 * <p>{@link org.jbcachefs.fuse.session.Session} is the handler; what changes the filesystem goes
 * through {@link org.jbcachefs.fuse.session.Changes}. The kernel knows files by node numbers that
 * {@link org.jbcachefs.fuse.session.NodeTable} gives out and takes back; people know them by inode
 * numbers, see {@link org.jbcachefs.fuse.session.InodeNumbers}. What goes wrong below becomes an
 * errno in {@link org.jbcachefs.fuse.session.Failures}, and a line in the log where something is
 * damaged.
 *
 * <p>Whatever changes, changes through the kernel, or is told to it, so it may keep every answer
 * (names that are not there included) for as long as it likes, and files and directories need not
 * be opened. It keeps what is written in its page cache, and sends it in pieces of up to 1 MiB when
 * a file is closed or synced or memory is needed: this is the one cache of data that is not written
 * yet, nothing is kept back here.
 */
package org.jbcachefs.fuse.session;
