// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.node.NodeContext;

/** The btrees of a golden filesystem, opened for a test. */
final class GoldenBtrees implements AutoCloseable {
  final List<Finding> findings = new CopyOnWriteArrayList<>();
  final ReadFilesystem filesystem;
  final DeviceSet devices;
  final NodeContext context;
  final NodeReader reader;
  final BtreesOverDevices btrees;

  private GoldenBtrees(String name, List<BlockDevice> opened, boolean rescue) {
    OpenOptions options =
        OpenOptions.defaults()
            .withPassphrase(() -> passphrase(name))
            .withRescue(rescue)
            .withThreads(2)
            .withFindings(findings::add);
    filesystem = ReadFilesystem.open(opened, options);
    devices = filesystem.devices();
    reader = filesystem.nodes();
    context = reader.context();
    btrees = (BtreesOverDevices) filesystem.btrees();
    // What the superblock and the journal had to say is not the btrees' business.
    findings.clear();
  }

  private static byte[] passphrase(String name) {
    String text = GoldenImages.passphrase(name);
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  static GoldenBtrees open(String name) {
    return new GoldenBtrees(name, GoldenImages.open(name), false);
  }

  /** Opens devices that were made of a golden filesystem's. */
  static GoldenBtrees over(String name, List<? extends BlockDevice> devices) {
    return new GoldenBtrees(name, List.copyOf(devices), false);
  }

  /** The same for rescue. */
  static GoldenBtrees forRescue(String name, List<? extends BlockDevice> devices) {
    return new GoldenBtrees(name, List.copyOf(devices), true);
  }

  @Override
  public void close() {
    filesystem.close();
  }
}
