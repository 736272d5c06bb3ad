// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jbcachefs.format.error.Finding;

/**
 * Hears what opening and reading the filesystem finds, from any thread; {@link Check} reports it.
 * Notes, which mean no damage, are left out.
 */
public final class ReadingFindings implements Consumer<Finding> {
  private static final int MOST_WAITING = 100_000;

  private final Set<Finding> waiting = new HashSet<>();
  private final Set<Finding> known = new HashSet<>();

  @Override
  public synchronized void accept(Finding finding) {
    boolean note = finding.severity() == Finding.Severity.NOTE;
    if (!note && waiting.size() < MOST_WAITING && !known.contains(finding)) {
      waiting.add(finding);
    }
  }

  /** What was heard since the last call, in an order that does not depend on threads. */
  synchronized List<CheckFinding> take() {
    List<CheckFinding> taken = new ArrayList<>();
    waiting.stream()
        .sorted(Comparator.comparing(Finding::name).thenComparing(Finding::sentence))
        .forEach(finding -> taken.add(CheckFinding.of(finding)));
    if (known.size() < MOST_WAITING) {
      known.addAll(waiting);
    }
    waiting.clear();
    return taken;
  }
}
