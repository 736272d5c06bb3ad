// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Extents: where the data of a key is.
 *
 * <p>The value of an extent, a reflink_v (after an 8-byte reference count) or a btree pointer
 * (after its own header) is a row of entries in 8-byte words. The type of an entry is the index of
 * the lowest set bit of its first word; the other bits belong to the entry:
 *
 * <pre>
 *   0  ptr           1 word   cached:1 at bit 1, unwritten:1 at 3, offset:44 at 4, dev:8 at 48, gen:8 at 56
 *   1  crc32         1 word   sizes and offset of 7 bits, no nonce, 4 bytes of checksum
 *   2  crc64         2 words  sizes and offset of 9 bits, nonce of 10, 10 bytes of checksum
 *   3  crc128        3 words  sizes, offset, nonce of 13 bits, 16 bytes of checksum
 *   4  stripe_ptr    1 word   the next pointer is a block of a stripe
 *   5  rebalance_v1  1 word   options for background work, old
 *   6  flags         1 word   first if present; bit 0: poisoned
 *   7  reconcile     1 word   options for background work
 *   8  reconcile_bp  1 word   of btree pointers
 * </pre>
 *
 * <p>A crc entry holds for all pointers after it, up to the next one. Pointers without any are
 * already trimmed to the key; with one, the pointer leads to everything that was written at once:
 * compressed_size sectors, which decode to uncompressed_size sectors, of which the key's own range
 * begins at offset. Sizes are stored less one. Replicas may be encoded differently but decode to
 * the same bytes.
 *
 * <p>A superblock section tells the sizes of all types that the writer knew ({@link
 * org.jbcachefs.format.extent.ExtentEntrySizes}), so that readers can step over unknown ones.
 * {@link org.jbcachefs.format.extent.ExtentEntries} is the cursor; {@link
 * org.jbcachefs.format.extent.StripeValue} reads the keys of the stripes btree.
 */
package org.jbcachefs.format.extent;
