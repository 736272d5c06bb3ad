// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.extent;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.compress.CompressionType;

/**
 * How the sectors behind pointers are checksummed, compressed and encrypted: what the three kinds
 * of crc entries hold, unpacked. Reusable, not thread-safe. Sources: {@code struct
 * bch_extent_crc32}, {@code bch_extent_crc64}, {@code bch_extent_crc128}.
 *
 * <p>Sizes are in sectors of 512 bytes; on disk they are stored less one. The three layouts differ
 * in widths only: sizes up to 2^7, 2^9, 2^13; the nonce has 0, 10, 13 bits; the checksum 4, 10, 16
 * bytes.
 */
public final class ExtentCrc {
  public static final BitRange CRC32_TYPE = new BitRange(0, 2);
  public static final BitRange CRC32_COMPRESSED_SIZE = new BitRange(2, 9);
  public static final BitRange CRC32_UNCOMPRESSED_SIZE = new BitRange(9, 16);
  public static final BitRange CRC32_OFFSET = new BitRange(16, 23);
  public static final BitRange CRC32_UNUSED = new BitRange(23, 24);
  public static final BitRange CRC32_CSUM_TYPE = new BitRange(24, 28);
  public static final BitRange CRC32_COMPRESSION_TYPE = new BitRange(28, 32);
  public static final int CRC32_CSUM = 4;

  public static final BitRange CRC64_TYPE = new BitRange(0, 3);
  public static final BitRange CRC64_COMPRESSED_SIZE = new BitRange(3, 12);
  public static final BitRange CRC64_UNCOMPRESSED_SIZE = new BitRange(12, 21);
  public static final BitRange CRC64_OFFSET = new BitRange(21, 30);
  public static final BitRange CRC64_NONCE = new BitRange(30, 40);
  public static final BitRange CRC64_CSUM_TYPE = new BitRange(40, 44);
  public static final BitRange CRC64_COMPRESSION_TYPE = new BitRange(44, 48);
  public static final BitRange CRC64_CSUM_HI = new BitRange(48, 64);
  public static final int CRC64_CSUM_LO = 8;

  public static final BitRange CRC128_TYPE = new BitRange(0, 4);
  public static final BitRange CRC128_COMPRESSED_SIZE = new BitRange(4, 17);
  public static final BitRange CRC128_UNCOMPRESSED_SIZE = new BitRange(17, 30);
  public static final BitRange CRC128_OFFSET = new BitRange(30, 43);
  public static final BitRange CRC128_NONCE = new BitRange(43, 56);
  public static final BitRange CRC128_CSUM_TYPE = new BitRange(56, 60);
  public static final BitRange CRC128_COMPRESSION_TYPE = new BitRange(60, 64);
  public static final int CRC128_CSUM = 8;

  private int checksumType;
  private int compressionType;
  private int compressedSectors;
  private int uncompressedSectors;
  private int offset;
  private int nonce;
  private long checksumLo;
  private long checksumHi;

  /** The checksum type's number; see {@link ChecksumType}. */
  public int checksumType() {
    return checksumType;
  }

  /** The compression type's number; see {@link CompressionType}. */
  public int compressionType() {
    return compressionType;
  }

  /** What lies on the device. */
  public int compressedSectors() {
    return compressedSectors;
  }

  /** What it was before compression. */
  public int uncompressedSectors() {
    return uncompressedSectors;
  }

  /** Where in the uncompressed data the key's own range begins. */
  public int offset() {
    return offset;
  }

  /** In sectors; see {@link org.jbcachefs.format.crypto.Nonce#extent}. */
  public int nonce() {
    return nonce;
  }

  public long checksumLo() {
    return checksumLo;
  }

  public long checksumHi() {
    return checksumHi;
  }

  /** Unknown types count as compressed: their bytes are not the file's. */
  public boolean isCompressed() {
    return compressionType != CompressionType.NONE.number()
        && compressionType != CompressionType.INCOMPRESSIBLE.number();
  }

  /** Whether the whole of it must be read to get any part. */
  public boolean isEncoded() {
    return checksumType != ChecksumType.NONE.number() || isCompressed();
  }

  /** No checksum, no compression: what holds before the first crc entry. */
  public ExtentCrc setPlain(int sectors) {
    return setSizes(sectors, sectors, 0, 0).setTypes(0, 0).setChecksum(0, 0);
  }

  public ExtentCrc setSizes(int compressed, int uncompressed, int newOffset, int newNonce) {
    compressedSectors = compressed;
    uncompressedSectors = uncompressed;
    offset = newOffset;
    nonce = newNonce;
    return this;
  }

  public ExtentCrc setTypes(int checksum, int compression) {
    checksumType = checksum;
    compressionType = compression;
    return this;
  }

  public ExtentCrc setChecksum(long lo, long hi) {
    checksumLo = lo;
    checksumHi = hi;
    return this;
  }

  public ExtentCrc set(ExtentCrc other) {
    setSizes(other.compressedSectors, other.uncompressedSectors, other.offset, other.nonce);
    setTypes(other.checksumType, other.compressionType);
    return setChecksum(other.checksumLo, other.checksumHi);
  }

  /** Reads an entry of that type, one that {@link ExtentEntryType#isCrc}, bounds-checked before. */
  ExtentCrc unpack(int type, MemorySegment in, long at) {
    long word = Le.u64(in, at);
    if (type == ExtentEntryType.CRC32.number()) {
      setSizes(
          CRC32_COMPRESSED_SIZE.getInt(word) + 1,
          CRC32_UNCOMPRESSED_SIZE.getInt(word) + 1,
          CRC32_OFFSET.getInt(word),
          0);
      setTypes(CRC32_CSUM_TYPE.getInt(word), CRC32_COMPRESSION_TYPE.getInt(word));
      return setChecksum(word >>> Integer.SIZE, 0);
    }
    if (type == ExtentEntryType.CRC64.number()) {
      setSizes(
          CRC64_COMPRESSED_SIZE.getInt(word) + 1,
          CRC64_UNCOMPRESSED_SIZE.getInt(word) + 1,
          CRC64_OFFSET.getInt(word),
          CRC64_NONCE.getInt(word));
      setTypes(CRC64_CSUM_TYPE.getInt(word), CRC64_COMPRESSION_TYPE.getInt(word));
      return setChecksum(Le.u64(in, at + CRC64_CSUM_LO), CRC64_CSUM_HI.get(word));
    }
    setSizes(
        CRC128_COMPRESSED_SIZE.getInt(word) + 1,
        CRC128_UNCOMPRESSED_SIZE.getInt(word) + 1,
        CRC128_OFFSET.getInt(word),
        CRC128_NONCE.getInt(word));
    setTypes(CRC128_CSUM_TYPE.getInt(word), CRC128_COMPRESSION_TYPE.getInt(word));
    return setChecksum(Le.u64(in, at + CRC128_CSUM), Le.u64(in, at + CRC128_CSUM + Long.BYTES));
  }

  /**
   * The smallest kind of entry that holds this.
   *
   * @throws IllegalArgumentException if none does
   */
  public ExtentEntryType smallestEntry() {
    ChecksumType type = ChecksumType.of(checksumType);
    int checksumBytes = type == null ? 2 * Long.BYTES : type.storedBytes();
    int largest = Math.max(compressedSectors, uncompressedSectors) - 1;
    if (checksumBytes <= 4 && fits(largest, nonce, CRC32_OFFSET, 0)) {
      return ExtentEntryType.CRC32;
    }
    if (checksumBytes <= 10 && fits(largest, nonce, CRC64_OFFSET, CRC64_NONCE.max())) {
      return ExtentEntryType.CRC64;
    }
    if (fits(largest, nonce, CRC128_OFFSET, CRC128_NONCE.max())) {
      return ExtentEntryType.CRC128;
    }
    throw new IllegalArgumentException("no crc entry holds " + this);
  }

  private boolean fits(int largest, int neededNonce, BitRange sizes, long nonceMax) {
    return largest <= sizes.max() && offset <= sizes.max() && neededNonce <= nonceMax;
  }

  /**
   * Writes an entry of that kind; returns its length in bytes.
   *
   * @throws IllegalArgumentException if a number does not fit
   */
  public int pack(ExtentEntryType type, MemorySegment out, long at) {
    long word = type.typeBit();
    switch (type) {
      case CRC32 -> {
        word = CRC32_COMPRESSED_SIZE.set(word, compressedSectors - 1);
        word = CRC32_UNCOMPRESSED_SIZE.set(word, uncompressedSectors - 1);
        word = CRC32_OFFSET.set(word, offset);
        word = CRC32_CSUM_TYPE.set(word, checksumType);
        word = CRC32_COMPRESSION_TYPE.set(word, compressionType);
        Le.putU64(out, at, word | (checksumLo << Integer.SIZE));
      }
      case CRC64 -> {
        word = CRC64_COMPRESSED_SIZE.set(word, compressedSectors - 1);
        word = CRC64_UNCOMPRESSED_SIZE.set(word, uncompressedSectors - 1);
        word = CRC64_NONCE.set(CRC64_OFFSET.set(word, offset), nonce);
        word = CRC64_CSUM_TYPE.set(word, checksumType);
        word = CRC64_COMPRESSION_TYPE.set(word, compressionType);
        Le.putU64(out, at, CRC64_CSUM_HI.set(word, checksumHi));
        Le.putU64(out, at + CRC64_CSUM_LO, checksumLo);
      }
      case CRC128 -> {
        word = CRC128_COMPRESSED_SIZE.set(word, compressedSectors - 1);
        word = CRC128_UNCOMPRESSED_SIZE.set(word, uncompressedSectors - 1);
        word = CRC128_NONCE.set(CRC128_OFFSET.set(word, offset), nonce);
        word = CRC128_CSUM_TYPE.set(word, checksumType);
        Le.putU64(out, at, CRC128_COMPRESSION_TYPE.set(word, compressionType));
        Le.putU64(out, at + CRC128_CSUM, checksumLo);
        Le.putU64(out, at + CRC128_CSUM + Long.BYTES, checksumHi);
      }
      case PTR, STRIPE_PTR, REBALANCE_V1, FLAGS, RECONCILE, RECONCILE_BP ->
          throw new IllegalArgumentException(type + " is no crc entry");
    }
    return type.u64s() * Long.BYTES;
  }

  @Override
  public String toString() {
    return "crc: c_size %d size %d offset %d nonce %d csum %s %x:%x compress %s"
        .formatted(
            compressedSectors,
            uncompressedSectors,
            offset,
            nonce,
            ChecksumType.nameOf(checksumType),
            checksumHi,
            checksumLo,
            CompressionType.nameOf(compressionType));
  }
}
