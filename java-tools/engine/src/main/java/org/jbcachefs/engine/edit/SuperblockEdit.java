// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.edit.Change;
import org.jbcachefs.format.edit.NamedField;
import org.jbcachefs.format.edit.SuperblockFields;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;

/** Statements about superblocks. */
final class SuperblockEdit {
  private final ReadFilesystem filesystem;

  SuperblockEdit(ReadFilesystem filesystem) {
    this.filesystem = filesystem;
  }

  EditResult get(Statement statement) {
    Superblock superblock = filesystem.devices().superblockOf(devices(statement).getFirst());
    MemorySegment bytes = MemorySegment.ofArray(superblock.raw());
    List<EditResult.Field> fields = new ArrayList<>();
    List<String> names = statement.words().subList(1, statement.words().size());
    for (String name : names) {
      fields.add(new EditResult.Field(name, field(bytes, name).get(bytes)));
    }
    if (names.isEmpty()) {
      for (NamedField field : SuperblockFields.of(bytes)) {
        fields.add(new EditResult.Field(field.name(), field.get(bytes)));
      }
    }
    return new EditResult(statement.text(), null, null, fields, List.of());
  }

  private static NamedField field(MemorySegment bytes, String name) {
    return SuperblockFields.find(bytes, name)
        .orElseThrow(() ->
            new NotFoundException(Place.structure("superblock"), "there is no field " + name));
  }

  EditResult set(Statement statement) {
    List<Change> changes = statement.changes(1);
    SuperblockWriter writer = new SuperblockWriter(filesystem.devices());
    List<EditResult.Field> fields = new ArrayList<>();
    String before = null;
    for (int index : devices(statement)) {
      MemorySegment bytes = MemorySegment.ofArray(filesystem.devices().superblockOf(index).raw());
      before = before == null ? show(bytes, changes) : before;
      writer.apply(index, changes);
    }
    byte[] after = filesystem.devices().superblockOf(devices(statement).getFirst()).raw();
    SuperblockWriter.apply(after, changes);
    return new EditResult(
        statement.text(), before, show(MemorySegment.ofArray(after), changes), fields, List.of());
  }

  private static String show(MemorySegment bytes, List<Change> changes) {
    List<String> words = new ArrayList<>();
    for (Change change : changes) {
      SuperblockFields.find(bytes, change.name())
          .ifPresent(
              field -> words.add(change.name() + "=" + Long.toUnsignedString(field.get(bytes))));
    }
    return String.join(" ", words);
  }

  /** {@code section TYPE delete} or {@code section TYPE HEX}. */
  EditResult section(Statement statement) {
    SectionType type = type(statement.word(0));
    boolean delete = statement.word(1).equals("delete");
    SuperblockWriter writer = new SuperblockWriter(filesystem.devices());
    for (int index : present()) {
      SuperblockEditor editor = new SuperblockEditor(filesystem.devices().superblockOf(index));
      if (delete) {
        editor.remove(type);
      } else {
        byte[] payload = new Change("hex", Change.Operator.SET, statement.word(1)).hex();
        if (payload.length % Long.BYTES != 0) {
          throw Change.bad("a section of " + payload.length + " bytes; it must be whole words");
        }
        editor.section(new RawSection(type.number(), Bytes.copyOf(payload)));
      }
      writer.write(index, editor.build());
    }
    String after = delete ? null : "section " + type;
    return new EditResult(statement.text(), "section " + type, after, List.of(), List.of());
  }

  private static SectionType type(String word) {
    for (SectionType type : SectionType.values()) {
      if (type.toString().equals(word.toLowerCase(Locale.ROOT))) {
        return type;
      }
    }
    throw Change.bad("there is no superblock section '" + word + "'");
  }

  /** Those that {@code sb} or {@code sb@N} means. */
  private List<Integer> devices(Statement statement) {
    String word = statement.word(0);
    if (!word.startsWith("sb@")) {
      return present();
    }
    int index = (int) Change.number(word.substring("sb@".length()));
    if (filesystem.devices().device(index) == null) {
      throw new NotFoundException(Place.structure("device " + index), "it is not here");
    }
    return List.of(index);
  }

  private List<Integer> present() {
    List<Integer> present = new ArrayList<>();
    for (int index = 0; index < filesystem.devices().size(); index++) {
      if (filesystem.devices().device(index) != null) {
        present.add(index);
      }
    }
    return present;
  }
}
