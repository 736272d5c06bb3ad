// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.opening;

import java.util.Locale;
import java.util.Optional;

/** The ways to reach a device, as {@code --io} names them. */
public enum IoMode {
  /** The best that can be had: shim, else uring, else plain. */
  AUTO,
  /** Only the kernel shim: block nodes, held exclusively. */
  SHIM,
  /** Only native code and io_uring. */
  URING,
  /** Only what Java itself can do. */
  PLAIN;

  /** The mode of that name in lower case. */
  public static Optional<IoMode> of(String name) {
    for (IoMode mode : values()) {
      if (mode.toString().equals(name)) {
        return Optional.of(mode);
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
