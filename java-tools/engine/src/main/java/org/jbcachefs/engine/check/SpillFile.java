// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/** A temporary file that is made when something is first put there. Thread-safe. */
final class SpillFile implements AutoCloseable {
  private static final int CHUNK_LONGS = 1 << 15;

  private final Path directory;
  private FileChannel channel;
  private long end;

  SpillFile(Path directory) {
    this.directory = directory;
  }

  /** Writes longs at the end; returns at which byte they begin. */
  long append(long[] longs, int count) {
    long at = reserve((long) count * Long.BYTES);
    ByteBuffer buffer = buffer(count);
    try {
      for (int done = 0; done < count; done += CHUNK_LONGS) {
        int now = Math.min(CHUNK_LONGS, count - done);
        buffer.clear().limit(now * Long.BYTES);
        buffer.asLongBuffer().put(longs, done, now);
        writeAll(buffer, at + (long) done * Long.BYTES);
      }
    } catch (IOException e) {
      throw failed(
          "cannot write a temporary file, which needs room for " + (end >> 20) + " MiB", e);
    }
    return at;
  }

  private void writeAll(ByteBuffer buffer, long at) throws IOException {
    long to = at;
    while (buffer.hasRemaining()) {
      to += channel.write(buffer, to);
    }
  }

  /** Reads longs from that byte on. */
  void read(long at, long[] into, int count) {
    ByteBuffer buffer = buffer(count);
    try {
      for (int done = 0; done < count; done += CHUNK_LONGS) {
        int now = Math.min(CHUNK_LONGS, count - done);
        buffer.clear().limit(now * Long.BYTES);
        readAll(buffer, at + (long) done * Long.BYTES);
        buffer.flip().asLongBuffer().get(into, done, now);
      }
    } catch (IOException e) {
      throw failed("cannot read a temporary file back", e);
    }
  }

  private void readAll(ByteBuffer buffer, long at) throws IOException {
    long from = at;
    while (buffer.hasRemaining()) {
      int got = channel.read(buffer, from);
      if (got < 0) {
        throw new IOException("it ends at byte " + from);
      }
      from += got;
    }
  }

  private static ByteBuffer buffer(int longs) {
    int bytes = Math.min(longs, CHUNK_LONGS) * Long.BYTES;
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  private synchronized long reserve(long bytes) {
    if (channel == null) {
      try {
        Path path = Files.createTempFile(directory, "jbcachefs-fsck", ".tmp");
        channel =
            FileChannel.open(
                path,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE);
      } catch (IOException e) {
        throw failed("cannot make a temporary file", e);
      }
    }
    long at = end;
    end += bytes;
    return at;
  }

  private DeviceException failed(String what, IOException e) {
    return new DeviceException(Place.device(directory.toString(), -1), what, e);
  }

  @Override
  public synchronized void close() {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      throw failed("cannot remove a temporary file", e);
    }
  }
}
