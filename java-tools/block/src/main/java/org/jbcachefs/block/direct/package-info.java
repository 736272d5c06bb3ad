// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Devices that libjbcachefs reads and writes: files and block nodes by system calls and io_uring,
 * claims of the kernel shim by its requests. {@code NativeQueue} has many requests under way for
 * either. The calling thread waits in native code; buffers and slots are shared memory, and a
 * request allocates nothing.
 */
package org.jbcachefs.block.direct;
