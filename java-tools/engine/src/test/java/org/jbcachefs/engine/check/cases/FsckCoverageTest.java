// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jbcachefs.format.tables.FsckError;
import org.junit.jupiter.api.Test;

class FsckCoverageTest {
  private static final Path ROOT = Path.of(System.getProperty("jbcachefs.root"));

  /** Why an id is in no case: the first word of its line in coverage.txt. */
  private static final Set<String> REASONS =
      Set.of("runtime", "write", "data", "unused", "other", "elsewhere", "missing", "uncovered");

  /** Reasons that say that no code of ours reports the id. */
  private static final Set<String> MUST_BE_ABSENT = Set.of("runtime", "write", "unused", "missing");

  @Test
  void everyIdOfTheFormatIsInACaseOrItIsSaidWhyNot() throws IOException {
    Set<String> inCases = idsInCases();
    Map<String, String> reasons = reasons();
    List<String> wrong = new ArrayList<>();
    Set<FsckError> producible =
        Producible.byCodeOf(
            List.of(
                ROOT.resolve("java-tools/format/target/classes"),
                ROOT.resolve("java-tools/engine/target/classes")));
    for (FsckError error : FsckError.values()) {
      if (error.number() < FsckError.COUNT_IN_1_38) {
        String name = error.toString();
        String reason = reasons.remove(name);
        boolean covered = inCases.contains(name);
        if (covered == (reason != null)) {
          wrong.add(name + (covered ? " is in a case: take it out" : " is in no case: say why"));
        } else if (!covered && MUST_BE_ABSENT.contains(reason) && producible.contains(error)) {
          wrong.add(name + ": " + reason + ", but the code can report it");
        }
      }
    }
    reasons.keySet().forEach(name -> wrong.add(name + " is no id of 1.38"));
    assertEquals(List.of(), wrong, "coverage.txt");
  }

  private static Set<String> idsInCases() {
    Set<String> ids = new TreeSet<>();
    for (FsckCase one : FsckCasesTest.cases()) {
      for (String finding : one.findings()) {
        ids.add(finding.replace("refused ", "").split(" ", 2)[0]);
      }
    }
    return ids;
  }

  private static Map<String, String> reasons() throws IOException {
    Map<String, String> reasons = new TreeMap<>();
    for (String line : Files.readAllLines(ROOT.resolve("tests/fsck/coverage.txt"))) {
      if (!line.isBlank() && !line.startsWith("#")) {
        String[] words = line.split("\\s+", 3);
        if (!REASONS.contains(words[1])) {
          throw new IllegalArgumentException("coverage.txt: " + line);
        }
        reasons.put(words[0], words[1]);
      }
    }
    return reasons;
  }
}
