// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.hash;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * What each code point folds to and its canonical combining class, in Unicode 12.1: read once from
 * the resource {@code casefold-12.1.txt}, which a test generates anew from ICU and compares. Hangul
 * syllables are decomposed by rule.
 *
 * <pre>
 *   41 61            code point, what it folds to (several, or none for an ignorable one)
 *   1fc1..1fc3 ...   ranges where all fold to nothing
 *   :300..314 e6     code points or ranges and their combining class
 * </pre>
 */
final class CasefoldTable {
  static final String RESOURCE = "casefold-12.1.txt";

  private static final int HANGUL_FIRST = 0xac00;
  private static final int HANGUL_LAST = 0xd7a3;
  private static final int HANGUL_LEADING = 0x1100;
  private static final int HANGUL_VOWEL = 0x1161;
  private static final int HANGUL_TRAILING = 0x11a7;
  private static final int HANGUL_VOWELS = 21;
  private static final int HANGUL_TRAILINGS = 28;

  private static final CasefoldTable TABLE = read();

  private final Map<Integer, int[]> mappings = new HashMap<>();
  private final int[] classFirst;
  private final int[] classLast;
  private final int[] classValue;
  private int classes;

  private CasefoldTable(int lines) {
    classFirst = new int[lines];
    classLast = new int[lines];
    classValue = new int[lines];
  }

  /** What a code point folds to: null if to itself, empty if to nothing. */
  static int[] mapping(int codePoint) {
    if (codePoint >= HANGUL_FIRST && codePoint <= HANGUL_LAST) {
      return hangul(codePoint - HANGUL_FIRST);
    }
    return TABLE.mappings.get(codePoint);
  }

  private static int[] hangul(int index) {
    int leading = HANGUL_LEADING + index / (HANGUL_VOWELS * HANGUL_TRAILINGS);
    int vowel = HANGUL_VOWEL + index / HANGUL_TRAILINGS % HANGUL_VOWELS;
    int trailing = index % HANGUL_TRAILINGS;
    return trailing == 0
        ? new int[] {leading, vowel}
        : new int[] {leading, vowel, HANGUL_TRAILING + trailing};
  }

  /** Canonical combining class; 0 for code points that marks are not moved across. */
  static int combiningClass(int codePoint) {
    return TABLE.classOf(codePoint);
  }

  private int classOf(int codePoint) {
    int at = Arrays.binarySearch(classFirst, 0, classes, codePoint);
    if (at < 0) {
      at = -at - 2;
    }
    return at >= 0 && codePoint <= classLast[at] ? classValue[at] : 0;
  }

  private static CasefoldTable read() {
    try (InputStream resource = CasefoldTable.class.getResourceAsStream(RESOURCE);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(resource, StandardCharsets.US_ASCII))) {
      String[] all = lines.lines().toArray(String[]::new);
      CasefoldTable table = new CasefoldTable(all.length);
      for (String line : all) {
        table.add(line);
      }
      return table;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void add(String line) {
    if (line.startsWith("#")) {
      return;
    }
    boolean isClass = line.startsWith(":");
    String[] words = line.substring(isClass ? 1 : 0).split(" ", -1);
    int dots = words[0].indexOf("..");
    int first = hex(dots < 0 ? words[0] : words[0].substring(0, dots));
    int last = dots < 0 ? first : hex(words[0].substring(dots + 2));
    if (isClass) {
      classFirst[classes] = first;
      classLast[classes] = last;
      classValue[classes++] = hex(words[1]);
      return;
    }
    int[] mapped = new int[words.length - 1];
    for (int i = 0; i < mapped.length; i++) {
      mapped[i] = hex(words[i + 1]);
    }
    for (int codePoint = first; codePoint <= last; codePoint++) {
      mappings.put(codePoint, mapped);
    }
  }

  private static int hex(String digits) {
    return Integer.parseInt(digits, 16);
  }
}
