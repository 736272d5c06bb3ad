// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.tables.RecoveryPass;

/** A check of devices, and what came of it. */
public final class CheckRun implements CheckListener {
  private final List<CheckFinding> findings = new ArrayList<>();
  private final List<RecoveryPass> passes = new ArrayList<>();
  private CheckSummary summary;

  private CheckRun() {}

  /** Checks a golden filesystem. */
  public static CheckRun of(String golden) {
    return of(golden, GoldenImages.open(golden), CheckOptions.defaults().withThreads(2));
  }

  /**
   * Checks devices.
   *
   * @param golden whose passphrase it has
   */
  public static CheckRun of(String golden, List<BlockDevice> devices, CheckOptions options) {
    return of(golden, devices, options, CheckPasses.all());
  }

  /** The same with those passes. */
  public static CheckRun of(
      String golden, List<BlockDevice> devices, CheckOptions options, List<CheckPass> passes) {
    String passphrase = GoldenImages.passphrase(golden);
    ReadingFindings reading = new ReadingFindings();
    OpenOptions opening =
        OpenOptions.defaults()
            .withThreads(2)
            .withFindings(reading)
            .withKeyChecks(true)
            .withPassphrase(
                () -> passphrase == null ? null : passphrase.getBytes(StandardCharsets.UTF_8));
    CheckRun run = new CheckRun();
    try (ReadFilesystem filesystem = ReadFilesystem.open(devices, opening)) {
      run.summary = new Check(filesystem, reading, options, passes, run).run();
    }
    return run;
  }

  public List<CheckFinding> findings() {
    return findings;
  }

  /** Each finding on a line: name and sentence. */
  public String text() {
    StringBuilder text = new StringBuilder();
    findings.forEach(finding ->
        text.append(finding.name()).append(": ").append(finding.sentence()).append('\n'));
    return text.toString();
  }

  public List<RecoveryPass> passes() {
    return passes;
  }

  public CheckSummary summary() {
    return summary;
  }

  @Override
  public void begin(RecoveryPass pass) {
    passes.add(pass);
  }

  @Override
  public void finding(CheckFinding finding) {
    findings.add(finding);
  }
}
