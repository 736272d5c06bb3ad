// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Encryption and authentication: ChaCha20 and Poly1305 (RFC 8439) with the format's own nonces, and
 * the way from a passphrase to the filesystem's key.
 *
 * <p>One 32-byte key encrypts everything but superblocks and the headers that are needed to build a
 * nonce. ChaCha20's state is constant, key, and the 16-byte {@link
 * org.jbcachefs.format.crypto.Nonce}, whose first word is the block counter:
 *
 * <pre>
 *   what             word 0                                word 1      word 2      word 3
 *   superblock key   0                                     0           uuid lo     uuid hi
 *   journal entry    0                                     seq lo      seq hi      3 &lt;&lt; 28
 *   bset             byte offset of the entry in the node  seq lo      seq hi      journal_seq lo ^ 2 &lt;&lt; 28
 *   extent           uncompressed_size &lt;&lt; 22 (if           version lo  version lo  (version hi | compression &lt;&lt; 24)
 *                    compressed) + crc nonce * 8           0..31       32..63      ^ 1 &lt;&lt; 28
 *   MAC's key        the same                              the same    the same    the same ^ 1 &lt;&lt; 31
 * </pre>
 *
 * <p>The MAC covers the bytes as they lie on the device (encrypted); its one-time key is the first
 * 32 bytes of the key stream of the last row. {@link org.jbcachefs.format.crypto.Integrity} is what
 * readers and writers call; {@link org.jbcachefs.format.crypto.EncryptedKey} is the superblock's
 * crypt section.
 */
package org.jbcachefs.format.crypto;
