// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.edit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.node.BsetLayout;
import org.jbcachefs.format.node.BtreeNodeEntryLayout;
import org.jbcachefs.format.node.BtreeNodeLayout;
import org.jbcachefs.format.node.DecodedNode;

/**
 * The numbers in a node's header and in those of its bsets ({@code bset0.version}), and the first
 * bytes of each of its keys in the order they lie there ({@code key3.u64s}, {@code key3.format},
 * {@code key3.type}); offsets are from the node's start.
 */
public final class NodeFields {
  private NodeFields() {}

  /** All fields of a node, keys' aside. */
  public static List<NamedField> of(DecodedNode node) {
    List<NamedField> fields = new ArrayList<>();
    fields.add(NamedField.u64("magic", BtreeNodeLayout.OFFSET_MAGIC));
    long flags = BtreeNodeLayout.OFFSET_FLAGS;
    fields.add(NamedField.u64("flags", flags));
    fields.add(NamedField.bits("btree_id_lo", flags, Long.BYTES, BtreeNodeLayout.ID_LO));
    fields.add(NamedField.bits("level", flags, Long.BYTES, BtreeNodeLayout.LEVEL));
    fields.add(
        NamedField.bits(
            "new_extent_overwrite", flags, Long.BYTES, BtreeNodeLayout.NEW_EXTENT_OVERWRITE));
    fields.add(NamedField.bits("node_seq", flags, Long.BYTES, BtreeNodeLayout.SEQ));
    pos(fields, "min_key", BtreeNodeLayout.OFFSET_MIN_KEY);
    pos(fields, "max_key", BtreeNodeLayout.OFFSET_MAX_KEY);
    format(fields);
    int index = 0;
    for (DecodedNode.BsetInfo info : node.bsetInfos()) {
      bset(fields, "bset" + index++ + ".", info.offset());
    }
    return fields;
  }

  /** A field by name. */
  public static Optional<NamedField> find(DecodedNode node, String name) {
    if (name.startsWith("key")) {
      return key(node, name);
    }
    return KeyEditor.find(of(node), name, node.bytes().byteSize());
  }

  private static void pos(List<NamedField> fields, String name, long at) {
    fields.add(NamedField.u64(name + ".inode", at + Bpos.OFFSET_INODE));
    fields.add(NamedField.u64(name + ".offset", at + Bpos.OFFSET_OFFSET));
    fields.add(NamedField.u32(name + ".snapshot", at + Bpos.OFFSET_SNAPSHOT));
  }

  private static void format(List<NamedField> fields) {
    long at = BtreeNodeLayout.OFFSET_FORMAT;
    fields.add(NamedField.u8("format.key_u64s", at + BkeyFormat.OFFSET_KEY_U64S));
    fields.add(NamedField.u8("format.nr_fields", at + BkeyFormat.OFFSET_NR_FIELDS));
    for (int i = 0; i < BkeyFormat.FIELDS; i++) {
      fields.add(NamedField.u8("format.bits" + i, at + BkeyFormat.OFFSET_BITS_PER_FIELD + i));
      fields.add(NamedField.u64("format.offset" + i, at + BkeyFormat.OFFSET_FIELD_OFFSET + 8L * i));
    }
  }

  private static void bset(List<NamedField> fields, String prefix, long start) {
    long at = start + (start == 0 ? BtreeNodeLayout.OFFSET_BSET : BtreeNodeEntryLayout.OFFSET_BSET);
    fields.add(NamedField.u64(prefix + "seq", at + BsetLayout.OFFSET_SEQ));
    fields.add(NamedField.u64(prefix + "journal_seq", at + BsetLayout.OFFSET_JOURNAL_SEQ));
    long flags = at + BsetLayout.OFFSET_FLAGS;
    fields.add(NamedField.bits(prefix + "csum_type", flags, 4, BsetLayout.CSUM_TYPE));
    fields.add(NamedField.bits(prefix + "big_endian", flags, 4, BsetLayout.BIG_ENDIAN));
    fields.add(
        NamedField.bits(prefix + "separate_whiteouts", flags, 4, BsetLayout.SEPARATE_WHITEOUTS));
    fields.add(NamedField.bits(prefix + "offset", flags, 4, BsetLayout.OFFSET));
    fields.add(NamedField.u16(prefix + "version", at + BsetLayout.OFFSET_VERSION));
    fields.add(NamedField.u16(prefix + "u64s", at + BsetLayout.OFFSET_U64S));
  }

  private static Optional<NamedField> key(DecodedNode node, String name) {
    int dot = name.indexOf('.');
    if (dot < 0) {
      return Optional.empty();
    }
    long index = Change.number(name.substring("key".length(), dot));
    if (index < 0 || index >= node.keyCount()) {
      return Optional.empty();
    }
    long at = node.keyOffset((int) index);
    return switch (name.substring(dot + 1)) {
      case "u64s" -> Optional.of(NamedField.u8(name, at));
      case "format" -> Optional.of(NamedField.u8(name, at + 1));
      case "type" -> Optional.of(NamedField.u8(name, at + 2));
      default ->
          KeyEditor.find(List.of(), name.substring(dot + 1), node.bytes().byteSize() - at)
              .map(field -> new NamedField(name, at + field.at(), field.bytes(), field.bits()));
    };
  }
}
