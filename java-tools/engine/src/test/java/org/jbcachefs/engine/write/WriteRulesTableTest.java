// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jbcachefs.engine.rules.WriteRule;
import org.junit.jupiter.api.Test;

/** Holds docs/write-rules.md against the tests that there are. */
class WriteRulesTableTest {
  private static final int RULES = 76;
  private static final String KERNEL = "kernel";
  private static final Pattern ROW =
      Pattern.compile("\\| W(\\d+) \\| [^|]+ \\| ?([^|]*?) ?\\|", Pattern.MULTILINE);

  private static Path root() {
    return Path.of(System.getProperty("jbcachefs.root"));
  }

  private static String text() throws IOException {
    return Files.readString(root().resolve("docs/write-rules.md"));
  }

  /** What holds each rule, by its number. */
  private static Map<Integer, String> table() throws IOException {
    Map<Integer, String> table = new TreeMap<>();
    Matcher row = ROW.matcher(text());
    while (row.find()) {
      table.put(Integer.parseInt(row.group(1)), row.group(2));
    }
    return table;
  }

  @Test
  void everyRuleIsInTheTableWithATest() throws IOException {
    Map<Integer, String> table = table();
    List<String> without = new ArrayList<>();
    for (int rule = 1; rule <= RULES; rule++) {
      assertTrue(table.containsKey(rule), "W" + rule);
      if (table.get(rule).isEmpty()) {
        without.add("W" + rule);
      }
    }
    assertEquals(RULES, table.size());
    assertEquals(List.of(), without);
  }

  @Test
  void everyTestThatIsNamedExists() throws IOException {
    for (Map.Entry<Integer, String> row : table().entrySet()) {
      String held = row.getValue();
      if (!held.isEmpty() && !held.equals(KERNEL)) {
        String[] parts = held.split("#", -1);
        String source = source(parts[0]).orElseThrow(() -> new AssertionError(held));
        String method = "void " + parts[1] + "(";
        assertTrue(source.contains(method), () -> "W" + row.getKey() + ": " + held);
      }
    }
  }

  private static Optional<String> source(String name) throws IOException {
    try (Stream<Path> files = Files.walk(root().resolve("java-tools"))) {
      Optional<Path> found =
          files
              .filter(path -> path.endsWith(name + ".java"))
              .filter(path -> path.toString().contains("/src/test/java/"))
              .findFirst();
      return found.isPresent() ? Optional.of(Files.readString(found.get())) : Optional.empty();
    }
  }

  /**
   * Every rule that can be broken on purpose is broken by a test that shows that this is noticed.
   */
  @Test
  void everySwitchIsUsed() throws IOException {
    String source =
        source("BrokenRulesTest").orElseThrow()
            + source("DelayedWritesTest").orElseThrow()
            + source("NocowTest").orElseThrow()
            + source("SharedFlushTest").orElseThrow();
    for (WriteRule rule : WriteRule.values()) {
      assertTrue(source.contains(rule.name()), rule.name());
    }
  }
}
