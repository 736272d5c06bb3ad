// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.list;

import java.util.HexFormat;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.KeyText;

/** Shows keys, one item each. Belongs to one thread. */
final class KeyLister {
  private static final int ANY_TYPE = -1;

  private final Output out;
  private final KeyText text;
  private final int btree;
  private final int level;
  private final int type;
  private final boolean bytes;
  private final StringBuilder line = new StringBuilder();

  /**
   * @param type of the keys to show, or -1 for all
   * @param bytes show values in hexadecimal too
   */
  KeyLister(Output out, KeyText text, int btree, int level, int type, boolean bytes) {
    this.out = out;
    this.text = text;
    this.btree = btree;
    this.level = level;
    this.type = type;
    this.bytes = bytes;
  }

  void list(KeyIterator keys) {
    if (out.isJson()) {
      out.beginList();
    }
    while (keys.next()) {
      Bkey key = keys.key();
      if (type == ANY_TYPE || key.type() == type) {
        show(key);
      }
    }
  }

  private void show(Bkey key) {
    line.setLength(0);
    if (out.isJson()) {
      out.item(json -> json(json, key));
      return;
    }
    text.key(line, btree, key);
    if (bytes) {
      line.append("\n  value ").append(hex(key));
    }
    out.text().println(line.toString());
  }

  private void json(JsonWriter json, Bkey key) {
    json.beginObject().field("btree", BtreeId.nameOf(btree)).field("level", level);
    key(json, key, text, btree, line);
    json.endObject();
  }

  /** The fields of a key, in an object that is begun. */
  static void key(JsonWriter json, Bkey key, KeyText text, int btree, StringBuilder scratch) {
    position(json, "pos", key.pos());
    json.field("type", KeyType.nameOf(key.type()));
    json.field("size_sectors", Integer.toUnsignedLong(key.size()));
    json.field("version_hi", Integer.toUnsignedLong(key.versionHi()));
    json.unsigned("version_lo", key.versionLo());
    scratch.setLength(0);
    text.value(scratch, btree, key);
    json.field("value", scratch.toString().strip());
    json.field("value_hex", hex(key));
  }

  static void position(JsonWriter json, String name, Bpos pos) {
    json.beginObject(name);
    json.unsigned("inode", pos.inode());
    json.unsigned("offset", pos.offset());
    json.field("snapshot", Integer.toUnsignedLong(pos.snapshot()));
    json.endObject();
  }

  private static String hex(Bkey key) {
    byte[] value = key.value().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    return HexFormat.of().formatHex(value);
  }
}
