// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.util.function.Consumer;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.error.Finding;

/** The copies of superblocks, for those who check them and nothing else. */
public final class SuperblockCopies {
  private SuperblockCopies() {}

  /** Reads every copy on every member; what is wrong with one, where others are good, is told. */
  public static void check(DeviceSet devices, Consumer<Finding> report) {
    SuperblockCheck.check(devices, report);
  }
}
