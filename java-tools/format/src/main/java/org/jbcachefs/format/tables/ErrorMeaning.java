// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What an error id means to a person: one sentence, how bad it is, what finds it, and what fsck
 * does where one answer is given to all questions. The sentences are this project's own; the ids
 * are the format's.
 *
 * @param severity how much hangs on it
 * @param foundBy "superblock", "journal", "node", "key" (while reading), the name of a {@link
 *     RecoveryPass}, or "runtime" for what only a mounted filesystem can see
 * @param repairByDefault whether the repair is made when one answer is given to all questions
 * @param sentence what it means
 */
public record ErrorMeaning(
    Severity severity, String foundBy, boolean repairByDefault, String sentence) {
  /** How much hangs on an error. */
  public enum Severity {
    /** Contents or names cannot be reached. */
    LOSS,
    /** Metadata contradicts itself; what hangs on it may be lost. */
    STRUCTURE,
    /** It can be computed again from other metadata. */
    DERIVED,
    /** Nothing hangs on it. */
    BENIGN
  }

  private static final String TABLE = "fsck-errors.txt";
  private static final int COLUMNS = 5;

  /**
   * The whole table, one row for every id. Reads a resource: for programs that print or repair, not
   * for hot paths.
   */
  public static Map<FsckError, ErrorMeaning> readTable() {
    Map<FsckError, ErrorMeaning> table = new EnumMap<>(FsckError.class);
    try (InputStream in = ErrorMeaning.class.getResourceAsStream(TABLE)) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      text.lines().filter(line -> !line.startsWith("#")).forEach(line -> addRow(table, line));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return table;
  }

  /** The errors that are found by one of those. Reads the resource. */
  public static Set<FsckError> foundBy(String... finders) {
    Set<String> wanted = Set.of(finders);
    Set<FsckError> errors = EnumSet.noneOf(FsckError.class);
    readTable()
        .forEach((error, meaning) -> {
          if (wanted.contains(meaning.foundBy)) {
            errors.add(error);
          }
        });
    return errors;
  }

  private static void addRow(Map<FsckError, ErrorMeaning> table, String line) {
    String[] column = line.split("\\|", COLUMNS);
    FsckError error = FsckError.valueOf(column[0].toUpperCase(Locale.ROOT));
    Severity severity = Severity.valueOf(column[1].toUpperCase(Locale.ROOT));
    if (table.put(error, new ErrorMeaning(severity, column[2], column[3].equals("y"), column[4]))
        != null) {
      throw new IllegalStateException(TABLE + " has " + error + " twice");
    }
  }
}
