// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import org.jbcachefs.engine.fs.Attributes;

/** Types of files, by the number that both dirent(3)'s DT_ and the top bits of a mode use. */
public enum FileType {
  FIFO(1, 'p', "fifo"),
  CHARACTER(2, 'c', "character"),
  DIRECTORY(4, 'd', "directory"),
  BLOCK(6, 'b', "block"),
  REGULAR(8, '-', "file"),
  SYMLINK(10, 'l', "symlink"),
  SOCKET(12, 's', "socket"),
  UNKNOWN(0, '?', "unknown");

  private static final int MODE_SHIFT = 12;

  private final int number;
  private final char letter;
  private final String word;

  FileType(int number, char letter, String word) {
    this.number = number;
    this.letter = letter;
    this.word = word;
  }

  /** By DT_ number; {@link #UNKNOWN} for any other. */
  public static FileType ofDirent(int number) {
    for (FileType type : values()) {
      if (type.number == number) {
        return type;
      }
    }
    return UNKNOWN;
  }

  public static FileType of(Attributes attributes) {
    return ofDirent((attributes.mode() & Attributes.TYPE_MASK) >> MODE_SHIFT);
  }

  /** As {@code ls -l} begins its line. */
  public char letter() {
    return letter;
  }

  /** As JSON says it. */
  public String word() {
    return word;
  }

  public boolean isDevice() {
    return this == CHARACTER || this == BLOCK;
  }

  /** {@code drwxr-xr-t}. */
  public static String modeText(Attributes attributes) {
    int mode = attributes.mode();
    StringBuilder text = new StringBuilder(10).append(of(attributes).letter);
    triple(text, mode >> 6, (mode & 04000) != 0, 's');
    triple(text, mode >> 3, (mode & 02000) != 0, 's');
    triple(text, mode, (mode & 01000) != 0, 't');
    return text.toString();
  }

  private static void triple(StringBuilder text, int bits, boolean special, char letter) {
    text.append((bits & 4) != 0 ? 'r' : '-').append((bits & 2) != 0 ? 'w' : '-');
    boolean executable = (bits & 1) != 0;
    if (special) {
      text.append(executable ? letter : Character.toUpperCase(letter));
    } else {
      text.append(executable ? 'x' : '-');
    }
  }
}
