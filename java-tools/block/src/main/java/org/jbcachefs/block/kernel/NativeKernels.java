// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Objects;
import org.jbcachefs.format.kernel.JavaKernels;
import org.jbcachefs.format.kernel.Kernels;

/**
 * Kernels of libjbcachefs, which has to be loaded. Memory of the heap, and ranges that are shorter
 * than the call is worth, are left to Java.
 */
final class NativeKernels implements Kernels {
  /** In bytes; see the benchmark of kernels. */
  private static final long WORTH_A_CALL = 128;

  private static final Kernels JAVA = JavaKernels.INSTANCE;

  @Override
  public long crc64(long register, MemorySegment segment, long offset, long length) {
    if (length < WORTH_A_CALL || !segment.isNative()) {
      return JAVA.crc64(register, segment, offset, length);
    }
    Objects.checkFromIndexSize(offset, length, segment.byteSize());
    try {
      return KernelNative.crc64(register, segment.address() + offset, length);
    } finally {
      Reference.reachabilityFence(segment);
    }
  }

  @Override
  public void add(MemorySegment to, MemorySegment from) {
    if (!isWorthIt(to) || !from.isNative()) {
      JAVA.add(to, from);
      return;
    }
    long bytes = Kernels.sameSize(to, from);
    try {
      KernelNative.add(to.address(), from.address(), bytes);
    } finally {
      Reference.reachabilityFence(to);
      Reference.reachabilityFence(from);
    }
  }

  @Override
  public void addToBoth(MemorySegment p, MemorySegment q, MemorySegment block) {
    if (!isWorthIt(p) || !isWorthIt(q) || !block.isNative()) {
      JAVA.addToBoth(p, q, block);
      return;
    }
    Kernels.sameSize(p, q);
    long bytes = Kernels.sameSize(p, block);
    try {
      KernelNative.addToBoth(p.address(), q.address(), block.address(), bytes);
    } finally {
      Reference.reachabilityFence(p);
      Reference.reachabilityFence(q);
      Reference.reachabilityFence(block);
    }
  }

  @Override
  public void timesGenerator(MemorySegment to) {
    if (!isWorthIt(to)) {
      JAVA.timesGenerator(to);
      return;
    }
    try {
      KernelNative.timesGenerator(to.address(), to.byteSize());
    } finally {
      Reference.reachabilityFence(to);
    }
  }

  @Override
  public void times(int factor, MemorySegment to) {
    if (!isWorthIt(to)) {
      JAVA.times(factor, to);
      return;
    }
    try {
      KernelNative.times(factor, to.address(), to.byteSize());
    } finally {
      Reference.reachabilityFence(to);
    }
  }

  private static boolean isWorthIt(MemorySegment segment) {
    return segment.isNative() && !segment.isReadOnly() && segment.byteSize() >= WORTH_A_CALL;
  }
}
