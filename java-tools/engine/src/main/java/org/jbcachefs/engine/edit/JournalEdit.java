// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.edit.Change;
import org.jbcachefs.format.edit.JsetFields;
import org.jbcachefs.format.edit.NamedField;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.journal.Jset;

/** Statements about journal entries. */
final class JournalEdit {
  private final ReadFilesystem filesystem;

  JournalEdit(ReadFilesystem filesystem) {
    this.filesystem = filesystem;
  }

  /** {@code journal SEQ [CHANGE...]}; SEQ may be {@code newest}. */
  EditResult run(Statement statement) {
    long seq =
        statement.word(0).equals("newest")
            ? filesystem.journal().lastSeq()
            : Change.number(statement.word(0));
    List<Change> changes = statement.changes(1);
    List<EditResult.Field> fields = new ArrayList<>();
    int[] copies = new int[1];
    try (JournalEntries journal = new JournalEntries(filesystem)) {
      journal.change(
          seq,
          jset -> {
            copies[0]++;
            return change(jset, changes, fields);
          });
    }
    if (copies[0] == 0) {
      throw new NotFoundException(
          Place.structure("journal entry " + Long.toUnsignedString(seq)), "it is not there");
    }
    return new EditResult(
        statement.text(),
        "journal entry " + Long.toUnsignedString(seq) + ", copies " + copies[0],
        null,
        fields,
        List.of());
  }

  private static int change(Jset jset, List<Change> changes, List<EditResult.Field> fields) {
    MemorySegment bytes = jset.segment().asSlice(jset.offset(), jset.bytes());
    for (Change change : changes) {
      NamedField field =
          JsetFields.find(bytes, change.name())
              .orElseThrow(
                  () -> Change.bad("a journal entry has no field '" + change.name() + "'"));
      change.apply(field, bytes);
    }
    fields.clear();
    for (NamedField field : JsetFields.of(bytes)) {
      fields.add(new EditResult.Field(field.name(), field.get(bytes)));
    }
    return changes.size();
  }
}
