// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.hash;

import com.ibm.icu.lang.UCharacter;
import com.ibm.icu.lang.UProperty;
import com.ibm.icu.text.Normalizer2;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Makes the text of the resource that {@link CasefoldTable} reads, from ICU 64.2, whose Unicode is
 * 12.1. Run {@link #main} with the resource's path to write it anew.
 */
final class CasefoldTableText {
  private static final int HANGUL_FIRST = 0xac00;
  private static final int HANGUL_LAST = 0xd7a3;

  private final StringBuilder text = new StringBuilder();
  private int first = -1;
  private int last = -1;
  private String value;

  private CasefoldTableText() {}

  public static void main(String[] args) throws IOException {
    Files.writeString(Path.of(args[0]), generate());
  }

  static String generate() {
    CasefoldTableText table = new CasefoldTableText();
    table.text.append("# Unicode 12.1: case folding and decomposition; combining classes. ");
    table.text.append("SPDX-License-Identifier: Unicode-DFS-2016\n");
    for (int c = 1; c <= Character.MAX_CODE_POINT; c++) {
      table.add("", c, folding(c));
    }
    table.end("");
    for (int c = 1; c <= Character.MAX_CODE_POINT; c++) {
      int combining = UCharacter.getCombiningClass(c);
      table.add(":", c, combining == 0 ? null : " " + Integer.toHexString(combining));
    }
    table.end(":");
    return table.text.toString();
  }

  /** What a code point folds to as it stands in the table, or null for itself. */
  private static String folding(int c) {
    if ((c >= HANGUL_FIRST && c <= HANGUL_LAST) || Character.getType(c) == Character.SURROGATE) {
      return null;
    }
    if (UCharacter.hasBinaryProperty(c, UProperty.DEFAULT_IGNORABLE_CODE_POINT)) {
      return "";
    }
    Normalizer2 nfd = Normalizer2.getNFDInstance();
    String before = UCharacter.toString(c);
    String after = nfd.normalize(UCharacter.foldCase(nfd.normalize(before), true));
    if (after.equals(before)) {
      return null;
    }
    StringBuilder words = new StringBuilder();
    after.codePoints().forEach(part -> words.append(' ').append(Integer.toHexString(part)));
    return words.toString();
  }

  private void add(String prefix, int c, String newValue) {
    if (newValue != null && newValue.equals(value) && c == last + 1) {
      last = c;
      return;
    }
    end(prefix);
    first = c;
    last = c;
    value = newValue;
  }

  private void end(String prefix) {
    if (value != null) {
      text.append(prefix).append(Integer.toHexString(first));
      if (last > first) {
        text.append("..").append(Integer.toHexString(last));
      }
      text.append(value).append('\n');
    }
    value = null;
  }
}
