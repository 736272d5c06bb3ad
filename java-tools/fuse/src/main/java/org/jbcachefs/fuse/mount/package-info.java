// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Attaches a session to a directory and detaches it again.
 *
 * <p>{@link org.jbcachefs.fuse.mount.FuseMount} mounts: with mount(2) where we may, through the
 * setuid program fusermount3 for ordinary users; then negotiates, picks a transport and serves.
 * {@link org.jbcachefs.fuse.mount.Background} turns the serving process into a daemon. A daemon
 * holds {@link org.jbcachefs.fuse.mount.MountLock} until its devices are closed, which {@link
 * org.jbcachefs.fuse.mount.Unmount} waits for.
 *
 * <p>Rare system calls go through JNA here; what is called for every request is in {@code
 * transport}.
 */
package org.jbcachefs.fuse.mount;
