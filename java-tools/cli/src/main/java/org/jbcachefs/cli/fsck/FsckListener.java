// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.fsck;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckListener;
import org.jbcachefs.engine.check.FindingPaths;
import org.jbcachefs.format.tables.RecoveryPass;

/** Shows findings as they come, no more of one kind than asked for, and keeps what JSON needs. */
final class FsckListener implements CheckListener {
  /** JSON is written at the end; beyond that many findings only their number is kept. */
  private static final int MOST_COLLECTED = 100_000;

  private final Output out;
  private final Progress progress;
  private final FindingPaths paths;
  private final int mostOfOneKind;
  private final boolean verbose;
  private final Map<String, Integer> shown = new HashMap<>();
  private final List<Shown> collected = new ArrayList<>();
  private final DamagedPaths damagedPaths = new DamagedPaths();
  private String pass = "";
  private boolean collectOnly;

  /** A finding and the files that it is about. */
  record Shown(CheckFinding finding, List<byte[]> paths) {}

  FsckListener(
      Output out, Progress progress, FindingPaths paths, int mostOfOneKind, boolean verbose) {
    this.out = out;
    this.progress = progress;
    this.paths = paths;
    this.mostOfOneKind = mostOfOneKind;
    this.verbose = verbose;
  }

  @Override
  public void begin(RecoveryPass running) {
    pass = running.toString();
    progress.begin(pass);
  }

  @Override
  public void stage(String what) {
    progress.begin(pass.isEmpty() ? what : pass + ", " + what);
  }

  @Override
  public void progress(long items, double fraction) {
    progress.fraction(fraction);
    progress.did(items, 0);
  }

  @Override
  public void finding(CheckFinding finding) {
    List<byte[]> files = paths.of(finding);
    damagedPaths.add(finding, files);
    if (shown.merge(finding.name(), 1, Integer::sum) > mostOfOneKind) {
      return;
    }
    Shown item = new Shown(finding, files);
    if (out.isJson() || collectOnly) {
      if (collected.size() < MOST_COLLECTED) {
        collected.add(item);
      }
    } else {
      progress.erase();
      text(out.text(), item);
      out.text().flush();
    }
  }

  private static void text(TextWriter text, Shown item) {
    CheckFinding finding = item.finding();
    text.print(finding.note() ? "note: " : "")
        .print(finding.name())
        .print(": ")
        .println(finding.sentence());
    for (byte[] path : item.paths()) {
      text.print("  in ").name(path).println();
    }
  }

  @Override
  public void end(RecoveryPass ended, long nanoseconds) {
    if (verbose && !out.isJson()) {
      progress.erase();
      out.text().println(ended + ": " + FsckReport.seconds(nanoseconds));
      out.text().flush();
    }
  }

  /** Findings are kept and not shown yet. */
  void collectOnly() {
    collectOnly = true;
  }

  /** Shows what was kept. */
  void showCollected(TextWriter text) {
    collected.forEach(item -> text(text, item));
  }

  List<Shown> collected() {
    return collected;
  }

  /** How many findings of that name were shown. */
  int shown(String name) {
    return Math.min(shown.getOrDefault(name, 0), mostOfOneKind);
  }

  DamagedPaths damagedPaths() {
    return damagedPaths;
  }
}
