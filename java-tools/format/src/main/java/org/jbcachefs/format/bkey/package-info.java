// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Keys: positions, key headers and their packing.
 *
 * <p>A key is a header and a value, both in units of 8 bytes:
 *
 * <pre>
 *   byte 0  u64s      header + value in 8-byte words
 *   byte 1  format:7  0 = the node's own packed format, 1 = unpacked;  needs_whiteout:1
 *   byte 2  type      key type
 *   unpacked: 3 pad, 4..15 bversion (lo u64, hi u32), 16 size u32, 20..39 bpos (snapshot u32, offset u64, inode u64)
 *   packed:   six fields (inode, offset, snapshot, size, version hi, version lo), from the most significant bit of the
 *             last word of the key downwards, each stored minus the format's field_offset
 * </pre>
 *
 * <p>{@link Bpos} and {@link BkeyFormat} are immutable; {@link Bkey} is a reusable cursor: an
 * unpacked header and where its value lies. Scans allocate no object per key.
 */
package org.jbcachefs.format.bkey;
