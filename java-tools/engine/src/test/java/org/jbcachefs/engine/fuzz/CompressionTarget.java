// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.compress.Compressor;
import org.jbcachefs.format.compress.Decompressor;

/** Compressed data of every type, damaged or cut, or told to be longer or shorter than it is. */
final class CompressionTarget implements Target {
  private static final int DATA_BYTES = 16 << 10;
  private static final List<CompressionType> WRITTEN =
      List.of(CompressionType.LZ4, CompressionType.GZIP, CompressionType.ZSTD);

  private final Compressor compressor = new Compressor();
  private final Decompressor decompressor = new Decompressor();
  private final MemorySegment plain = Arena.ofAuto().allocate(DATA_BYTES, 8);
  private final MemorySegment packed = Arena.ofAuto().allocate(2 * DATA_BYTES, 8);
  private final MemorySegment out = Arena.ofAuto().allocate(2 * DATA_BYTES, 8);

  @Override
  public void run(Bench bench, Mutator mutator) {
    CompressionType type = mutator.oneOf(WRITTEN);
    byte[] data = compressible(mutator);
    MemorySegment.copy(MemorySegment.ofArray(data), 0, plain, 0, data.length);
    int length =
        compressor.compress(
            type, mutator.random().nextInt(16), plain, 0, data.length, packed, 0, 2 * DATA_BYTES);
    byte[] bytes = packed.asSlice(0, length).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    for (int i = mutator.random().nextInt(4); i >= 0; i--) {
      mutator.damage(bytes, 0, bytes.length);
    }
    mutator.hit("compressed " + type);
    int inBytes = 1 + mutator.random().nextInt(length);
    int outBytes =
        mutator.random().nextBoolean() ? data.length : mutator.random().nextInt(2 * DATA_BYTES);
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, packed, 0, length);
    decompressor.decompress(type, packed, 0, inBytes, out, 0, outBytes);
  }

  private static byte[] compressible(Mutator mutator) {
    byte[] data = new byte[512 + mutator.random().nextInt(DATA_BYTES - 512)];
    int at = 0;
    while (at < data.length) {
      int run = Math.min(data.length - at, 1 + mutator.random().nextInt(200));
      byte value = (byte) mutator.random().nextInt(8);
      java.util.Arrays.fill(data, at, at + run, value);
      at += run;
    }
    return data;
  }
}
