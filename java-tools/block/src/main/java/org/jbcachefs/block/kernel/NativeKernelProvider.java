// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.kernel;

import org.jbcachefs.block.jni.NativeLibrary;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.kernel.KernelProvider;
import org.jbcachefs.format.kernel.Kernels;

/** The service that {@link Kernels#best} finds. */
public final class NativeKernelProvider implements KernelProvider {
  /** Null if libjbcachefs is not there or is of another version. */
  @Override
  public Kernels find() {
    if (!NativeLibrary.isPresent()) {
      return null;
    }
    try {
      NativeLibrary.load();
      KernelNative.crc64(0, 0, 0);
      return new NativeKernels();
    } catch (RefusedException | UnsatisfiedLinkError e) {
      return null;
    }
  }
}
