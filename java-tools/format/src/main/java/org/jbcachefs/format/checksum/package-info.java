// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Checksums: every structure and every extent is guarded by one of {@link
 * org.jbcachefs.format.checksum.ChecksumType}'s kinds.
 *
 * <p>A checksum field on disk is 16 bytes, two little-endian words; what the type does not use is
 * zero, and a reader compares all of it:
 *
 * <pre>
 *   number  name                    bytes  computed how
 *   0       none                    0      always zero
 *   1       crc32c_nonzero          4      CRC-32C, starts with all ones, inverted at the end (metadata)
 *   2       crc64_nonzero           8      ECMA-182, most significant bit first, all ones, inverted (metadata)
 *   3       chacha20_poly1305_80    10     the first 10 bytes of the Poly1305 MAC, see format.crypto
 *   4       chacha20_poly1305_128   16     the whole Poly1305 MAC
 *   5       crc32c                  4      CRC-32C, starts with zero, no inversion (file data)
 *   6       crc64                   8      ECMA-182, starts with zero, no inversion (file data)
 *   7       xxhash                  8      XXH64 with seed 0 (both)
 * </pre>
 *
 * <p>Superblock, journal entry and btree node checksums begin right after the checksum field; an
 * extent's covers all sectors that were written for it, compressed and encrypted as they lie on the
 * device. Everything here is stateless and thread-safe and knows nothing of keys: {@link
 * org.jbcachefs.format.crypto.Integrity} covers all types.
 */
package org.jbcachefs.format.checksum;
