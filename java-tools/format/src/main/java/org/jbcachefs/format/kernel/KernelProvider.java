// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.kernel;

/** A service: who has {@link Kernels} that are quicker than those of Java. */
public interface KernelProvider {
  /** They, or null if they cannot be used here. */
  Kernels find();
}
