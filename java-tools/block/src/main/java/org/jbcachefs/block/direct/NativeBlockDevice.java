// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.DeviceErrors;
import org.jbcachefs.block.IoFlags;
import org.jbcachefs.block.IoQueue;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.format.error.DeviceException;

/**
 * A device that native code reads and writes: the checks, the copying of what cannot be transferred
 * in place, and the errors. Writes have to be whole blocks; reads may be anything. Every failure's
 * cause is a {@link NativeException}.
 */
abstract class NativeBlockDevice implements BlockDevice {
  /** Set in {@link #users} once the device is closed. */
  private static final int CLOSED = 1 << 30;

  private final String name;
  private final long size;
  private final int blockSize;
  private final int memoryAlignment;
  private final boolean readOnly;
  private final BounceBuffers bounces = new BounceBuffers();

  /** Calls under way: a descriptor is not closed under them, lest its number serve another file. */
  private final AtomicInteger users = new AtomicInteger();

  NativeBlockDevice(String name, long size, int blockSize, int memoryAlignment, boolean readOnly) {
    this.name = name;
    this.size = size;
    this.blockSize = blockSize;
    this.memoryAlignment = memoryAlignment;
    this.readOnly = readOnly;
  }

  // Each returns 0 or a negative errno.

  abstract int readAt(long offset, long address, long length);

  abstract int writeAt(long offset, long address, long length, int flags);

  abstract int flushAll();

  abstract int discardRange(long offset, long length);

  abstract int zeroRange(long offset, long length);

  abstract void release();

  /** Whether reads must be whole blocks in aligned memory. */
  abstract boolean isDirect();

  /** What a queue's slot calls the device: a descriptor or a claim. */
  abstract int number();

  @Override
  public final boolean writesPastCache() {
    return isDirect();
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final long size() {
    return size;
  }

  @Override
  public final int blockSize() {
    return blockSize;
  }

  @Override
  public final int bufferAlignment() {
    return Math.max(memoryAlignment, BlockDevice.super.bufferAlignment());
  }

  @Override
  public final boolean readOnly() {
    return readOnly;
  }

  @Override
  public final void read(long offset, MemorySegment into) {
    enter("read", offset);
    try {
      long length = into.byteSize();
      if (DeviceErrors.isOutside(offset, length, size)) {
        throw DeviceErrors.outside(this, "read", offset, length);
      }
      if (isTransferable(into) && (!isDirect() || isAligned(offset, length))) {
        check("read", offset, length, readAt(offset, into.address(), length));
      } else {
        readThroughBounce(offset, into);
      }
    } finally {
      leave();
    }
  }

  private void readThroughBounce(long offset, MemorySegment into) {
    MemorySegment bounce = bounces.take();
    long end = offset + into.byteSize();
    for (long at = offset; at < end; ) {
      long start = at & -blockSize;
      long stop = Math.min(start + BounceBuffers.BYTES, (end + blockSize - 1) & -blockSize);
      check(
          "read", at, stop - start, readAt(start, bounce.address(), Math.min(stop, size) - start));
      long next = Math.min(stop, end);
      MemorySegment.copy(bounce, at - start, into, at - offset, next - at);
      at = next;
    }
    bounces.giveBack(bounce);
  }

  @Override
  public final void write(long offset, MemorySegment from) {
    write(offset, from, IoFlags.NONE);
  }

  @Override
  public final void write(long offset, MemorySegment from, int flags) {
    IoFlags.check(flags, IoFlags.OF_WRITES);
    enter("write", offset);
    try {
      long length = from.byteSize();
      checkChange("write", offset, length);
      if (isTransferable(from)) {
        check("write", offset, length, writeAt(offset, from.address(), length, flags));
      } else {
        writeThroughBounce(offset, from, flags);
      }
    } finally {
      leave();
    }
  }

  private void writeThroughBounce(long offset, MemorySegment from, int flags) {
    MemorySegment bounce = bounces.take();
    long length = from.byteSize();
    int left = flags;
    for (long done = 0; done < length; ) {
      long step = Math.min(length - done, BounceBuffers.BYTES);
      MemorySegment.copy(from, done, bounce, 0, step);
      check("write", offset + done, step, writeAt(offset + done, bounce.address(), step, left));
      left &= ~IoFlags.PREFLUSH;
      done += step;
    }
    bounces.giveBack(bounce);
  }

  @Override
  public final void flush() {
    enter("flush", 0);
    try {
      if (!readOnly) {
        check("flush", 0, size, flushAll());
      }
    } finally {
      leave();
    }
  }

  @Override
  public final void discard(long offset, long length) {
    enter("discard", offset);
    try {
      checkChange("discard", offset, length);
      for (long done = 0; done < length; ) {
        long step = Math.min(length - done, IoQueue.MAX_RANGE_BYTES);
        check("discard", offset + done, step, discardRange(offset + done, step));
        done += step;
      }
    } finally {
      leave();
    }
  }

  @Override
  public final void writeZeroes(long offset, long length) {
    enter("write zeroes", offset);
    try {
      checkChange("write zeroes", offset, length);
      for (long done = 0; done < length; ) {
        long step = Math.min(length - done, IoQueue.MAX_RANGE_BYTES);
        check("write zeroes", offset + done, step, zeroRange(offset + done, step));
        done += step;
      }
    } finally {
      leave();
    }
  }

  /** Waits for calls that other threads have under way. */
  @Override
  public final void close() {
    if ((users.getAndAccumulate(CLOSED, (now, bit) -> now | bit) & CLOSED) != 0) {
      return;
    }
    synchronized (users) {
      boolean interrupted = false;
      while (users.get() != CLOSED) {
        try {
          users.wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    release();
  }

  private void enter(String operation, long offset) {
    if (!tryEnter()) {
      throw DeviceErrors.closed(this, operation, offset);
    }
  }

  /** Keeps the device open until {@link #leave}; false if it is closed. */
  final boolean tryEnter() {
    if ((users.incrementAndGet() & CLOSED) != 0) {
      leave();
      return false;
    }
    return true;
  }

  final void leave() {
    if (users.decrementAndGet() == CLOSED) {
      synchronized (users) {
        users.notifyAll();
      }
    }
  }

  final boolean isClosed() {
    return (users.get() & CLOSED) != 0;
  }

  /** Why a request to change a range cannot be; null if it can. */
  final DeviceException refusalOfChange(String operation, long offset, long length) {
    return readOnly ? DeviceErrors.readOnly(this, offset) : refusal(operation, offset, length);
  }

  /** Why a request of whole blocks cannot be; null if it can. */
  final DeviceException refusal(String operation, long offset, long length) {
    if (isClosed()) {
      return DeviceErrors.closed(this, operation, offset);
    }
    if (DeviceErrors.isOutside(offset, length, size)) {
      return DeviceErrors.outside(this, operation, offset, length);
    }
    return isAligned(offset, length)
        ? null
        : DeviceErrors.unaligned(this, operation, offset, length);
  }

  private void checkChange(String operation, long offset, long length) {
    DeviceException refusal = refusalOfChange(operation, offset, length);
    if (refusal != null) {
      throw refusal;
    }
  }

  private boolean isAligned(long offset, long length) {
    return ((offset | length) & (blockSize - 1)) == 0;
  }

  private boolean isTransferable(MemorySegment segment) {
    return segment.isNative() && (segment.address() & (memoryAlignment - 1)) == 0;
  }

  private void check(String operation, long offset, long length, int result) {
    if (result < 0) {
      throw failure(operation, offset, length, -result);
    }
  }

  /** What an errno means here. */
  final DeviceException failure(String operation, long offset, long length, int errno) {
    String why =
        errno == Errno.ENODATA && operation.equals("read") && !isBlockNode()
            ? "the file ends inside of it; expected " + size + " bytes"
            : Errno.text(errno);
    return DeviceErrors.failed(
        this, operation, offset, length, why, new NativeException(operation, errno));
  }

  /** Whether ENODATA is what a medium says that has lost a sector. */
  abstract boolean isBlockNode();
}
