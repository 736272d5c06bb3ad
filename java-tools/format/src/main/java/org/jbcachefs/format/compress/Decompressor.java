// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.compress;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/**
 * Decompresses the data of extents. Belongs to one thread; holds native state of the codecs that
 * were used, which {@link #close} frees. Memory is bounded by that state (under 200 KiB), whatever
 * the input says. Source: {@code buf_uncompress}.
 *
 * <p>The output must be exactly the size that the crc entry promises; anything else, and any
 * malformed input, is a {@link CorruptionException} that names the input byte where that is known.
 */
public final class Decompressor implements AutoCloseable {
  /** Before zstd data: its length as u32. */
  public static final int ZSTD_PREFIX_BYTES = 4;

  private Inflater inflater;
  private ZstdDecompressCtx zstd;

  /**
   * Decompresses all of {@code in} into exactly all of {@code out}. Both must be native segments.
   *
   * @param type one that {@link CompressionType#isCompressed}
   * @throws CorruptionException if the input is malformed or does not fill the output
   */
  public void decompress(
      CompressionType type,
      MemorySegment in,
      long inOffset,
      int inBytes,
      MemorySegment out,
      long outOffset,
      int outBytes) {
    switch (type) {
      case LZ4_OLD, LZ4 ->
          Lz4.decompress(in, inOffset, inOffset + inBytes, out, outOffset, outOffset + outBytes);
      case GZIP -> inflate(slice(in, inOffset, inBytes), slice(out, outOffset, outBytes));
      case ZSTD -> zstd(in, inOffset, inBytes, slice(out, outOffset, outBytes), outBytes);
      case NONE, INCOMPRESSIBLE -> throw new IllegalArgumentException(type + " is no compression");
    }
  }

  @Override
  public void close() {
    if (inflater != null) {
      inflater.end();
      inflater = null;
    }
    if (zstd != null) {
      zstd.close();
      zstd = null;
    }
  }

  private static ByteBuffer slice(MemorySegment segment, long offset, int bytes) {
    return segment.asSlice(offset, bytes).asByteBuffer();
  }

  private void inflate(ByteBuffer in, ByteBuffer out) {
    if (inflater == null) {
      inflater = new Inflater(true);
    }
    inflater.reset();
    inflater.setInput(in);
    try {
      int got;
      do {
        got = inflater.inflate(out);
      } while (got > 0 && out.hasRemaining());
      if (out.hasRemaining()) {
        throw malformed("gzip", inflater.getBytesRead(), shortBy(out.remaining()));
      }
      requireEnd();
    } catch (DataFormatException e) {
      throw malformed("gzip", inflater.getBytesRead(), "is malformed: " + e.getMessage());
    }
  }

  /** The output is full; the stream must end here, after an end-of-block mark at most. */
  private void requireEnd() throws DataFormatException {
    byte[] more = new byte[1];
    if (!inflater.finished() && (inflater.inflate(more) != 0 || !inflater.finished())) {
      throw malformed("gzip", inflater.getBytesRead(), "goes on when the output is full");
    }
  }

  private void zstd(MemorySegment in, long inOffset, int inBytes, ByteBuffer out, int outBytes) {
    long length = inBytes < ZSTD_PREFIX_BYTES ? -1 : Integer.toUnsignedLong(Le.u32(in, inOffset));
    if (length < 0 || length > inBytes - ZSTD_PREFIX_BYTES) {
      throw malformed("zstd", 0, "says it has " + length + " bytes, there are " + inBytes);
    }
    if (zstd == null) {
      zstd = new ZstdDecompressCtx();
    }
    ByteBuffer compressed = slice(in, inOffset + ZSTD_PREFIX_BYTES, (int) length);
    int got;
    try {
      got = zstd.decompressDirectByteBuffer(out, 0, outBytes, compressed, 0, (int) length);
    } catch (ZstdException e) {
      throw malformed("zstd", ZSTD_PREFIX_BYTES, "is malformed: " + e.getMessage());
    }
    if (got != outBytes) {
      throw malformed("zstd", ZSTD_PREFIX_BYTES + length, shortBy(outBytes - got));
    }
  }

  private static String shortBy(int bytes) {
    return "ends " + bytes + " bytes before the output is full";
  }

  static CorruptionException malformed(String codec, long inputByte, String what) {
    return new CorruptionException(
        "compression_error",
        Place.NOWHERE,
        codec + " data " + what + " (input byte " + inputByte + ")");
  }
}
