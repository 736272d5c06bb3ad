// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows of cells in columns as wide as their widest cell, two blanks between them. Each cell but a
 * row's last may be set to the left or to the right. Not thread-safe.
 */
final class AlignedColumns {
  private static final int GAP = 2;

  private record Cell(String text, boolean right) {}

  private final List<List<Cell>> rows = new ArrayList<>();
  private final String indent;
  private List<Cell> row = new ArrayList<>();

  /** {@code indent} begins the first cell of every row. */
  AlignedColumns(String indent) {
    this.indent = indent;
  }

  AlignedColumns() {
    this("");
  }

  AlignedColumns left(String text) {
    row.add(new Cell(first() + text, false));
    return this;
  }

  AlignedColumns right(String text) {
    row.add(new Cell(first() + text, true));
    return this;
  }

  /** Ends the row, with a last cell that takes part in its column's width and is not filled up. */
  AlignedColumns end(String text) {
    row.add(new Cell(text.isEmpty() ? text : first() + text, false));
    rows.add(row);
    row = new ArrayList<>();
    return this;
  }

  AlignedColumns end() {
    return end("");
  }

  private String first() {
    return row.isEmpty() ? indent : "";
  }

  @Override
  public String toString() {
    List<Integer> widths = new ArrayList<>();
    for (List<Cell> cells : rows) {
      for (int column = 0; column < cells.size(); column++) {
        int width = cells.get(column).text.length();
        if (column == widths.size()) {
          widths.add(width);
        } else {
          widths.set(column, Math.max(width, widths.get(column)));
        }
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<Cell> cells : rows) {
      append(text, cells, widths);
    }
    return text.toString();
  }

  private static void append(StringBuilder text, List<Cell> cells, List<Integer> widths) {
    for (int column = 0; column < cells.size() - 1; column++) {
      Cell cell = cells.get(column);
      int pad = widths.get(column) - cell.text.length();
      text.repeat(" ", cell.right ? pad : 0).append(cell.text);
      text.repeat(" ", GAP + (cell.right ? 0 : pad));
    }
    text.append(cells.getLast().text).append('\n');
  }
}
