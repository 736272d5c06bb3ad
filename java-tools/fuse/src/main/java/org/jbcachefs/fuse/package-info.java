// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The mount: a bcachefs filesystem shown through the kernel's FUSE client.
 *
 * <p>{@code protocol} knows the messages, {@code transport} carries them between the kernel and
 * threads of ours, {@code session} answers them from the engine, {@code mount} attaches a session
 * to a directory and detaches it. Nothing here touches on-disk bytes.
 */
package org.jbcachefs.fuse;
