// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.edit;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetEntry;

/**
 * The numbers in a journal entry's header, and in the headers of what it is made of: {@code
 * entry0.type}. {@code entry0.u32@N} is a number at byte N of one of these.
 */
public final class JsetFields {
  private JsetFields() {}

  /** The fields of a decrypted entry that begins with its header. */
  public static List<NamedField> of(MemorySegment jset) {
    List<NamedField> fields = new ArrayList<>();
    fields.add(NamedField.u64("magic", Jset.OFFSET_MAGIC));
    fields.add(NamedField.u64("seq", Jset.OFFSET_SEQ));
    fields.add(NamedField.u32("version", Jset.OFFSET_VERSION));
    fields.add(NamedField.bits("csum_type", Jset.OFFSET_FLAGS, 4, Jset.CSUM_TYPE));
    fields.add(NamedField.bits("big_endian", Jset.OFFSET_FLAGS, 4, Jset.BIG_ENDIAN));
    fields.add(NamedField.bits("no_flush", Jset.OFFSET_FLAGS, 4, Jset.NO_FLUSH));
    fields.add(NamedField.bits("has_overwrites", Jset.OFFSET_FLAGS, 4, Jset.HAS_OVERWRITES));
    fields.add(NamedField.u32("u64s", Jset.OFFSET_U64S));
    fields.add(NamedField.u64("last_seq", Jset.OFFSET_LAST_SEQ));
    JsetEntry entry = new JsetEntry().over(jset, Jset.OFFSET_ENTRIES, jset.byteSize());
    for (int index = 0; entry.next(); index++) {
      String prefix = "entry" + index + ".";
      fields.add(NamedField.u16(prefix + "u64s", entry.offset() + JsetEntry.OFFSET_U64S));
      fields.add(NamedField.u8(prefix + "btree_id", entry.offset() + JsetEntry.OFFSET_BTREE_ID));
      fields.add(NamedField.u8(prefix + "level", entry.offset() + JsetEntry.OFFSET_LEVEL));
      fields.add(NamedField.u8(prefix + "type", entry.offset() + JsetEntry.OFFSET_TYPE));
    }
    return fields;
  }

  /** A field by name. */
  public static Optional<NamedField> find(MemorySegment jset, String name) {
    int dot = name.indexOf('.');
    int at = name.indexOf('@');
    List<NamedField> fields = of(jset);
    if (dot < 0 || at < dot) {
      return KeyEditor.find(fields, name, jset.byteSize());
    }
    String entry = name.substring(0, dot) + ".u64s";
    return fields.stream()
        .filter(field -> field.name().equals(entry))
        .findFirst()
        .flatMap(start ->
            KeyEditor.find(List.of(), name.substring(dot + 1), jset.byteSize() - start.at())
                .map(field ->
                    new NamedField(name, start.at() + field.at(), field.bytes(), field.bits())));
  }
}
