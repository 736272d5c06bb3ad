// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.cases;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Reads the files of cases; tests/fsck/README.md describes them. */
public final class CaseFile {
  /** Stands for no word in a row, and for no finding. */
  private static final String NOTHING = "-";

  private final String file;
  private final List<FsckCase> cases = new ArrayList<>();
  private String base;
  private String name;
  private String[] columns;
  private final List<String> lines = new ArrayList<>();
  private final List<String[]> rows = new ArrayList<>();

  private CaseFile(String file) {
    this.file = file;
  }

  /** All cases of all files, in order of their names. */
  public static List<FsckCase> readAll(Path folder) {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.cases")) {
      found.forEach(files::add);
      files.sort(null);
      List<FsckCase> all = new ArrayList<>();
      for (Path path : files) {
        all.addAll(new CaseFile(path.getFileName().toString()).read(Files.readAllLines(path)));
      }
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<FsckCase> read(List<String> all) {
    for (String line : all) {
      String stripped = line.strip();
      if (!stripped.isEmpty() && !stripped.startsWith("#")) {
        int blank = stripped.indexOf(' ');
        String word = blank < 0 ? stripped : stripped.substring(0, blank);
        line(word, blank < 0 ? "" : stripped.substring(blank + 1).strip());
      }
    }
    finish();
    return cases;
  }

  private void line(String word, String rest) {
    switch (word) {
      case "base" -> {
        finish();
        base = rest;
      }
      case "case" -> {
        finish();
        name = rest;
        columns = new String[0];
        rows.add(new String[0]);
      }
      case "table" -> {
        finish();
        String[] words = rest.split("\\s+", -1);
        name = words[0];
        columns = java.util.Arrays.copyOfRange(words, 1, words.length);
      }
      case "row" -> rows.add(rest.split("\\s+", columns.length));
      case "edit", "find" -> lines.add(word + " " + rest);
      default -> throw new IllegalArgumentException(file + ": what is '" + word + "'?");
    }
  }

  private void finish() {
    for (String[] row : rows) {
      if (row.length != columns.length) {
        throw new IllegalArgumentException(file + ": a row of " + name + " is short");
      }
      String full = row.length == 0 ? name : name + "-" + row[0];
      cases.add(new FsckCase(full, file, base, filled("edit ", row), filled("find ", row)));
    }
    lines.clear();
    rows.clear();
  }

  private List<String> filled(String kind, String[] row) {
    return lines.stream()
        .filter(line -> line.startsWith(kind))
        .map(line -> filledLine(line.substring(kind.length()), row))
        .filter(line -> !line.equals(NOTHING))
        .toList();
  }

  private String filledLine(String line, String[] row) {
    return IntStream.range(0, row.length)
        .boxed()
        .reduce(line, (text, i) -> text.replace("$" + columns[i], filling(row[i])), (a, _) -> a)
        .strip();
  }

  private static String filling(String word) {
    return word.equals(NOTHING) ? "" : word;
  }
}
