// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** How many damages hit each kind of structure. Thread-safe. */
final class Coverage {
  private final ConcurrentHashMap<String, LongAdder> counts = new ConcurrentHashMap<>();

  void hit(String kind) {
    counts.computeIfAbsent(kind, _ -> new LongAdder()).increment();
  }

  long of(String kind) {
    LongAdder count = counts.get(kind);
    return count == null ? 0 : count.sum();
  }

  Map<String, Long> all() {
    Map<String, Long> all = new TreeMap<>();
    counts.forEach((kind, count) -> all.put(kind, count.sum()));
    return all;
  }
}
