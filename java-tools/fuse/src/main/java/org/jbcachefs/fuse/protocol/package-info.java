// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The messages of FUSE as the Linux kernel speaks them, protocol 7.31 to 7.45 ({@code
 * include/uapi/linux/fuse.h}): numbers and layouts, without any behaviour.
 *
 * <p>All fields are in the byte order of the machine and naturally aligned.
 *
 * <pre>
 * request:  | in header 40 | arguments of the operation | names and data ... |
 * reply:    | out header 16 | payload ...                                    |
 *
 * in header:   0 len u32 | 4 opcode u32 | 8 unique u64 | 16 nodeid u64
 *             24 uid u32 | 28 gid u32   | 32 pid u32   | 36 extension length u16 | 38 padding
 * out header:  0 len u32 | 4 error i32  | 8 unique u64
 * </pre>
 *
 * <p>Over io_uring the three parts of a request lie apart: 128 bytes of header, 128 bytes of
 * arguments, 32 bytes about the entry (flags, commit id, payload size) and a payload buffer; {@link
 * org.jbcachefs.fuse.transport.Request} hides the difference.
 */
package org.jbcachefs.fuse.protocol;
