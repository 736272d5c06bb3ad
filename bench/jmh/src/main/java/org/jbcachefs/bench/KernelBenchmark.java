// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jbcachefs.format.kernel.JavaKernels;
import org.jbcachefs.format.kernel.Kernels;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The kernels of Java and of libjbcachefs over native memory of several lengths. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public class KernelBenchmark {
  private static final long SEED = 64;

  @Param({"java", "native"})
  public String way;

  @Param({"64", "256", "4096", "65536", "1048576"})
  public int bytes;

  private Kernels kernels;
  private MemorySegment p;
  private MemorySegment q;
  private MemorySegment block;

  /** Fills the memory; the native way has to be there. */
  @Setup
  public void prepare() {
    kernels = way.equals("java") ? JavaKernels.INSTANCE : Kernels.best();
    if (way.equals("native") && kernels == JavaKernels.INSTANCE) {
      throw new IllegalStateException("libjbcachefs is not there");
    }
    SplittableRandom random = new SplittableRandom(SEED);
    Arena arena = Arena.ofAuto();
    p = arena.allocate(bytes, 64);
    q = arena.allocate(bytes, 64);
    block = arena.allocate(bytes, 64);
    for (int i = 0; i < bytes; i++) {
      block.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
    }
  }

  @Benchmark
  public long crc64() {
    return kernels.crc64(0, block, 0, bytes);
  }

  @Benchmark
  public void add() {
    kernels.add(p, block);
  }

  @Benchmark
  public void addToBoth() {
    kernels.addToBoth(p, q, block);
  }

  @Benchmark
  public void timesGenerator() {
    kernels.timesGenerator(q);
  }

  @Benchmark
  public void times() {
    kernels.times(0x8e, q);
  }
}
