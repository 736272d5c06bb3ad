// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class FsckCasesTest {
  /** Only cases whose name contains that. */
  private static final String ONLY = System.getProperty("jbcachefs.fsck.case", "");

  private static final int FEWEST = 150;

  @TempDir private static Path spill;

  static List<FsckCase> cases() {
    return CaseFile.readAll(Path.of(System.getProperty("jbcachefs.root")).resolve("tests/fsck"));
  }

  @TestFactory
  Stream<DynamicTest> exactlyWhatIsDamagedIsFound() {
    return cases().stream()
        .filter(one -> one.toString().contains(ONLY))
        .map(one -> DynamicTest.dynamicTest(one.toString(), () -> run(one)));
  }

  private static void run(FsckCase subject) {
    List<String> sentences = new ArrayList<>();
    List<String> found = Observed.findings(subject, spill, sentences);
    assertEquals(
        lines(subject.findings().stream().sorted().toList()),
        lines(counted(found, subject.findings())),
        () ->
            subject.edits()
                + "\n"
                + String.join("\n", sentences)
                + "\nreproduce: -Dtest=FsckCasesTest -Djbcachefs.fsck.case="
                + subject.name());
  }

  /** What is found, ids of which only the number is expected replaced by their number. */
  private static List<String> counted(List<String> found, List<String> expected) {
    List<String> lines = new ArrayList<>(found);
    for (String line : expected) {
      if (line.contains(" *")) {
        String start = line.substring(0, line.indexOf(" *"));
        int before = lines.size();
        lines.removeIf(one -> one.equals(start) || one.startsWith(start + " "));
        lines.add(start + " *" + (before - lines.size()));
      }
    }
    lines.sort(null);
    return lines;
  }

  private static String lines(List<String> findings) {
    StringBuilder text = new StringBuilder();
    findings.forEach(line -> text.append("  find ").append(line).append('\n'));
    return text.toString();
  }

  @Test
  void casesHaveNamesOfTheirOwnAndThereAreEnough() {
    Set<String> names = new HashSet<>();
    for (FsckCase one : cases()) {
      assertTrue(names.add(one.name()), one + " is there twice");
      assertTrue(!one.edits().isEmpty(), one + " damages nothing");
    }
    assertTrue(names.size() >= FEWEST, names.size() + " cases");
  }
}
