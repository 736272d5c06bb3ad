// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.jbcachefs.block.testing.NativeCode;
import org.jbcachefs.format.kernel.JavaKernels;
import org.jbcachefs.format.kernel.Kernels;
import org.jbcachefs.format.kernel.KernelsContract;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class NativeKernelsTest extends KernelsContract {
  private static final long SEED = 6;
  private static final int ROUNDS = 300;
  private static final int MOST_BYTES = 20_000;

  @BeforeAll
  static void load() {
    NativeCode.require();
  }

  @Override
  protected Kernels kernels() {
    return Kernels.best();
  }

  @Test
  void theyAreWhatTheServiceFindsWhereTheLibraryIs() {
    assertInstanceOf(NativeKernels.class, Kernels.best());
  }

  @Test
  void theyComputeWhatJavaComputes() {
    SplittableRandom random = new SplittableRandom(SEED);
    Kernels java = JavaKernels.INSTANCE;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(3L * (MOST_BYTES + 64), 64);
      MemorySegment twin = arena.allocate(memory.byteSize(), 64);
      for (int round = 0; round < ROUNDS; round++) {
        byte[] bytes = new byte[(int) memory.byteSize()];
        random.nextBytes(bytes);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
        twin.copyFrom(memory);
        long length = random.nextInt(MOST_BYTES);
        long a = random.nextInt(64);
        long b = MOST_BYTES + 64L + random.nextInt(64);
        long c = 2L * (MOST_BYTES + 64) + random.nextInt(64);
        int factor = random.nextInt(256);
        compute(kernels(), memory, length, a, b, c, factor);
        compute(java, twin, length, a, b, c, factor);
        assertArrayEquals(
            twin.toArray(ValueLayout.JAVA_BYTE),
            memory.toArray(ValueLayout.JAVA_BYTE),
            "seed " + SEED + ", round " + round);
        assertEquals(java.crc64(round, twin, a, length), kernels().crc64(round, memory, a, length));
      }
    }
  }

  private static void compute(
      Kernels kernels, MemorySegment memory, long length, long a, long b, long c, int factor) {
    MemorySegment p = memory.asSlice(a, length);
    MemorySegment q = memory.asSlice(b, length);
    MemorySegment block = memory.asSlice(c, length);
    kernels.addToBoth(p, q, block);
    kernels.times(factor, q);
    kernels.timesGenerator(block);
    kernels.add(block, q);
  }

  @Test
  void memoryThatMayOnlyBeReadIsNotWritten() {
    MemorySegment readOnly = Arena.ofAuto().allocate(4096, 64).asReadOnly();
    MemorySegment other = Arena.ofAuto().allocate(4096, 64);
    assertThrows(RuntimeException.class, () -> kernels().times(3, readOnly));
    assertThrows(RuntimeException.class, () -> kernels().add(readOnly, other));
    assertThrows(RuntimeException.class, () -> kernels().addToBoth(other, readOnly, other));
  }
}
