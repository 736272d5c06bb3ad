// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.jbcachefs.engine.repair.RepairTable;
import org.jbcachefs.format.tables.FsckError;
import org.junit.jupiter.api.Test;

/** Which errors that a case expects have no repair, held against tests/fsck/unrepaired.txt. */
class RepairCoverageTest {
  @Test
  void theListOfWhatIsNotRepairedIsTrue() throws IOException {
    Set<String> expected = new TreeSet<>();
    for (FsckCase one : FsckCasesTest.cases()) {
      for (String line : one.findings()) {
        FsckError.named(line.split(" ", 2)[0])
            .filter(error -> RepairTable.of(error).isEmpty())
            .ifPresent(error -> expected.add(error.toString()));
      }
    }
    Path list = Path.of(System.getProperty("jbcachefs.root")).resolve("tests/fsck/unrepaired.txt");
    Set<String> listed = new TreeSet<>();
    Files.readAllLines(list).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .forEach(line -> listed.add(line.split(" ", 2)[0]));
    assertEquals(lines(expected), lines(listed));
  }

  private static String lines(Set<String> names) {
    return String.join("\n", names);
  }
}
