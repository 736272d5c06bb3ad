// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.format.error.DeviceException;

/**
 * Many requests under way at once, over several devices: prepare them, {@link #submit}, {@link
 * #await}, and take what completed with {@link #next}. The same interface whatever the transport:
 * an io_uring, the kernel shim, or plain files. For example, a journal entry on three devices, to
 * be durable when it returns:
 *
 * <pre>
 *   queue.writeCopies(targets, entry, IoFlags.PREFLUSH | IoFlags.FUA | IoFlags.META, seq);
 *   queue.awaitAll();
 *   while (queue.next()) {
 *     for (int copy = 0; queue.failed() != 0 &amp;&amp; copy &lt; targets.count(); copy++) {
 *       ... queue.failure(copy) ...
 *     }
 *   }
 * </pre>
 *
 * <p>Used by the thread that made it, a platform thread, and by no other (WrongThreadException); a
 * thread that wants its own makes another queue. Requests that are under way together have no order
 * among themselves; a request that has to come after another is submitted when that has completed.
 * Nothing is allocated per request.
 *
 * <p>Buffers are native segments of an arena that any thread may use (not a confined one), at
 * multiples of the device's {@link BlockDevice#bufferAlignment} (anything else is an
 * IllegalArgumentException) and belong to the queue until the request's completion was taken: they
 * are neither freed nor, of writes, changed. Offsets and lengths are multiples of the device's
 * {@link BlockDevice#blockSize}. What is wrong with a request besides that is told by its
 * completion.
 */
public interface IoQueue extends AutoCloseable {
  /** Most copies of one write. */
  int MAX_COPIES = 8;

  /** An address that is a multiple of it, in bytes, suits every device. */
  int ENOUGH_ALIGNMENT = 4096;

  /** Most bytes of one request with data. */
  long MAX_BYTES = 8 << 20;

  /** Most bytes of one discard or write-zeroes. */
  long MAX_RANGE_BYTES = 1 << 30;

  /**
   * A queue over these devices, by the quickest way that all of them share.
   *
   * @param capacity how many requests can be between being prepared and being taken, 1 to 4096
   */
  static IoQueue over(List<? extends BlockDevice> devices, int capacity) {
    return devices.isEmpty()
        ? PlainQueue.sequential(capacity)
        : devices.getFirst().queue(devices, capacity);
  }

  /** A queue over any devices that does each request in a virtual thread of its own. */
  static IoQueue threaded(int capacity) {
    return new PlainQueue(capacity, Thread::startVirtualThread);
  }

  /** Throws IllegalArgumentException for what is no capacity. */
  static void checkCapacity(int capacity) {
    if (capacity < 1 || capacity > 4096) {
      throw new IllegalArgumentException("a queue of " + capacity + " requests");
    }
  }

  /** Whether requests to that device can go through this queue. */
  boolean accepts(BlockDevice device);

  int capacity();

  /**
   * A hint, to be given once and early: the buffers of requests will lie in these segments (16 at
   * most), which live as long as the queue. Some transports then pin them once instead of each
   * time.
   *
   * @return whether it makes a difference
   */
  default boolean register(List<MemorySegment> segments) {
    return false;
  }

  /** How many more requests can be prepared now; one more is an IllegalStateException. */
  int room();

  /** How many were prepared and are not taken yet. */
  default int outstanding() {
    return capacity() - room();
  }

  /**
   * Prepares to fill the segment from that byte on.
   *
   * @param flags of {@link IoFlags#OF_READS}
   * @param token told again on completion
   */
  void read(BlockDevice device, long offset, MemorySegment into, int flags, long token);

  /**
   * Prepares to write the segment from that byte on.
   *
   * @param flags of {@link IoFlags#OF_WRITES}
   */
  void write(BlockDevice device, long offset, MemorySegment from, int flags, long token);

  /**
   * Prepares to write one buffer to several places, as one request with one completion; the flags
   * hold for each place. The targets may be changed once this returns.
   */
  void writeCopies(CopyTargets targets, MemorySegment from, int flags, long token);

  /** Prepares to make every write durable that completed before this is submitted. */
  void flush(BlockDevice device, long token);

  /** Prepares {@link BlockDevice#discard}. */
  void discard(BlockDevice device, long offset, long length, long token);

  /** Prepares {@link BlockDevice#writeZeroes}. */
  void writeZeroes(BlockDevice device, long offset, long length, long token);

  /** Starts what was prepared, without waiting for it. */
  void submit();

  /**
   * Starts what was prepared and waits until at least that many completions can be taken, or until
   * nothing is under way any more; returns how many can be taken. 0 does not wait.
   */
  int await(int atLeast);

  /** Waits for everything. */
  default int awaitAll() {
    return await(Integer.MAX_VALUE);
  }

  /** Takes a completion, which the methods below then describe; false if none is there now. */
  boolean next();

  /** The token of the request taken. */
  long token();

  /** Bit i is set if copy i failed (bit 0 for what has no copies); 0 is success. */
  int failed();

  /** Why that copy of the request taken failed; null if it did not. */
  DeviceException failure(int copy);

  /**
   * Waits for everything and takes all of it.
   *
   * @throws DeviceException the first failure taken; the others are its suppressed exceptions
   */
  default void finish() {
    DeviceException first = null;
    awaitAll();
    while (next()) {
      for (int bits = failed(); bits != 0; bits &= bits - 1) {
        DeviceException failure = failure(Integer.numberOfTrailingZeros(bits));
        if (first == null) {
          first = failure;
        } else {
          first.addSuppressed(failure);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /** Waits for what is under way, then frees the queue; the devices stay open. */
  @Override
  void close();
}
