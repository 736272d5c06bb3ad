// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ErrorMeaningTest {
  private final Map<FsckError, ErrorMeaning> table = ErrorMeaning.readTable();

  @Test
  void everyErrorIdHasAMeaning() {
    assertEquals(EnumSet.allOf(FsckError.class), EnumSet.copyOf(table.keySet()));
  }

  @Test
  void everyErrorIsFoundByAPassThatExistsOrWhileReadingOrAtRuntime() {
    Set<String> finders = new HashSet<>(Set.of("superblock", "journal", "node", "key", "runtime"));
    for (RecoveryPass pass : RecoveryPass.values()) {
      finders.add(pass.name().toLowerCase(Locale.ROOT));
    }
    table.forEach((error, meaning) ->
        assertTrue(finders.contains(meaning.foundBy()), error + ": " + meaning.foundBy()));
  }

  @Test
  void everyMeaningIsOneSentence() {
    table.forEach((error, meaning) ->
        assertTrue(
            meaning.sentence().matches("[A-Z\"].{10,150}\\."), error + ": " + meaning.sentence()));
  }

  @Test
  void whatIsRepairedWithoutAskingIsRepairedByDefault() {
    table.forEach((error, meaning) -> {
      if (error.autofix() && meaning.severity() == ErrorMeaning.Severity.DERIVED) {
        assertTrue(meaning.repairByDefault(), error.toString());
      }
    });
  }
}
