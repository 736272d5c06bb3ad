// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.testing.TreeManifest;

/**
 * What repaired trees differ in from those of the undamaged filesystems, held against {@code
 * tests/fsck/trees.txt}: a case that is not listed there must have the same tree. Times are left
 * out.
 */
final class RepairedTrees {
  /** A file to which the differences are appended, for whoever makes the list anew. */
  private static final String MADE = System.getProperty("jbcachefs.fsck.trees", "");

  private static final int MOST_LINES = 12;
  private static final Pattern LINE = Pattern.compile("\\{\"path\": (\"[^\"]*\")(.*)\\}");
  private static final Pattern FIELD =
      Pattern.compile("\"(\\w+)\": (\"[^\"]*\"|\\d+|\\{[^}]*\\}|\\[.*\\])");

  private final Map<String, Map<String, Map<String, String>>> bases = new HashMap<>();
  private final Map<String, List<String>> expected = read();

  private static Map<String, List<String>> read() {
    Path list = Path.of(System.getProperty("jbcachefs.root")).resolve("tests/fsck/trees.txt");
    Map<String, List<String>> found = new HashMap<>();
    List<String> current = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(list)) {
        if (line.startsWith("case ")) {
          current = new ArrayList<>();
          found.put(line.substring("case ".length()), current);
        } else if (!line.isBlank() && !line.startsWith("#")) {
          current.add(line);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  /** Compares a repaired filesystem; its devices stay open. */
  void check(FsckCase subject, List<BlockDevice> devices, OpenOptions open) {
    Map<String, Map<String, String>> before;
    synchronized (bases) {
      before = bases.computeIfAbsent(subject.base(), base -> tree(GoldenImages.open(base), open));
    }
    List<BlockDevice> borrowed = new ArrayList<>();
    devices.forEach(device -> borrowed.add(new LentDevice(device)));
    List<String> differences = differences(before, tree(borrowed, open));
    if (!MADE.isEmpty() && !differences.isEmpty()) {
      append(subject, differences);
      return;
    }
    assertEquals(
        String.join("\n", expected.getOrDefault(subject.name(), List.of())),
        String.join("\n", differences),
        () -> "the tree of " + subject + " " + subject.edits());
  }

  private static synchronized void append(FsckCase subject, List<String> differences) {
    String text = "case " + subject.name() + "\n" + String.join("\n", differences) + "\n\n";
    try {
      Files.writeString(Path.of(MADE), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Map<String, String>> tree(
      List<? extends BlockDevice> devices, OpenOptions open) {
    try (ReadFilesystem filesystem = ReadFilesystem.open(List.copyOf(devices), open)) {
      Map<String, Map<String, String>> tree = new TreeMap<>();
      for (String line :
          TreeManifest.of(
              filesystem.namespace(), filesystem.data(), filesystem.namespace().root())) {
        Matcher matcher = LINE.matcher(line);
        if (matcher.matches()) {
          tree.put(matcher.group(1), fields(matcher.group(2)));
        }
      }
      return tree;
    }
  }

  private static Map<String, String> fields(String text) {
    Map<String, String> fields = new TreeMap<>();
    Matcher matcher = FIELD.matcher(text);
    while (matcher.find()) {
      fields.put(matcher.group(1), matcher.group(2));
    }
    fields.remove("mtime");
    return fields;
  }

  private static List<String> differences(
      Map<String, Map<String, String>> before, Map<String, Map<String, String>> after) {
    TreeSet<String> paths = new TreeSet<>(before.keySet());
    paths.addAll(after.keySet());
    Map<String, Integer> kinds = new TreeMap<>();
    List<String> lines = new ArrayList<>();
    for (String path : paths) {
      String kind = difference(before.get(path), after.get(path));
      if (!kind.isEmpty()) {
        kinds.merge(kind, 1, Integer::sum);
        lines.add(kind.substring(0, 1) + " " + path + kind.substring(1));
      }
    }
    if (lines.size() <= MOST_LINES) {
      return lines;
    }
    List<String> sums = new ArrayList<>();
    kinds.forEach(
        (kind, count) -> sums.add(kind.substring(0, 1) + " *" + count + kind.substring(1)));
    return sums;
  }

  /** A sign, and the fields in which they differ; empty if in none. */
  private static String difference(Map<String, String> before, Map<String, String> after) {
    if (before == null || after == null) {
      return before == null ? "+" : "-";
    }
    TreeSet<String> fields = new TreeSet<>(before.keySet());
    fields.addAll(after.keySet());
    fields.removeIf(field -> before.getOrDefault(field, "").equals(after.getOrDefault(field, "")));
    return fields.isEmpty() ? "" : "~ " + String.join(",", fields);
  }
}
