// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Journal entries on disk, called jsets: a header, and typed entries behind it.
 *
 * <p>A jset begins on a block boundary of a journal bucket, never crosses the bucket's end, and is
 * padded with zeros to the next block. Numbers are little endian.
 *
 * <pre>
 *   jset                                            bytes
 *    0  csum            of everything from magic on    16
 *   16  magic           internal uuid's first 8 bytes
 *                       XOR 0x245235c1a3625032          8
 *   24  seq             dense, never written twice      8
 *   32  version         of the format                   4
 *   36  flags           0-3 checksum type, 4 big endian,
 *                       5 no flush, 6 has overwrites    4
 *   40  u64s            length of the entries / 8       4
 *   44  (unused; encrypted from here to the end)        4
 *   48  last_seq        oldest jset still needed        8
 *   56  entries         u64s * 8 bytes
 *
 *   entry
 *    0  u64s            length of the data / 8          2
 *    2  btree_id        also: which usage               1
 *    3  level           of the btree; log: 1 = message  1
 *    4  type                                            1
 *    5  padding                                         3
 *    8  data            u64s * 8 bytes
 * </pre>
 *
 * <p>The data by type: keys, one after another and always unpacked, for btree_keys, btree_root (a
 * single one), overwrite, log_bkey; and
 *
 * <pre>
 *   blacklist 3     seq u64                       usage 5     value u64
 *   blacklist_v2 4  first u64, last u64           clock 7     0 read / 1 write u8, 7 padding, sectors u64
 *   data_usage 6    sectors u64, data type u8, devices u8, required u8, device u8...
 *   dev_usage 8     device u32, padding u32, erasure-coded u64, unavailable u64,
 *                   (buckets u64, sectors u64, fragmented u64) for each data type
 *   log 9           text, zero padded             datetime 12 seconds since 1970 u64
 *   rewind_limit 14 seq u64                       rewind 15   from u64, to u64
 * </pre>
 *
 * <p>A <em>flush</em> entry was preceded by a cache flush: it and all before it are durable. Of
 * those with the no-flush flag last_seq means nothing. What is encrypted is encrypted first and
 * checksummed afterwards, with the nonce 0, seq low, seq high, 3 &lt;&lt; 28.
 *
 * <p>{@link Jset}, {@link JsetEntry} and {@link JsetKeys} are cursors over bytes, {@link JsetValue}
 * the entries without keys as values, {@link JsetBuilder} the way back. {@link JsetCheck} names
 * what contradicts the format by the format's own error names. The entries in the superblock's
 * clean section are the same.
 */
package org.jbcachefs.format.journal;
