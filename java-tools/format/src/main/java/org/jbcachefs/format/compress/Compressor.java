// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.compress;

import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.Deflater;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import org.jbcachefs.format.bytes.Le;

/**
 * Compresses the data of extents. Belongs to one thread; holds native state until {@link #close}.
 * Source: {@code attempt_compress}.
 */
public final class Compressor implements AutoCloseable {
  /** What {@link #compress} gives when the result would not fit. */
  public static final int DOES_NOT_FIT = -1;

  /** Levels of the filesystem's options go from 1 to 15; 0 asks for the codec's default. */
  public static final int MAX_LEVEL = 15;

  /** From this level on lz4 searches harder. */
  private static final int LZ4_HC_LEVEL = 3;

  private static final int GZIP_MAX_LEVEL = 9;
  private static final int ZSTD_MAX_LEVEL = 22;

  private final LZ4Factory lz4 = LZ4Factory.fastestInstance();
  private Deflater deflater;
  private ZstdCompressCtx zstd;

  /**
   * Compresses all of {@code in}; both segments must be native.
   *
   * @param level 0 to {@link #MAX_LEVEL}
   * @return bytes written to {@code out}, without padding, or {@link #DOES_NOT_FIT}
   */
  public int compress(
      CompressionType type,
      int level,
      MemorySegment in,
      long inOffset,
      int inBytes,
      MemorySegment out,
      long outOffset,
      int outBytes) {
    ByteBuffer from = in.asSlice(inOffset, inBytes).asByteBuffer();
    ByteBuffer to = out.asSlice(outOffset, outBytes).asByteBuffer();
    return switch (type) {
      case LZ4 -> lz4(level, from, to);
      case GZIP -> deflate(level, from, to);
      case ZSTD -> zstd(level, from, to, out, outOffset);
      case NONE, INCOMPRESSIBLE, LZ4_OLD ->
          throw new IllegalArgumentException(type + " is not written");
    };
  }

  @Override
  public void close() {
    if (deflater != null) {
      deflater.end();
      deflater = null;
    }
    if (zstd != null) {
      zstd.close();
      zstd = null;
    }
  }

  private int lz4(int level, ByteBuffer in, ByteBuffer out) {
    LZ4Compressor codec = level < LZ4_HC_LEVEL ? lz4.fastCompressor() : lz4.highCompressor(level);
    try {
      return codec.compress(in, 0, in.remaining(), out, 0, out.remaining());
    } catch (LZ4Exception e) {
      return DOES_NOT_FIT;
    }
  }

  private int deflate(int level, ByteBuffer in, ByteBuffer out) {
    if (deflater == null) {
      deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    }
    deflater.reset();
    deflater.setLevel(level == 0 ? Deflater.DEFAULT_COMPRESSION : Math.min(level, GZIP_MAX_LEVEL));
    deflater.setInput(in);
    deflater.finish();
    // a changed level takes a call of its own
    while (!deflater.finished() && out.hasRemaining()) {
      deflater.deflate(out);
    }
    return deflater.finished() ? out.position() : DOES_NOT_FIT;
  }

  private int zstd(int level, ByteBuffer in, ByteBuffer out, MemorySegment outSegment, long at) {
    if (out.remaining() <= Decompressor.ZSTD_PREFIX_BYTES) {
      return DOES_NOT_FIT;
    }
    if (zstd == null) {
      zstd = new ZstdCompressCtx();
      zstd.setChecksum(false);
    }
    // no level gives 0, which zstd takes as its default of 3
    zstd.setLevel(Math.min(level * 3 / 2, ZSTD_MAX_LEVEL));
    try {
      int bytes =
          zstd.compressDirectByteBuffer(
              out,
              Decompressor.ZSTD_PREFIX_BYTES,
              out.remaining() - Decompressor.ZSTD_PREFIX_BYTES,
              in,
              0,
              in.remaining());
      Le.putU32(outSegment, at, bytes);
      return bytes + Decompressor.ZSTD_PREFIX_BYTES;
    } catch (ZstdException e) {
      return DOES_NOT_FIT;
    }
  }
}
