// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;

/** Findings up to a number that people still read; the rest is counted. */
final class FindingList {
  private static final int KEPT = 1000;

  private final List<Finding> kept = new ArrayList<>();
  private long dropped;

  void add(Finding finding) {
    if (kept.size() < KEPT) {
      kept.add(finding);
    } else {
      dropped++;
    }
  }

  void addAll(Collection<Finding> findings) {
    findings.forEach(this::add);
  }

  List<Finding> toList() {
    List<Finding> all = new ArrayList<>(kept);
    if (dropped > 0) {
      all.add(
          new Finding(
              "journal_more_findings",
              Place.structure("journal"),
              "and " + dropped + " more of the like"));
    }
    return all;
  }
}
