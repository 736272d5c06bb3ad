// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.hash;

import java.io.ByteArrayOutputStream;

/**
 * Folds names as the kernel does (its Unicode tables are of version 12.1): each code point is
 * replaced by its canonically decomposed full case folding, ignorable ones vanish, and combining
 * marks are put in canonical order. Thread-safe. Source: {@code utf8_casefold}.
 *
 * <p>Two habits of the kernel matter for names that were stored: an ignorable code point still
 * keeps marks before and after it apart, and a stray continuation byte (0x80..0xbf) that follows a
 * character is passed through, once more for every pass that sorts the marks around it.
 */
public final class Casefold {
  /** Longest folded name in bytes; the kernel refuses what would be longer. */
  public static final int MAX_BYTES = 512;

  private static final int STOPPER = 0;
  private static final int STRAY = -1;

  private final byte[] name;
  private final ByteArrayOutputStream folded = new ByteArrayOutputStream();

  /** Marks (and stray bytes among them) since the last stopper: code point or byte, and class. */
  private int[] run = new int[16];

  private int runLength;
  private int marks;

  private Casefold(byte[] name) {
    this.name = name;
  }

  /** The folded name, or null if the name is no UTF-8 or too long, which the kernel refuses. */
  public static byte[] fold(byte[] name) {
    return new Casefold(name).fold();
  }

  private byte[] fold() {
    int at = 0;
    while (at < name.length && name[at] != 0) {
      int lead = name[at] & 0xff;
      if (lead >= 0x80 && lead < 0xc0) {
        if (at == 0) {
          return null;
        }
        stray(lead);
        at++;
        continue;
      }
      int length = sequenceLength(lead);
      int codePoint = decode(at, length);
      if (codePoint < 0) {
        return null;
      }
      character(codePoint);
      at += length;
    }
    flush();
    return folded.size() > MAX_BYTES ? null : folded.toByteArray();
  }

  private static int sequenceLength(int lead) {
    if (lead < 0xc0) {
      return 1;
    }
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  }

  /** The code point at that byte; -1 if it is cut off, too long, a surrogate or out of range. */
  private int decode(int at, int length) {
    int lead = name[at] & 0xff;
    if (length == 1) {
      return lead;
    }
    if (at + length > name.length) {
      return -1;
    }
    int codePoint = lead & (0x7f >> length);
    for (int i = 1; i < length; i++) {
      int next = name[at + i] & 0xff;
      if ((next & 0xc0) != 0x80) {
        return -1;
      }
      codePoint = codePoint << 6 | (next & 0x3f);
    }
    boolean wrong =
        lead >= 0xf8
            || codePoint < SHORTEST[length]
            || codePoint > Character.MAX_CODE_POINT
            || (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE);
    return wrong ? -1 : codePoint;
  }

  private static final int[] SHORTEST = {0, 0, 0x80, 0x800, 0x10000};

  private void character(int codePoint) {
    int[] mapped = CasefoldTable.mapping(codePoint);
    if (mapped == null) {
      emit(codePoint);
    } else if (mapped.length == 0) {
      flush();
    } else {
      for (int part : mapped) {
        emit(part);
      }
    }
  }

  private void emit(int codePoint) {
    int combiningClass = CasefoldTable.combiningClass(codePoint);
    if (combiningClass == STOPPER) {
      flush();
      write(codePoint);
    } else {
      append(codePoint, combiningClass);
      marks++;
    }
  }

  private void stray(int value) {
    if (marks == 0) {
      folded.write(value);
    } else {
      append(value, STRAY);
    }
  }

  private void append(int value, int kind) {
    if (runLength == run.length) {
      run = java.util.Arrays.copyOf(run, run.length * 2);
    }
    run[runLength] = value;
    run[runLength + 1] = kind;
    runLength += 2;
  }

  /** Writes the marks, lowest class first, each class in the order it came. */
  private void flush() {
    if (marks == 0) {
      return;
    }
    int current = STRAY;
    while (current < Integer.MAX_VALUE && folded.size() <= MAX_BYTES) {
      int next = Integer.MAX_VALUE;
      for (int i = 0; i < runLength; i += 2) {
        int kind = run[i + 1];
        if (kind == STRAY) {
          folded.write(run[i]);
        } else if (kind == current) {
          write(run[i]);
        } else if (kind > current && kind < next) {
          next = kind;
        }
      }
      current = next;
    }
    runLength = 0;
    marks = 0;
  }

  private void write(int codePoint) {
    if (codePoint < 0x80) {
      folded.write(codePoint);
    } else if (codePoint < 0x800) {
      folded.write(0xc0 | codePoint >> 6);
      folded.write(0x80 | (codePoint & 0x3f));
    } else if (codePoint < 0x10000) {
      folded.write(0xe0 | codePoint >> 12);
      folded.write(0x80 | (codePoint >> 6 & 0x3f));
      folded.write(0x80 | (codePoint & 0x3f));
    } else {
      folded.write(0xf0 | codePoint >> 18);
      folded.write(0x80 | (codePoint >> 12 & 0x3f));
      folded.write(0x80 | (codePoint >> 6 & 0x3f));
      folded.write(0x80 | (codePoint & 0x3f));
    }
  }
}
