// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.fsck;

import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.format.tables.ErrorMeaning;
import org.jbcachefs.format.tables.FsckError;

/** Which findings are to be repaired. */
interface RepairAnswers {
  /** Whether that one is. */
  boolean accept(CheckFinding finding, Repair repair);

  /** All that can be. */
  static RepairAnswers all() {
    return (_, _) -> true;
  }

  /** Those that the format repairs without a question, and notes. */
  static RepairAnswers automatic() {
    Map<FsckError, ErrorMeaning> meanings = ErrorMeaning.readTable();
    return (finding, _) ->
        finding.note()
            || (finding.error() != null && meanings.get(finding.error()).repairByDefault());
  }

  /** Those that somebody says yes to. */
  static RepairAnswers asking(UnaryOperator<String> terminal) {
    return new Asking(terminal);
  }

  /** Asks about each finding, until an answer is given for all of a kind or for all. */
  final class Asking implements RepairAnswers {
    private final UnaryOperator<String> terminal;
    private final Map<String, Boolean> kinds = new HashMap<>();
    private Boolean everything;

    private Asking(UnaryOperator<String> terminal) {
      this.terminal = terminal;
    }

    @Override
    public boolean accept(CheckFinding finding, Repair repair) {
      while (true) {
        Boolean known = everything != null ? everything : kinds.get(finding.name());
        if (known != null) {
          return known;
        }
        String answer =
            terminal.apply(
                finding.name()
                    + ": "
                    + finding.sentence()
                    + "\n  "
                    + repair.what(finding.error())
                    + "? [y]es, [n]o, [a]ll of this kind, n[o]ne of this kind, [Y]es to all,"
                    + " [q]: no to all: ");
        switch (answer == null ? "q" : answer) {
          case "y", "yes" -> {
            return true;
          }
          case "n", "no", "" -> {
            return false;
          }
          case "a" -> kinds.put(finding.name(), true);
          case "o" -> kinds.put(finding.name(), false);
          case "Y" -> everything = true;
          case "q" -> everything = false;
          default -> {
            // Once more.
          }
        }
      }
    }
  }
}
