// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.cases;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.edit.ImageEditor;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.repair.RepairTable;
import org.jbcachefs.format.tables.FsckError;

/**
 * A damaged filesystem and what is to be found in it.
 *
 * @param file which of the files of cases it is from
 * @param base the golden filesystem that is damaged
 * @param edits statements for {@link ImageEditor}, in order
 * @param findings all of what the checker finds, as {@link Observed} writes it
 */
public record FsckCase(
    String name, String file, String base, List<String> edits, List<String> findings) {
  public FsckCase {
    edits = List.copyOf(edits);
    findings = List.copyOf(findings);
  }

  /** The damaged members, in memory over the golden images; whoever gets them closes them. */
  public List<BlockDevice> devices() {
    List<BlockDevice> devices = new ArrayList<>();
    GoldenImages.open(base).forEach(device -> devices.add(new CopyOnWriteDevice(device)));
    new ImageEditor(devices, open()).runAll(String.join("\n", edits));
    return devices;
  }

  /** How the filesystem is opened. */
  public OpenOptions open() {
    String passphrase = GoldenImages.passphrase(base);
    OpenOptions options = OpenOptions.defaults().withThreads(2);
    return passphrase == null
        ? options
        : options.withPassphrase(() -> passphrase.getBytes(StandardCharsets.UTF_8));
  }

  /** Whether there is a repair for each finding. */
  public boolean isMendable() {
    return !findings.isEmpty()
        && findings.stream().allMatch(line -> hasRepair(line.split(" ", 2)[0]));
  }

  private static boolean hasRepair(String name) {
    return FsckError.named(name)
        .map(error -> RepairTable.of(error).isPresent())
        .orElseGet(
            () -> RepairTable.ALL.stream().anyMatch(repair -> repair.names().contains(name)));
  }

  @Override
  public String toString() {
    return file + " " + name;
  }
}
