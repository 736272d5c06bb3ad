// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.error.Finding;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is read of every golden filesystem equals what a kernel showed through its mount: names,
 * types, modes, owners, link counts, sizes, times, xattrs, targets, contents, holes.
 */
class GoldenTreeTest {
  private static final int SHOWN = 10;

  /** DT_DIR of dirent(3). */
  private static final int DIRECTORY = 4;

  static List<String> names() {
    return GoldenImages.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void theWholeTreeIsWhatTheKernelShowed(String name) {
    List<String> expected = GoldenImages.text(name, "manifest.txt").lines().toList();
    List<Finding> findings = new CopyOnWriteArrayList<>();
    List<String> actual;
    try (ReadFilesystem filesystem = GoldenFilesystem.open(name, findings)) {
      actual =
          TreeManifest.of(filesystem.namespace(), filesystem.data(), filesystem.namespace().root());
    }
    assertFalse(expected.isEmpty());
    assertEquals("", differences(expected, actual), () -> name + ", findings: " + findings);
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyNameIsFoundAndEveryFileKnowsItsParent(String name) {
    try (ReadFilesystem filesystem = GoldenFilesystem.open(name, new ArrayList<>())) {
      Namespace namespace = filesystem.namespace();
      assertTrue(checkNames(namespace, namespace.root()) > 0);
    }
  }

  private static int checkNames(Namespace namespace, FileId directory) {
    List<DirectoryEntry> entries = new ArrayList<>();
    namespace.list(directory, -1, entries::add);
    int count = entries.size();
    for (DirectoryEntry entry : entries) {
      DirectoryEntry found = namespace.lookup(directory, entry.name()).orElseThrow();
      assertEquals(entry.target(), found.target());
      assertEquals(entry.hash(), found.hash());
      if (entry.type() == DIRECTORY) {
        assertEquals(directory, namespace.parent(entry.target()));
        count += checkNames(namespace, entry.target());
      }
    }
    return count;
  }

  /** The first lines that only one of the manifests has. */
  private static String differences(List<String> expected, List<String> actual) {
    Set<String> missing = new LinkedHashSet<>(expected);
    actual.forEach(missing::remove);
    Set<String> surplus = new LinkedHashSet<>(actual);
    expected.forEach(surplus::remove);
    List<String> lines = new ArrayList<>();
    missing.stream().limit(SHOWN).forEach(line -> lines.add("kernel: " + line));
    surplus.stream().limit(SHOWN).forEach(line -> lines.add("here:   " + line));
    if (!lines.isEmpty()) {
      lines.addFirst(missing.size() + " lines missing, " + surplus.size() + " too many");
    }
    return String.join("\n", lines);
  }
}
