// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.crypto;

/**
 * The 16 bytes that set up ChaCha20 beside the key: state words 12 to 15. Word 12 is the block
 * counter, one for every 64 bytes; it is 32 bits wide and wraps. Source: {@code struct nonce},
 * {@code extent_nonce}, {@code btree_nonce}, {@code journal_nonce}, {@code __bch2_sb_key_nonce}.
 */
public record Nonce(int word0, int word1, int word2, int word3) {
  /** Bytes of key stream for one step of the counter. */
  public static final int BLOCK_BYTES = 64;

  /** What word 3 is mixed with, by what is encrypted. Source: {@code BCH_NONCE_EXTENT} etc. */
  public static final int EXTENT = 1 << 28;

  public static final int BTREE = 2 << 28;
  public static final int JOURNAL = 3 << 28;
  public static final int PRIO = 4 << 28;
  public static final int POLY = 1 << 31;

  /** All zeros: for checksums that are never MACs, e.g. the superblock's. */
  public static final Nonce NULL = new Nonce(0, 0, 0, 0);

  private static final int COMPRESSION_SHIFT = 24;
  private static final int UNCOMPRESSED_SHIFT = 22;
  private static final int BLOCKS_PER_SECTOR = 512 / BLOCK_BYTES;

  /** For the filesystem's key in the superblock: the first 8 bytes of the internal UUID. */
  public static Nonce superblockKey(long magicWord) {
    return new Nonce(0, 0, (int) magicWord, (int) (magicWord >>> 32));
  }

  public static Nonce journal(long seq) {
    return new Nonce(0, (int) seq, (int) (seq >>> 32), JOURNAL);
  }

  /**
   * For a bset of a btree node.
   *
   * @param byteOffset of the node entry in its node
   * @param seq the bset's random seq
   * @param journalSeq the bset's newest journal seq
   */
  public static Nonce bset(int byteOffset, long seq, long journalSeq) {
    return new Nonce(byteOffset, (int) seq, (int) (seq >>> 32), (int) journalSeq ^ BTREE);
  }

  /**
   * For an extent's data.
   *
   * @param versionHi upper 32 bits of the extent key's own bversion
   * @param versionLo lower 64 bits of it
   * @param compressionType 0 unless really compressed ("incompressible" counts as 0)
   * @param uncompressedSectors size before compression; ignored if not compressed
   * @param crcNonce the crc entry's nonce field, in sectors
   */
  public static Nonce extent(
      int versionHi, long versionLo, int compressionType, int uncompressedSectors, int crcNonce) {
    int size = compressionType == 0 ? 0 : uncompressedSectors;
    return new Nonce(
        (size << UNCOMPRESSED_SHIFT) + crcNonce * BLOCKS_PER_SECTOR,
        (int) versionLo,
        (int) (versionLo >>> 32),
        (versionHi | (compressionType << COMPRESSION_SHIFT)) ^ EXTENT);
  }

  /** The nonce for going on that many bytes later; a multiple of 64. */
  public Nonce plusBytes(long bytes) {
    if (bytes % BLOCK_BYTES != 0) {
      throw new IllegalArgumentException(bytes + " is no multiple of " + BLOCK_BYTES);
    }
    return new Nonce(word0 + (int) (bytes / BLOCK_BYTES), word1, word2, word3);
  }

  /** The nonce whose key stream begins with the Poly1305 key that goes with this one. */
  Nonce forMac() {
    return new Nonce(word0, word1, word2, word3 ^ POLY);
  }
}
