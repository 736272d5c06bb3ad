// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Changing the namespace: every operation that POSIX and Linux have on files and directories, each
 * one transaction, so that it happens as a whole or not at all.
 *
 * <p>{@link org.jbcachefs.engine.fs.write.WritableTree} is what mounts and commands see. Files are
 * named by {@link org.jbcachefs.engine.fs.InodeId}; failures by the rules of POSIX are {@link
 * org.jbcachefs.format.error.PosixException}s. Permissions are the caller's business: a mount's
 * kernel checks them; what flags of inodes forbid (immutable, append only) is checked here.
 *
 * <p>An inode that lost its last name stays while somebody holds it ({@code deleted_inodes} lists
 * it, should there be a crash), and goes with all it has when the last one lets go.
 */
package org.jbcachefs.engine.fs.write;
