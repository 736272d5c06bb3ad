// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Messages between commands and the daemons of mounted filesystems: bytes there, bytes back. What
 * they mean is the business of both ends.
 *
 * <p>A daemon serves a {@link org.jbcachefs.fuse.control.ControlTransport}; {@link
 * org.jbcachefs.fuse.control.SocketTransport} is the one that is there without a kernel module: a
 * socket in the daemon's {@link org.jbcachefs.fuse.mount.RunDirectory}, which only its user and
 * root can open. Commands find it through {@link org.jbcachefs.fuse.control.ControlClient}, by a
 * mountpoint or by a filesystem's uuid.
 *
 * <p>Where the kernel module is loaded {@link org.jbcachefs.fuse.control.ShimTransport} serves
 * beside it: the same messages, by the filesystem's uuid.
 *
 * <pre>
 * on a socket, each way:   | length u32, big-endian | message |       up to 1 MiB
 * </pre>
 */
package org.jbcachefs.fuse.control;
