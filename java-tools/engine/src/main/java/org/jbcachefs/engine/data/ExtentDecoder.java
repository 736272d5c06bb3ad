// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.compress.Decompressor;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.crypto.Integrity;
import org.jbcachefs.format.crypto.Nonce;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.extent.ExtentCrc;

/**
 * From an extent's stored bytes to the file's: verify, decrypt, decompress. Immutable and
 * thread-safe; the key may be null where nothing is encrypted.
 */
final class ExtentDecoder {
  static final int SECTOR_SHIFT = 9;

  private final FilesystemKey key;

  ExtentDecoder(FilesystemKey key) {
    this.key = key;
  }

  /** Names a key whose data is concerned. */
  static Place place(Bkey key) {
    return Place.structure("data of " + KeyType.nameOf(key.type())).at(key.pos());
  }

  /**
   * Refuses what contradicts itself: unknown types, sizes that do not fit together.
   *
   * @throws CorruptionException with the format's own error name
   */
  static void check(Bkey extent, ExtentCrc crc, Supplier<Place> place) {
    if (ChecksumType.of(crc.checksumType()) == null) {
      throw new CorruptionException(
          "ptr_crc_csum_type_unknown", place.get(), ChecksumType.nameOf(crc.checksumType()));
    }
    if (CompressionType.of(crc.compressionType()) == null) {
      throw new CorruptionException(
          "ptr_crc_compression_type_unknown",
          place.get(),
          CompressionType.nameOf(crc.compressionType()));
    }
    long end = crc.offset() + Integer.toUnsignedLong(extent.size());
    if (end > Integer.toUnsignedLong(crc.uncompressedSectors())) {
      throw new CorruptionException(
          "ptr_crc_uncompressed_size_too_small",
          place.get(),
          "the key ends at sector " + end + " of " + crc.uncompressedSectors());
    }
    if (!crc.isCompressed() && crc.compressedSectors() != crc.uncompressedSectors()) {
      throw new CorruptionException(
          "ptr_crc_uncompressed_size_mismatch",
          place.get(),
          "not compressed, but "
              + crc.compressedSectors()
              + " sectors stored of "
              + crc.uncompressedSectors());
    }
  }

  /** Whether the stored bytes have the checksum they should have. */
  boolean verify(Bkey extent, ExtentCrc crc, MemorySegment stored, long at) {
    return Integrity.verify(
        ChecksumType.of(crc.checksumType()),
        key,
        nonce(extent, crc),
        stored,
        at,
        (long) crc.compressedSectors() << SECTOR_SHIFT,
        crc.checksumLo(),
        crc.checksumHi());
  }

  /** Decrypts verified bytes in place. */
  void decrypt(Bkey extent, ExtentCrc crc, MemorySegment stored, long at) {
    ChecksumType type = ChecksumType.of(crc.checksumType());
    if (type.isMac()) {
      long bytes = (long) crc.compressedSectors() << SECTOR_SHIFT;
      Integrity.decrypt(type, key, nonce(extent, crc), stored, at, bytes);
    }
  }

  /**
   * Decompresses verified and decrypted bytes.
   *
   * @throws CorruptionException if they do not give the promised size
   */
  static void decompress(
      Decompressor decompressor,
      ExtentCrc crc,
      MemorySegment stored,
      long at,
      MemorySegment out,
      Supplier<Place> place) {
    try {
      decompressor.decompress(
          CompressionType.of(crc.compressionType()),
          stored,
          at,
          crc.compressedSectors() << SECTOR_SHIFT,
          out,
          0,
          crc.uncompressedSectors() << SECTOR_SHIFT);
    } catch (CorruptionException e) {
      throw new CorruptionException(e.errorName(), place.get(), e.getMessage());
    }
  }

  private static Nonce nonce(Bkey extent, ExtentCrc crc) {
    ChecksumType type = ChecksumType.of(crc.checksumType());
    return type.isMac()
        ? Nonce.extent(
            extent.versionHi(),
            extent.versionLo(),
            crc.isCompressed() ? crc.compressionType() : 0,
            crc.uncompressedSectors(),
            crc.nonce())
        : Nonce.NULL;
  }
}
