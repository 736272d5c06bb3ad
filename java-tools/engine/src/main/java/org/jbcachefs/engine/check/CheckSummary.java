// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.format.tables.RecoveryPass;

/** How many findings of each kind there were, and how long each pass took. */
public final class CheckSummary {
  private final Map<String, Long> counts = new TreeMap<>();
  private final Map<RecoveryPass, Long> nanoseconds = new LinkedHashMap<>();
  private long notes;

  void add(String name, long count) {
    counts.merge(name, count, Long::sum);
  }

  void addNote() {
    notes++;
  }

  void passed(RecoveryPass pass, long took) {
    nanoseconds.put(pass, took);
  }

  /** Findings by name. */
  public Map<String, Long> counts() {
    return Map.copyOf(counts);
  }

  long count(String name) {
    return counts.getOrDefault(name, 0L);
  }

  /** Remarks, which are no findings. */
  public long notes() {
    return notes;
  }

  /** All findings. */
  public long findings() {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Passes in the order in which they ran, and how long they took. */
  public Map<RecoveryPass, Long> nanoseconds() {
    return new LinkedHashMap<>(nanoseconds);
  }
}
