// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.btree.NodeReader;
import org.jbcachefs.engine.journal.JournalRecovery;
import org.jbcachefs.engine.journal.JournalReplay;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.node.NodeContext;

/** One worker's own view of the images, to be damaged and mended. Belongs to one thread. */
final class Bench {
  private final Corpus corpus;
  private final Map<String, Image> images = new HashMap<>();

  /** An image's devices with patches, put together once from the undamaged superblocks. */
  record Image(
      ImageSource source,
      List<PatchedDevice> devices,
      DeviceSet set,
      FilesystemKey key,
      NodeContext context,
      Map<Integer, PatchedDevice> byMember) {
    Image {
      devices = List.copyOf(devices);
      byMember = Map.copyOf(byMember);
    }

    void mend() {
      devices.forEach(PatchedDevice::reset);
    }

    /** Shows other bytes on a member from that sector on. */
    void patch(int member, long sector, byte[] bytes) {
      byMember.get(member).patch(sector * 512, bytes);
    }

    NodeReader nodeReader(List<Finding> findings) {
      return new NodeReader(set, context, false, findings::add);
    }

    JournalReplay replay() {
      return JournalRecovery.of(set, key, 1);
    }
  }

  Bench(Corpus corpus) {
    this.corpus = corpus;
  }

  Corpus corpus() {
    return corpus;
  }

  Image image(String name) {
    return images.computeIfAbsent(name, this::prepare);
  }

  private Image prepare(String name) {
    ImageSource source = corpus.source(name);
    List<PatchedDevice> devices = source.patched();
    try (ReadFilesystem filesystem = source.open(devices, false, _ -> {})) {
      Map<Integer, PatchedDevice> byMember = new HashMap<>();
      for (int member = 0; member < filesystem.devices().size(); member++) {
        BlockDevice device = filesystem.devices().device(member);
        if (device instanceof PatchedDevice patched) {
          byMember.put(member, patched);
        }
      }
      return new Image(
          source,
          new ArrayList<>(devices),
          filesystem.devices(),
          filesystem.key().orElse(null),
          filesystem.nodes().context(),
          byMember);
    }
  }
}
