// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.util.List;

/**
 * What a statement did.
 *
 * @param statement as it was given
 * @param before what was there, as text; null if nothing
 * @param after what is there now; null if nothing, or if nothing was to be changed
 * @param fields what was asked for, or what is there now
 * @param writes what was written
 */
public record EditResult(
    String statement, String before, String after, List<Field> fields, List<Write> writes) {
  public EditResult {
    fields = List.copyOf(fields);
    writes = List.copyOf(writes);
  }

  /** A field and its number, unsigned. */
  public record Field(String name, long value) {}

  /** A range of bytes on a device. */
  public record Write(String device, long offset, long bytes) {}

  EditResult with(List<Write> made) {
    return new EditResult(statement, before, after, fields, made);
  }
}
