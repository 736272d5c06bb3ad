// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one worker found, kept until it is its turn. Of each kind no more than {@link
 * #MOST_OF_ONE_KIND} are kept, the others are counted. Belongs to one thread at a time.
 */
final class FindingBuffer implements Findings {
  /** Whoever has more than that many of one kind will not read them one by one. */
  static final int MOST_OF_ONE_KIND = 1000;

  private final List<CheckFinding> kept = new ArrayList<>(0);
  private final Map<String, Integer> counts = new HashMap<>(0);
  private final Map<String, Long> omitted = new TreeMap<>();

  @Override
  public void report(CheckFinding finding) {
    if (counts.merge(finding.name(), 1, Integer::sum) <= MOST_OF_ONE_KIND) {
      kept.add(finding);
    } else {
      omitted.merge(finding.name(), 1L, Long::sum);
    }
  }

  /** Adds what another buffer has. */
  void addAll(FindingBuffer later) {
    later.kept.forEach(this::report);
    later.omitted.forEach((name, count) -> omitted.merge(name, count, Long::sum));
  }

  List<CheckFinding> kept() {
    return kept;
  }

  /** How many were left out, by name. */
  Map<String, Long> omitted() {
    return omitted;
  }
}
