// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.kernel;

import java.util.ServiceLoader;

/** Looks for better kernels once, when the first range is long enough to ask. */
final class BestKernels {
  static final Kernels FOUND = find();

  private BestKernels() {}

  private static Kernels find() {
    for (KernelProvider provider : ServiceLoader.load(KernelProvider.class)) {
      Kernels found = provider.find();
      if (found != null) {
        return found;
      }
    }
    return JavaKernels.INSTANCE;
  }
}
