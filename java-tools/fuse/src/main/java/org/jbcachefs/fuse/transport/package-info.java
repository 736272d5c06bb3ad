// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Carries FUSE requests from the kernel to a {@link org.jbcachefs.fuse.transport.RequestHandler}
 * and its replies back.
 *
 * <p>Two ways: {@link org.jbcachefs.fuse.transport.DeviceTransport} reads /dev/fuse, one cloned
 * descriptor for each worker thread; {@link org.jbcachefs.fuse.transport.RingTransport} has the
 * kernel put requests into io_uring entries, one queue for each CPU, served by a thread on that
 * CPU. Both show a request as a {@link org.jbcachefs.fuse.transport.Request} whose buffers are
 * reused: serving a request allocates nothing here. {@link
 * org.jbcachefs.fuse.transport.LocalRequests} makes such requests without a kernel.
 *
 * <p>Native code is called with numbers only and never calls back; what it reports becomes a {@link
 * org.jbcachefs.block.jni.NativeException} with the operation and its errno.
 */
package org.jbcachefs.fuse.transport;
