// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.format.error.Finding;

/** Tells what the engine found on the way, each thing once. Thread-safe. */
public final class FindingReport implements Consumer<Finding> {
  /** Beyond that many different findings repetitions are no longer noticed. */
  private static final int REMEMBERED = 100_000;

  private final Invocation invocation;
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  public FindingReport(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public void accept(Finding finding) {
    if (told.size() >= REMEMBERED || told.add(finding.sentence())) {
      if (finding.severity() == Finding.Severity.LOST) {
        invocation.damaged(problem(finding));
      } else {
        invocation.problem(problem(finding));
      }
    }
  }

  private static Problem problem(Finding finding) {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("error", finding.name());
    details.put("device", finding.place().device());
    details.put("offset", finding.place().offset() < 0 ? null : finding.place().offset());
    details.put("structure", finding.place().structure());
    details.put("position", finding.place().position());
    String kind =
        switch (finding.severity()) {
          case NOTE -> "note";
          case MENDED -> "mended";
          case LOST -> "lost";
        };
    return new Problem(kind, finding.place().toString(), finding.what(), details);
  }
}
