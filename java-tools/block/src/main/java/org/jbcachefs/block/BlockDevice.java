// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A device or image file, addressed in bytes. All methods may be called by many threads at once and
 * throw {@link org.jbcachefs.format.error.DeviceException} naming the device, the byte and the
 * operating system's error.
 *
 * <p>A write is durable only after a {@link #flush} that began after it returned. Buffers are
 * native segments on hot paths; heap segments work too. For many requests under way at once there
 * is {@link IoQueue}.
 */
public interface BlockDevice extends AutoCloseable {
  /** Path, or another name by which people know the device. */
  String name();

  /** Size in bytes. */
  long size();

  /** The unit in bytes that writes should be aligned to; 512 at least. */
  int blockSize();

  /** What addresses of buffers in a queue must be multiples of, in bytes. */
  default int bufferAlignment() {
    return Math.min(blockSize(), IoQueue.ENOUGH_ALIGNMENT);
  }

  boolean readOnly();

  /** How the device is reached, in words: "io_uring, past the page cache". */
  default String transport() {
    return "plain";
  }

  /** Whether what is written goes past the page cache of this machine. */
  default boolean writesPastCache() {
    return false;
  }

  /** Fills the whole segment from that byte on; reading past the end is a DeviceException. */
  void read(long offset, MemorySegment into);

  /** Writes the whole segment from that byte on. */
  void write(long offset, MemorySegment from);

  /**
   * Writes the whole segment from that byte on.
   *
   * @param flags of {@link IoFlags#OF_WRITES}
   */
  default void write(long offset, MemorySegment from, int flags) {
    IoFlags.check(flags, IoFlags.OF_WRITES);
    if ((flags & IoFlags.PREFLUSH) != 0) {
      flush();
    }
    write(offset, from);
    if ((flags & IoFlags.FUA) != 0) {
      flush();
    }
  }

  /** Makes every completed write durable. */
  void flush();

  /**
   * Tells the device that a range is no longer needed; its content is undefined afterwards. A hint,
   * may do nothing.
   */
  void discard(long offset, long length);

  /** Fills a range with zeros, by the quickest means. */
  void writeZeroes(long offset, long length);

  /**
   * A queue for requests to these devices, of which this is one; see {@link IoQueue#over}. Unless a
   * device knows better, requests are done one after the other when they are submitted.
   */
  default IoQueue queue(List<? extends BlockDevice> devices, int capacity) {
    return PlainQueue.sequential(capacity);
  }

  @Override
  void close();
}
