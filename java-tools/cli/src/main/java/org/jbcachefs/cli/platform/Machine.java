// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.jbcachefs.engine.recovery.FormatRequest;

/** This machine's processors and memory. */
public final class Machine {
  private static final long UNKNOWN_MEMORY = 1L << 30;

  private Machine() {}

  /** As far as the sizes of a new filesystem depend on it. */
  public static FormatRequest.Machine here() {
    long memory =
        ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
            ? system.getTotalMemorySize()
            : UNKNOWN_MEMORY;
    return new FormatRequest.Machine(Runtime.getRuntime().availableProcessors(), memory);
  }
}
