// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.fsck;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jbcachefs.engine.check.CheckFinding;

/** Files that findings are about, and by which errors; as many as people will read. */
final class DamagedPaths {
  private static final int MOST = 10_000;

  /** Bytes as ISO-8859-1, which keeps every name apart and in the order of its bytes. */
  private final Map<String, Set<String>> errors = new TreeMap<>();

  private long omitted;

  void add(CheckFinding finding, List<byte[]> paths) {
    for (byte[] path : paths) {
      String key = new String(path, StandardCharsets.ISO_8859_1);
      if (errors.containsKey(key) || errors.size() < MOST) {
        errors.computeIfAbsent(key, _ -> new TreeSet<>()).add(finding.name());
      } else {
        omitted++;
      }
    }
  }

  boolean isEmpty() {
    return errors.isEmpty();
  }

  /** Visits a file and the names of its errors. */
  interface Visitor {
    void path(byte[] path, Collection<String> names);
  }

  void forEach(Visitor visitor) {
    errors.forEach(
        (path, names) -> visitor.path(path.getBytes(StandardCharsets.ISO_8859_1), names));
  }

  /** How many mentions of further files were left out. */
  long omitted() {
    return omitted;
  }
}
