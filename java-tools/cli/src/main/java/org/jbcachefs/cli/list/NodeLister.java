// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.list;

import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreeNodeLayout;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.DecodedNode;
import org.jbcachefs.format.value.KeyText;

/** Shows nodes, one item each. Belongs to one thread. */
final class NodeLister {
  private final Invocation invocation;
  private final Output out;
  private final ReadFilesystem filesystem;
  private final KeyText text;
  private final int btree;
  private final StringBuilder line = new StringBuilder();

  /** What of a node is shown. */
  enum Show {
    /** The pointer to it. */
    POINTER,
    /** Its range, pointer, packing and fill. */
    FORMAT,
    /** Its bsets as they lie on the device, with all their keys. */
    ONDISK
  }

  NodeLister(Invocation invocation, ReadFilesystem filesystem, int btree) {
    this.invocation = invocation;
    this.out = invocation.out();
    this.filesystem = filesystem;
    this.text = new KeyText(filesystem.keyContext());
    this.btree = btree;
  }

  /** Shows the nodes of that level and all above whose last position lies in that range. */
  void list(Show show, int lowest, Bpos from, Bpos to) {
    if (out.isJson()) {
      out.beginList();
    }
    BtreeRoot root = filesystem.journal().overlay().root(btree);
    int top = filesystem.btrees().rootLevel(btree);
    for (int level = lowest; level < top; level++) {
      try (KeyIterator pointers = filesystem.btrees().iterate(btree, level + 1, from, to)) {
        while (pointers.next()) {
          node(show, level, pointers.key());
        }
      }
    }
    boolean inRange = root != null && root.key() != null && root.key().comparePos(to) <= 0;
    if (inRange && lowest <= top) {
      node(show, root.level(), root.key());
    }
  }

  private void node(Show show, int level, Bkey key) {
    BtreePointer pointer = null;
    BtreeNode node = null;
    try {
      Place place = Place.structure("btree " + BtreeId.nameOf(btree));
      pointer = BtreePointer.parse(btree, level, key, place);
      node = show == Show.POINTER ? null : filesystem.nodes().read(pointer);
    } catch (CorruptionException e) {
      invocation.damaged("", e);
    }
    line.setLength(0);
    if (out.isJson()) {
      BtreeNode read = node;
      out.item(json -> json(json, level, key, read, show));
      return;
    }
    if (show == Show.POINTER || node == null) {
      text.key(line, btree, key);
    } else if (show == Show.FORMAT) {
      format(key, node);
    } else {
      ondisk(node);
    }
    out.text().println(line.toString());
  }

  private void format(Bkey key, BtreeNode node) {
    line.append("l ").append(node.level()).append(' ').append(node.minKey());
    line.append(" - ").append(node.maxKey()).append(":\n    ptrs: ");
    StringBuilder value = new StringBuilder();
    text.value(value, btree, key);
    line.append(value.toString().strip());
    Fill fill = Fill.of(node);
    int room = filesystem.nodes().context().nodeBytes() - BtreeNodeLayout.BYTES;
    line.append("\n    format: ").append(node.decoded().format());
    line.append("\n    bytes used ").append(fill.bytes()).append('/').append(room);
    line.append(" (").append(fill.bytes() * 100 / room).append("% full)");
    line.append("\n    bsets ").append(node.decoded().bsetInfos().size());
    line.append("\n    nr packed keys ").append(fill.packed());
    line.append("\n    nr unpacked keys ").append(fill.unpacked());
  }

  private void ondisk(BtreeNode node) {
    DecodedNode decoded = node.decoded();
    text.key(line, btree, node.pointer().toKey());
    int bset = 0;
    Bkey key = new Bkey();
    for (DecodedNode.BsetInfo info : decoded.bsetInfos()) {
      line.append("\n  offset ").append(info.offset() / 512);
      line.append(" version ").append(info.version());
      line.append(", journal seq ").append(Long.toUnsignedString(info.journalSeq()));
      if (info.blacklisted()) {
        line.append(" (blacklisted)");
        continue;
      }
      for (int i = decoded.bsetStart(bset); i < decoded.bsetEnd(bset); i++) {
        decoded.format().read(decoded.bytes(), decoded.keyOffset(i), key);
        StringBuilder one = new StringBuilder();
        text.key(one, btree, key);
        line.append("\n    ").append(one.toString().replace("\n", "\n    "));
      }
      bset++;
    }
  }

  /** How full a node is, of the keys that count. */
  private record Fill(long bytes, int packed, int unpacked) {
    static Fill of(BtreeNode node) {
      long bytes = 0;
      int packed = 0;
      for (int i = 0; i < node.size(); i++) {
        int at = node.keyOffset(i);
        bytes += 8L * Le.u8(node.decoded().bytes(), at);
        packed += BkeyFormat.isPacked(node.decoded().bytes(), at) ? 1 : 0;
      }
      return new Fill(bytes, packed, node.size() - packed);
    }
  }

  private void json(JsonWriter json, int level, Bkey pointer, BtreeNode node, Show show) {
    json.beginObject().field("btree", BtreeId.nameOf(btree)).field("level", level);
    json.beginObject("pointer");
    KeyLister.key(json, pointer, text, btree, line);
    json.endObject();
    if (node != null) {
      Fill fill = Fill.of(node);
      KeyLister.position(json, "min_key", node.minKey());
      KeyLister.position(json, "max_key", node.maxKey());
      json.field("node_seq", Integer.toUnsignedLong(node.decoded().nodeSeq()));
      json.field("format", node.decoded().format().toString());
      json.field("keys", node.size()).field("packed_keys", fill.packed());
      json.field("used_bytes", fill.bytes());
      bsets(json, node.decoded(), show == Show.ONDISK);
    }
    json.endObject();
  }

  private void bsets(JsonWriter json, DecodedNode decoded, boolean withKeys) {
    json.beginArray("bsets");
    int bset = 0;
    Bkey key = new Bkey();
    for (DecodedNode.BsetInfo info : decoded.bsetInfos()) {
      json.beginObject().field("sector", info.offset() / 512);
      json.field("version", info.version()).unsigned("journal_seq", info.journalSeq());
      json.field("blacklisted", info.blacklisted());
      if (withKeys && !info.blacklisted()) {
        json.beginArray("keys");
        for (int i = decoded.bsetStart(bset); i < decoded.bsetEnd(bset); i++) {
          decoded.format().read(decoded.bytes(), decoded.keyOffset(i), key);
          json.beginObject();
          KeyLister.key(json, key, text, btree, line);
          json.endObject();
        }
        json.endArray();
      }
      bset += info.blacklisted() ? 0 : 1;
      json.endObject();
    }
    json.endArray();
  }
}
