// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.block.testing.NativeCode;
import org.junit.jupiter.api.Assumptions;

/**
 * Block devices to claim, whose content nobody needs: those that the system property
 * jbcachefs.shim.devices names (tests/vm/shim-java gives them, in a guest with the module loaded).
 */
final class ShimDevices {
  private static final String PROPERTY = "jbcachefs.shim.devices";

  private ShimDevices() {}

  /** Skips the test where there is no module, or no device to try it on. */
  static void require() {
    NativeCode.require();
    Assumptions.assumeTrue(ShimNode.isPresent(), "the module jbcachefs_shim is not loaded");
    Assumptions.assumeTrue(System.getProperty(PROPERTY) != null, PROPERTY + " is not given");
  }

  static Path path(int index) {
    List<String> all = Arrays.asList(System.getProperty(PROPERTY).split(",", -1));
    return Path.of(all.get(index));
  }

  /** Fills the device with zeros and claims it for writing. */
  static BlockDevice claimZeroed(ShimSession session, int index) {
    try (BlockDevice plain = FileBlockDevice.openReadWrite(path(index))) {
      plain.writeZeroes(0, plain.size());
      plain.flush();
    }
    return session.openReadWrite(path(index));
  }
}
