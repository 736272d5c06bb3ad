// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.error.Finding;

/** A golden filesystem with its data, opened for a test. */
final class GoldenData implements AutoCloseable {
  final ReadFilesystem filesystem;
  final List<Finding> findings = new CopyOnWriteArrayList<>();
  final FileData data;
  final Namespace namespace;

  private GoldenData(String image, List<? extends BlockDevice> devices) {
    String passphrase = GoldenImages.passphrase(image);
    OpenOptions options =
        OpenOptions.defaults()
            .withPassphrase(() -> passphrase == null ? null : passphrase.getBytes(UTF_8))
            .withFindings(findings::add);
    filesystem = ReadFilesystem.open(List.copyOf(devices), options);
    data = filesystem.data();
    namespace = filesystem.namespace();
    // What the superblock and the journal had to say is not the data's business.
    findings.clear();
  }

  static GoldenData open(String image) {
    return new GoldenData(image, GoldenImages.open(image));
  }

  /** The same from other devices: some of them, or damaged ones. */
  static GoldenData open(String image, List<? extends BlockDevice> devices) {
    return new GoldenData(image, devices);
  }

  FileId find(List<byte[]> path) {
    FileId at = namespace.root();
    for (byte[] name : path) {
      at = namespace.lookup(at, name).orElseThrow().target();
    }
    return at;
  }

  @Override
  public void close() {
    filesystem.close();
  }
}
