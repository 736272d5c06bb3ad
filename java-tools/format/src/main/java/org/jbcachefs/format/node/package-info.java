// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Btree nodes on disk.
 *
 * <p>A node is a log of bsets (sorted sets of keys) in one place of {@code btree_node_size} bytes.
 * The first bset is written with the node's header, later ones are appended at the next block
 * boundary; nothing in a node is ever overwritten. Readers merge the bsets: at equal positions the
 * newest wins, deletions disappear.
 *
 * <pre>
 *   byte   0  csum        16  checksum of bytes 16 .. end of the first bset's keys
 *         16  magic        8  {@link org.jbcachefs.format.node.BtreeNodeLayout#MAGIC} ^ internal uuid's first word
 *         24  flags        8  btree id, level, node seq              \
 *         32  min_key     20  first position, included                |
 *         52  max_key     20  last position, included                 | encrypted with the keys
 *         72  _ptr         8  unused                                  |
 *         80  format      56  bkey_format of the packed keys         /
 *        136  bset        24  seq, journal_seq, flags, version, u64s
 *        160  keys       8 * u64s
 *              zeros to the next block boundary, covered by no checksum
 *   block  n  csum        16  checksum of what follows, to the end of this bset's keys
 *         16  bset        24
 *         40  keys       8 * u64s
 *              ...
 * </pre>
 *
 * <p>All bsets of a node carry the same random {@code seq}, which the pointer to the node repeats:
 * a node of another life at the same place is recognised by it. How far a node is written is said
 * by the pointer ({@code sectors_written}); what lies beyond is of no account.
 *
 * <p>{@link org.jbcachefs.format.node.NodeDecoder} checks and decrypts a node's bytes, {@link
 * org.jbcachefs.format.node.NodeEncoder} makes them. Neither does I/O. What no checksum covers is
 * the padding after each bset, which is zero ({@link org.jbcachefs.format.node.NodePadding}), and
 * everything beyond the sectors written.
 */
package org.jbcachefs.format.node;
