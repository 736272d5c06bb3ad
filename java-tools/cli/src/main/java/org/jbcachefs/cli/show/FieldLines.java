// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

/** Lines of a label and a value, the values in one column. Not thread-safe. */
public final class FieldLines {
  private final StringBuilder text = new StringBuilder();
  private final int valueColumn;
  private int indent;

  /** Values begin at that column, counted from 0. */
  public FieldLines(int valueColumn) {
    this.valueColumn = valueColumn;
  }

  public int valueColumn() {
    return valueColumn;
  }

  public FieldLines indent(int columns) {
    indent += columns;
    return this;
  }

  /** The label, blanks up to the column, and the value. */
  public FieldLines field(String label, Object value) {
    return line(pad(label, valueColumn - indent) + value);
  }

  /** A number that is meant unsigned. */
  public FieldLines unsigned(String label, long value) {
    return field(label, Long.toUnsignedString(value));
  }

  public FieldLines line(String line) {
    text.repeat(" ", line.isEmpty() ? 0 : indent).append(line).append('\n');
    return this;
  }

  /** The text and as many blanks as fill that width; longer text stays whole. */
  static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
