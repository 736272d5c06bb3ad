// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

/**
 * One name in a directory.
 *
 * @param name raw bytes as stored
 * @param hash the entry's position in the directory, usable as the cookie to go on after
 * @param type DT_* as in dirent(3); 4 for a subvolume's root too
 * @param target what it names; for a subvolume's root in that subvolume
 * @param subvolume whether it is the root of a subvolume or snapshot
 */
public record DirectoryEntry(byte[] name, long hash, int type, FileId target, boolean subvolume) {}
