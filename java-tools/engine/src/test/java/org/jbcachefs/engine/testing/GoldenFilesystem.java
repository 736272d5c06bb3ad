// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.testing;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.error.Finding;

/** Golden filesystems, opened for reading with their passphrase where they need one. */
public final class GoldenFilesystem {
  private GoldenFilesystem() {}

  /** Opens one; what is found wrong on the way is added to the list. */
  public static ReadFilesystem open(String name, List<Finding> findings) {
    return ReadFilesystem.open(GoldenImages.open(name), options(name, findings));
  }

  /** Opens what is left of one on those devices. */
  public static ReadFilesystem rescue(
      String name, List<BlockDevice> devices, List<Finding> findings) {
    return ReadFilesystem.open(devices, options(name, findings).withRescue(true));
  }

  private static OpenOptions options(String name, List<Finding> findings) {
    String passphrase = GoldenImages.passphrase(name);
    return OpenOptions.defaults()
        .withThreads(2)
        .withFindings(findings::add)
        .withPassphrase(
            () -> passphrase == null ? null : passphrase.getBytes(StandardCharsets.UTF_8));
  }
}
