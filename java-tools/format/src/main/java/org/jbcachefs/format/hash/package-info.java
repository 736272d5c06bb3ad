// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * String hashes: the offsets at which directory entries and xattrs are stored.
 *
 * <p>A name's key is at (inode, hash of the name). Where that is taken, at the next free offset; a
 * deleted entry leaves a hash_whiteout behind if later ones must stay reachable. A lookup starts at
 * the hash and goes on from offset to offset until the first that holds neither an entry nor a
 * whiteout.
 *
 * <pre>
 *   type         register                                      result
 *   0 crc32c     starts at ~0, fed the seed, then the name      32 bits, not inverted
 *   1 crc64      the same, ECMA-182                             shifted right by 1
 *   2 siphash_old  SipHash-2-4, key = first 16 bytes of the     shifted right by 1
 *                  seed's SHA-256
 *   3 siphash    SipHash-2-4, key = seed, 0                     shifted right by 1
 * </pre>
 *
 * <p>Type and seed are the directory's (or file's) inode's. Directories with the flag
 * 31bit_dirent_offset use the low 31 bits. Offsets 0 and 1 of directories are kept for "." and
 * "..". An xattr's hash is that of its type byte and its name without prefix (with SipHash in a way
 * of its own, see {@code SipHash}).
 *
 * <p>{@link org.jbcachefs.format.hash.Casefold} folds names as the kernel does: Unicode 12.1's
 * canonical decomposition and full case folding, ignorable code points dropped. The folded name is
 * what is hashed and compared in directories that fold.
 */
package org.jbcachefs.format.hash;
