// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

/**
 * Bytes of a sample that belong to a structure with a name.
 *
 * @param kind the structure, as coverage counts it
 * @param start first byte
 * @param end one past the last
 */
record Region(String kind, int start, int end) {
  Region {
    if (start < 0 || end <= start) {
      throw new IllegalArgumentException(kind + " " + start + ".." + end);
    }
  }
}
