// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.cases;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.FieldRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.StringEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jbcachefs.format.tables.FsckError;

/**
 * Which error ids the code can report: those that a compiled class names, as a constant of {@link
 * FsckError} or as a string. The tables, which name all of them, do not count.
 */
final class Producible {
  private static final String TABLES = "org/jbcachefs/format/tables";
  private static final String ERRORS = TABLES + "/FsckError";

  private Producible() {}

  static Set<FsckError> byCodeOf(List<Path> classFolders) {
    Set<FsckError> found = EnumSet.noneOf(FsckError.class);
    for (Path folder : classFolders) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
          if (!file.toString().contains(TABLES)) {
            add(found, file);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return found;
  }

  private static void add(Set<FsckError> found, Path file) throws IOException {
    for (PoolEntry entry : ClassFile.of().parse(file).constantPool()) {
      switch (entry) {
        case FieldRefEntry field -> {
          if (field.owner().asInternalName().equals(ERRORS)
              && field.type().stringValue().equals("L" + ERRORS + ";")) {
            found.add(FsckError.valueOf(field.name().stringValue()));
          }
        }
        case StringEntry text -> FsckError.named(text.stringValue()).ifPresent(found::add);
        default -> {}
      }
    }
  }
}
