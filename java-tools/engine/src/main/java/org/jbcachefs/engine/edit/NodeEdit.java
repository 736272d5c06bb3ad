// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.edit.Change;
import org.jbcachefs.format.edit.KeyEditor;
import org.jbcachefs.format.edit.NamedField;
import org.jbcachefs.format.edit.NodeFields;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.NodeContext;

/** Statements about whole nodes and the pointers to roots. */
final class NodeEdit {
  private final ReadFilesystem filesystem;

  NodeEdit(ReadFilesystem filesystem) {
    this.filesystem = filesystem;
  }

  /** {@code kill BTREE:LEVEL:INDEX [DEVICE]}. */
  EditResult kill(Statement statement) {
    String[] parts = statement.word(0).split(":", 3);
    if (parts.length < 3) {
      throw Change.bad("'" + statement.word(0) + "' is no node; expected btree:level:index");
    }
    Target target = Target.parse(parts[0] + ":" + parts[1]);
    BtreePointer pointer = pointer(target, Change.number(parts[2]));
    long only = statement.words().size() > 1 ? Change.number(statement.word(1)) : -1;
    int block = filesystem.superblock().blockBytes();
    int killed = 0;
    for (BtreePointer.Replica replica : pointer.replicas()) {
      BlockDevice device = filesystem.devices().device(replica.device());
      if (device != null && (only < 0 || only == replica.device())) {
        device.writeZeroes(replica.sector() * NodeContext.SECTOR_BYTES, block);
        killed++;
      }
    }
    String name = pointer.nodeName() + " " + pointer.minKey() + " - " + pointer.maxKey();
    if (killed == 0) {
      throw new NotFoundException(Place.structure(name), "no copy of it is there");
    }
    return new EditResult(statement.text(), name, null, List.of(), List.of());
  }

  private BtreePointer pointer(Target target, long index) {
    Place place = Place.structure(target.name());
    BtreeRoot root = filesystem.journal().overlay().root(target.btree());
    if (root != null && root.key() != null && root.level() == target.level() && index == 0) {
      return BtreePointer.parse(target.btree(), root.level(), root.key(), place);
    }
    if (root != null && root.level() > target.level() && index >= 0) {
      try (KeyIterator pointers =
          filesystem.btrees().iterate(target.btree(), target.level() + 1, Bpos.MIN, Bpos.MAX)) {
        for (long at = 0; pointers.next(); at++) {
          if (at == index) {
            Bkey key = pointers.key();
            return BtreePointer.parse(target.btree(), target.level(), key, place);
          }
        }
      }
    }
    throw new NotFoundException(place, "there is no node " + index);
  }

  /** {@code node BTREE:LEVEL POS [CHANGE...]}. */
  EditResult node(Statement statement) {
    Target target = Target.parse(statement.word(0));
    Bpos pos = KeyEditor.position(statement.word(1));
    NodePath path = NodePath.find(filesystem, target.btree(), target.level(), pos);
    BtreeNode node = path.last().node();
    NodeWriter writer = new NodeWriter(filesystem);
    MemorySegment bytes = writer.copy(node);
    List<Change> changes = statement.changes(2);
    for (Change change : changes) {
      NamedField field =
          NodeFields.find(node.decoded(), change.name())
              .orElseThrow(() -> Change.bad("a node has no field '" + change.name() + "'"));
      change.apply(field, bytes);
    }
    if (!changes.isEmpty()) {
      writer.seal(path.last(), bytes);
    }
    List<EditResult.Field> fields = new ArrayList<>();
    for (NamedField field : NodeFields.of(node.decoded())) {
      fields.add(new EditResult.Field(field.name(), field.get(bytes)));
    }
    return new EditResult(statement.text(), node.toString(), null, fields, List.of());
  }

  /** {@code root BTREE [CHANGE...]}. */
  EditResult root(Statement statement) {
    Target target = Target.parse(statement.word(0));
    BtreeRoot root = filesystem.journal().overlay().root(target.btree());
    if (root == null || root.key() == null) {
      throw new NotFoundException(
          Place.structure("root of btree " + BtreeId.nameOf(target.btree())), "there is none");
    }
    KeyEditor editor = new KeyEditor(root.key());
    int level = -1;
    for (Change change : statement.changes(1)) {
      if (change.name().equals("level")) {
        level = (int) change.apply(root.level());
      } else {
        editor.apply(change);
      }
    }
    Bkey changed = editor.key();
    if (statement.words().size() > 1) {
      new RootPointers(filesystem).change(target.btree(), key -> key.set(changed), level);
    }
    return new EditResult(
        statement.text(),
        "root of " + BtreeId.nameOf(target.btree()) + " level " + root.level(),
        null,
        KeyEdit.fields(changed),
        List.of());
  }
}
