// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Compression of file data, one extent at a time.
 *
 * <pre>
 *   number  name            bytes on the device
 *   0       none            as they are
 *   1       lz4_old         an LZ4 block, read like 3; no longer written
 *   2       gzip            a raw deflate stream (no zlib or gzip header)
 *   3       lz4             an LZ4 block; ends when the output is full
 *   4       zstd            u32 length of what follows, then a zstd frame
 *   5       incompressible  as they are: compressing was tried and did not help
 * </pre>
 *
 * <p>The result is zero padded to whole blocks; checksum and encryption cover the padding too. The
 * crc entry gives both sizes in sectors. {@link org.jbcachefs.format.compress.Decompressor} and
 * {@link org.jbcachefs.format.compress.Compressor} belong to one thread each and keep the codecs'
 * state for reuse.
 */
package org.jbcachefs.format.compress;
