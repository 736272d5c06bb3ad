// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.error.BcachefsException;

/**
 * A file's bytes from the first to its end, or to the first that cannot be read. Belongs to one
 * thread.
 */
final class Contents extends InputStream {
  /** No more than this is read at a time. */
  static final int BUFFER_BYTES = 1 << 20;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment buffer = arena.allocate(BUFFER_BYTES, 8);
  private final ReadableRanges ranges;
  private final long size;
  private long position;
  private BcachefsException damage;

  Contents(FileData data, FileId file, long size) {
    this.ranges = new ReadableRanges(data, file);
    this.size = size;
  }

  /** How many bytes have been read. */
  long position() {
    return position;
  }

  /** Why there is no more before the end of the file; null if there is. */
  BcachefsException damage() {
    return damage;
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) {
    long wanted = Math.min(Math.min(length, BUFFER_BYTES), size - position);
    if (damage != null || wanted <= 0) {
      return length == 0 ? 0 : -1;
    }
    int got = ranges.read(position, buffer.asSlice(0, wanted));
    if (got < 0) {
      damage = ranges.lastError();
    }
    if (got <= 0) {
      return -1;
    }
    MemorySegment.copy(buffer, 0, MemorySegment.ofArray(into), offset, got);
    position += got;
    return got;
  }

  @Override
  public void close() {
    arena.close();
  }
}
