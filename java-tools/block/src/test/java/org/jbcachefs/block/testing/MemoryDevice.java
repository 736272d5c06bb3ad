// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.testing;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/**
 * A device in memory. Sparse: what was never written, or was discarded, takes no room and reads as
 * zeros. Every write is durable at once.
 */
public final class MemoryDevice implements BlockDevice {
  private static final int CHUNK = 64 << 10;

  private final String name;
  private final long size;
  private final TreeMap<Long, byte[]> chunks = new TreeMap<>();

  /** Chunks whose arrays copies of this device have, too: copied before they are changed. */
  private final Set<Long> shared = new HashSet<>();

  private boolean closed;
  private boolean readOnly;

  public MemoryDevice(String name, long size) {
    this.name = name;
    this.size = size;
  }

  /** A device of the same content that shares nothing with this one afterwards. */
  public synchronized MemoryDevice copy(String copyName) {
    MemoryDevice copy = new MemoryDevice(copyName, size);
    copy.chunks.putAll(chunks);
    shared.addAll(chunks.keySet());
    copy.shared.addAll(shared);
    return copy;
  }

  /** A chunk that may be changed. */
  private byte[] own(long at) {
    byte[] chunk = chunks.get(at);
    if (chunk == null || shared.remove(at)) {
      chunk = chunk == null ? new byte[CHUNK] : chunk.clone();
      chunks.put(at, chunk);
    }
    return chunk;
  }

  /** From now on writes are refused. */
  public synchronized MemoryDevice makeReadOnly() {
    readOnly = true;
    return this;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int blockSize() {
    return 512;
  }

  @Override
  public synchronized boolean readOnly() {
    return readOnly;
  }

  @Override
  public synchronized void read(long offset, MemorySegment into) {
    check("read", offset, into.byteSize(), false);
    long done = 0;
    while (done < into.byteSize()) {
      long at = offset + done;
      int inside = (int) (at % CHUNK);
      int step = (int) Math.min(into.byteSize() - done, CHUNK - inside);
      byte[] chunk = chunks.get(at / CHUNK);
      if (chunk == null) {
        into.asSlice(done, step).fill((byte) 0);
      } else {
        MemorySegment.copy(chunk, inside, into, ValueLayout.JAVA_BYTE, done, step);
      }
      done += step;
    }
  }

  @Override
  public synchronized void write(long offset, MemorySegment from) {
    check("write", offset, from.byteSize(), true);
    long done = 0;
    while (done < from.byteSize()) {
      long at = offset + done;
      int inside = (int) (at % CHUNK);
      int step = (int) Math.min(from.byteSize() - done, CHUNK - inside);
      byte[] chunk = own(at / CHUNK);
      MemorySegment.copy(from, ValueLayout.JAVA_BYTE, done, chunk, inside, step);
      done += step;
    }
  }

  @Override
  public synchronized void flush() {
    check("flush", 0, 0, false);
  }

  @Override
  public void discard(long offset, long length) {
    writeZeroes(offset, length);
  }

  @Override
  public synchronized void writeZeroes(long offset, long length) {
    check("write zeroes", offset, length, true);
    long end = offset + length;
    for (long at : List.copyOf(chunks.subMap(offset / CHUNK, true, end / CHUNK, true).keySet())) {
      long start = at * CHUNK;
      int from = (int) Math.max(0, offset - start);
      int to = (int) Math.min(CHUNK, end - start);
      if (from < to) {
        Arrays.fill(own(at), from, to, (byte) 0);
      }
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
  }

  private void check(String operation, long offset, long length, boolean writes) {
    if (closed) {
      throw new DeviceException(
          Place.device(name, offset), operation + " failed: the device is closed");
    }
    if (writes && readOnly) {
      throw new DeviceException(Place.device(name, offset), "is open read-only");
    }
    if (offset < 0 || length < 0 || offset > size - length) {
      throw new DeviceException(
          Place.device(name, offset),
          operation + " of " + length + " bytes is outside of the device of " + size + " bytes");
    }
  }
}
