// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The memory that a queue shares with native code: an array of slots ({@link SlotLayout}), the list
 * of slots to start and the list of those that have ended. Of the thread that made it.
 */
final class SlotMemory implements AutoCloseable {

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment slots;
  private final MemorySegment prepared;
  private final MemorySegment done;

  SlotMemory(int capacity) {
    slots = arena.allocate((long) SlotLayout.SLOT_BYTES * capacity, 64);
    prepared = arena.allocate(4L * capacity, 64);
    done = arena.allocate(4L * capacity, 64);
  }

  long slotsAddress() {
    return slots.address();
  }

  long preparedAddress() {
    return prepared.address();
  }

  long doneAddress() {
    return done.address();
  }

  void fill(int slot, int operation, int flags, long address, long bytes, int copies, int buffer) {
    long at = slot * (long) SlotLayout.SLOT_BYTES;
    slots.set(ValueLayout.JAVA_LONG, at + SlotLayout.ADDRESS, address);
    slots.set(ValueLayout.JAVA_LONG, at + SlotLayout.BYTES, bytes);
    slots.set(ValueLayout.JAVA_INT, at + SlotLayout.FLAGS, flags);
    slots.set(ValueLayout.JAVA_BYTE, at + SlotLayout.OPERATION, (byte) operation);
    slots.set(ValueLayout.JAVA_BYTE, at + SlotLayout.COPIES, (byte) copies);
    slots.set(ValueLayout.JAVA_SHORT, at + SlotLayout.BUFFER, (short) buffer);
  }

  void target(int slot, int place, long offset, int device) {
    long at =
        slot * (long) SlotLayout.SLOT_BYTES
            + SlotLayout.TARGETS
            + place * (long) SlotLayout.TARGET_BYTES;
    slots.set(ValueLayout.JAVA_LONG, at, offset);
    slots.set(ValueLayout.JAVA_INT, at + SlotLayout.TARGET_DEVICE, device);
  }

  void prepare(int index, int slot) {
    prepared.set(ValueLayout.JAVA_INT, 4L * index, slot);
  }

  int done(int index) {
    return done.get(ValueLayout.JAVA_INT, 4L * index);
  }

  /** A bit for each place that failed. */
  int failed(int slot) {
    return slots.get(ValueLayout.JAVA_INT, slot * (long) SlotLayout.SLOT_BYTES + SlotLayout.FAILED);
  }

  /** The errno of a place that failed. */
  int errno(int slot, int place) {
    return -slots.get(
        ValueLayout.JAVA_INT,
        slot * (long) SlotLayout.SLOT_BYTES
            + SlotLayout.TARGETS
            + place * (long) SlotLayout.TARGET_BYTES
            + SlotLayout.TARGET_RESULT);
  }

  long offset(int slot, int place) {
    return slots.get(
        ValueLayout.JAVA_LONG,
        slot * (long) SlotLayout.SLOT_BYTES
            + SlotLayout.TARGETS
            + place * (long) SlotLayout.TARGET_BYTES);
  }

  @Override
  public void close() {
    arena.close();
  }
}
