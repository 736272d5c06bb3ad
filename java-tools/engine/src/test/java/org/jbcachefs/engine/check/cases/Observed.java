// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.cases;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.check.Check;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckListener;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.CheckPasses;
import org.jbcachefs.engine.check.FindingPaths;
import org.jbcachefs.engine.check.ReadingFindings;
import org.jbcachefs.engine.edit.ImageEditor;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Finding;

/** Damages a golden filesystem in memory and checks it; nothing is copied, nothing written. */
final class Observed {
  private Observed() {}

  /**
   * What is found, one line each: the error's name, the key's btree (with the level, above 0) and
   * position if there is one, and {@code in PATH} if its file has a path. If the filesystem cannot
   * even be opened, the reason after {@code refused}.
   */
  static List<String> findings(FsckCase subject, Path spill, List<String> sentences) {
    List<BlockDevice> devices = new ArrayList<>();
    GoldenImages.open(subject.base()).forEach(device -> devices.add(new CopyOnWriteDevice(device)));
    try {
      new ImageEditor(devices, options(subject, new ReadingFindings(), false))
          .runAll(String.join("\n", subject.edits()));
      return check(subject, devices, spill, sentences);
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }

  private static OpenOptions options(FsckCase subject, ReadingFindings reading, boolean checking) {
    String passphrase = GoldenImages.passphrase(subject.base());
    OpenOptions options =
        OpenOptions.defaults().withFindings(reading).withThreads(1).withKeyChecks(checking);
    return passphrase == null
        ? options
        : options.withPassphrase(() -> passphrase.getBytes(StandardCharsets.UTF_8));
  }

  private static List<String> check(
      FsckCase subject, List<BlockDevice> devices, Path spill, List<String> sentences) {
    ReadingFindings reading = new ReadingFindings();
    ReadFilesystem filesystem;
    try {
      filesystem = ReadFilesystem.open(devices, options(subject, reading, true));
    } catch (BcachefsException e) {
      Finding finding = Finding.of(e);
      sentences.add(finding.sentence());
      return List.of("refused " + finding.name());
    }
    List<CheckFinding> found = new ArrayList<>();
    CheckOptions options = CheckOptions.defaults().withThreads(2).withSpill(spill);
    new Check(filesystem, reading, options, CheckPasses.all(), new Collector(found)).run();
    FindingPaths paths = new FindingPaths(filesystem);
    return found.stream()
        .peek(finding -> sentences.add(finding.name() + ": " + finding.sentence()))
        .map(finding -> line(finding, paths))
        .sorted()
        .toList();
  }

  private static String line(CheckFinding finding, FindingPaths paths) {
    StringBuilder line = new StringBuilder(finding.name());
    if (finding.btree() >= 0) {
      line.append(' ').append(BtreeId.nameOf(finding.btree()));
      line.append(finding.level() > 0 ? ":" + finding.level() : "");
      line.append(finding.pos() == null ? "" : " " + finding.pos());
    }
    List<String> names =
        paths.of(finding).stream().map(p -> new String(p, StandardCharsets.UTF_8)).toList();
    line.append(names.isEmpty() ? "" : " in " + String.join(" | ", names));
    return line.toString();
  }

  private record Collector(List<CheckFinding> found) implements CheckListener {
    @Override
    public synchronized void finding(CheckFinding finding) {
      found.add(finding);
    }
  }
}
