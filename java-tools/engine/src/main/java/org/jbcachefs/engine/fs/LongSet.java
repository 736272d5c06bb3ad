// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.util.Arrays;

/** A set of numbers other than 0, at 16 bytes or less for each. Belongs to one thread. */
final class LongSet {
  private static final int INITIAL = 1 << 10;

  /** Spreads neighbouring numbers over the table. */
  private static final long MULTIPLIER = 0x9e3779b97f4a7c15L;

  private long[] table = new long[INITIAL];
  private int size;

  /** Adds a number; false if it is there already, or 0. */
  boolean add(long number) {
    if (number == 0 || contains(number)) {
      return false;
    }
    if (size >= table.length / 4 * 3) {
      grow();
    }
    put(number);
    size++;
    return true;
  }

  boolean contains(long number) {
    return number != 0 && table[slot(number)] == number;
  }

  int size() {
    return size;
  }

  /** All numbers, ascending as signed ones. */
  long[] sorted() {
    long[] numbers = new long[size];
    int at = 0;
    for (long number : table) {
      if (number != 0) {
        numbers[at++] = number;
      }
    }
    Arrays.sort(numbers);
    return numbers;
  }

  private void put(long number) {
    table[slot(number)] = number;
  }

  /** Where that number is, or the free slot where it belongs. */
  private int slot(long number) {
    int mask = table.length - 1;
    int at = ((int) ((number * MULTIPLIER) >>> 32)) & mask;
    while (table[at] != 0 && table[at] != number) {
      at = (at + 1) & mask;
    }
    return at;
  }

  private void grow() {
    long[] old = table;
    table = new long[old.length * 2];
    for (long number : old) {
      if (number != 0) {
        put(number);
      }
    }
  }
}
