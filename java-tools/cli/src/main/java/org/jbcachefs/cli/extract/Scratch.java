// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Native memory of one thread for the arguments of system calls. */
final class Scratch {
  private static final long NANOS = 1_000_000_000L;
  private static final int NAME_BYTES = 1 << 13;
  private static final int FIRST_VALUE_BYTES = 1 << 16;
  private static final int STAT_BYTES = 256;

  private final MemorySegment first = Arena.ofAuto().allocate(NAME_BYTES);
  private final MemorySegment second = Arena.ofAuto().allocate(NAME_BYTES);
  private final MemorySegment times = Arena.ofAuto().allocate(32, 8);
  private final MemorySegment stat = Arena.ofAuto().allocate(STAT_BYTES, 8);
  private MemorySegment value = Arena.ofAuto().allocate(FIRST_VALUE_BYTES);

  /** Address of the name with a NUL after it; names longer than any system takes are cut. */
  long first(byte[] name) {
    return put(first, name);
  }

  long second(byte[] name) {
    return put(second, name);
  }

  private static long put(MemorySegment segment, byte[] name) {
    int length = Math.min(name.length, NAME_BYTES - 1);
    MemorySegment.copy(name, 0, segment, ValueLayout.JAVA_BYTE, 0, length);
    segment.set(ValueLayout.JAVA_BYTE, length, (byte) 0);
    return segment.address();
  }

  long value(byte[] bytes) {
    if (bytes.length > value.byteSize()) {
      value = Arena.ofAuto().allocate(bytes.length);
    }
    MemorySegment.copy(bytes, 0, value, ValueLayout.JAVA_BYTE, 0, bytes.length);
    return value.address();
  }

  /** Address of two struct timespec: access and modification, in nanoseconds since 1970. */
  long times(long access, long modification) {
    times.set(ValueLayout.JAVA_LONG, 0, Math.floorDiv(access, NANOS));
    times.set(ValueLayout.JAVA_LONG, 8, Math.floorMod(access, NANOS));
    times.set(ValueLayout.JAVA_LONG, 16, Math.floorDiv(modification, NANOS));
    times.set(ValueLayout.JAVA_LONG, 24, Math.floorMod(modification, NANOS));
    return times.address();
  }

  /** Room for the answer of statx(2). */
  MemorySegment stat() {
    return stat;
  }
}
