// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The namespace: inodes, directories, extended attributes, as a tree for each subvolume.
 *
 * <p>{@link org.jbcachefs.engine.fs.Namespace} and {@link org.jbcachefs.engine.fs.FileData} are
 * what mounts and commands see; {@link org.jbcachefs.engine.fs.NamespaceReader} reads the first
 * from the btrees, always through the eyes of one snapshot. A file is the subvolume it was reached
 * through, its snapshot, and its inode number.
 *
 * <p>{@link org.jbcachefs.engine.fs.RescuedFiles} shows what is left of a damaged filesystem: files
 * under their paths where these are left, the others by number in {@code /lost+found-jbcachefs},
 * missing inodes made up. Nothing is shown as a hole that may be a lost extent.
 *
 * <p>May be called by commands, mounts and checks; knows btrees and snapshots, not devices.
 */
package org.jbcachefs.engine.fs;
