// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.recovery.KeySource;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.Finding;

/**
 * A golden filesystem's devices and the key its passphrase gives, derived once. Thread-safe; the
 * devices stay open as long as the program runs.
 */
record ImageSource(String name, List<BlockDevice> devices, FilesystemKey passphraseKey) {
  ImageSource {
    devices = List.copyOf(devices);
  }

  /** The devices, each with patches of its own. */
  List<PatchedDevice> patched() {
    List<PatchedDevice> patched = new ArrayList<>();
    devices.forEach(device -> patched.add(new PatchedDevice(device)));
    return patched;
  }

  /** Opens it from those devices. */
  ReadFilesystem open(
      List<? extends BlockDevice> from, boolean rescue, Consumer<Finding> findings) {
    KeySource keys = passphraseKey == null ? KeySource.none() : (_, _, _) -> passphraseKey;
    return ReadFilesystem.open(
        List.copyOf(from),
        OpenOptions.defaults()
            .withThreads(1)
            .withRescue(rescue)
            .withKeySource(keys)
            .withFindings(findings));
  }
}
