// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.write;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.compress.Compressor;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.crypto.Integrity;
import org.jbcachefs.format.crypto.Nonce;
import org.jbcachefs.format.extent.ExtentCrc;

/**
 * Bytes to what lies on devices: compressed, then encrypted, then checksummed. Belongs to one
 * thread. Source: {@code bch2_write_extent}.
 */
final class ExtentEncoder {
  private static final int SECTOR_SHIFT = 9;

  private final FilesystemKey key;
  private final int blockBytes;
  private final Compressor compressor = new Compressor();
  private final NativeBuffer buffer = new NativeBuffer();
  private final ExtentCrc crc = new ExtentCrc();
  private final long[] checksum = new long[2];
  private MemorySegment out;
  private CompressionType type;
  private int inBytes;
  private int outBytes;

  ExtentEncoder(FilesystemKey key, int blockBytes) {
    this.key = key;
    this.blockBytes = blockBytes;
  }

  /**
   * Takes the next piece in and compresses it if that saves a block; {@link #outBytes} then says
   * how much room it takes.
   *
   * @param data native, unchanged until {@link #finish}
   */
  void begin(DataOptions options, MemorySegment data) {
    inBytes = (int) data.byteSize();
    outBytes = inBytes;
    out = data;
    type = CompressionType.NONE;
    if (options.compression() != CompressionType.NONE) {
      type = CompressionType.INCOMPRESSIBLE;
    }
    if (options.compression().isCompressed()) {
      compress(options, data);
    }
  }

  private void compress(DataOptions options, MemorySegment data) {
    int most = inBytes - blockBytes;
    if (most <= 0) {
      return;
    }
    MemorySegment to = buffer.atLeast(inBytes);
    int bytes =
        compressor.compress(options.compression(), options.level(), data, 0, inBytes, to, 0, most);
    if (bytes > 0) {
      outBytes = Math.ceilDiv(bytes, blockBytes) * blockBytes;
      to.asSlice(bytes, outBytes - bytes).fill((byte) 0);
      out = to.asSlice(0, outBytes);
      type = options.compression();
    }
  }

  /** Bytes that it takes on a device, whole blocks. */
  int outBytes() {
    return outBytes;
  }

  boolean isCompressed() {
    return type.isCompressed();
  }

  /** What is not compressed can be cut off; the rest is for another piece. */
  void shorten(int bytes) {
    inBytes = bytes;
    outBytes = bytes;
    out = out.asSlice(0, bytes);
  }

  /**
   * Encrypts and checksums.
   *
   * @param version of the key, never used before, if it is encrypted
   * @return what is to be written
   */
  MemorySegment finish(DataOptions options, long version) {
    ChecksumType sum = options.checksum();
    crc.setSizes(outBytes >> SECTOR_SHIFT, inBytes >> SECTOR_SHIFT, 0, 0);
    crc.setTypes(sum.number(), type.number());
    Nonce nonce =
        Nonce.extent(0, version, isCompressed() ? type.number() : 0, crc.uncompressedSectors(), 0);
    if (sum.isMac()) {
      if (!isCompressed()) {
        MemorySegment to = buffer.atLeast(outBytes).asSlice(0, outBytes);
        to.copyFrom(out);
        out = to;
      }
      Integrity.encrypt(sum, key, nonce, out, 0, outBytes);
    }
    Integrity.compute(sum, key, nonce, out, 0, outBytes, checksum);
    crc.setChecksum(checksum[0], checksum[1]);
    return out;
  }

  /** How it is encoded; the same object, changed by the next piece. */
  ExtentCrc crc() {
    return crc;
  }
}
