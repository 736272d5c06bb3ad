// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.engine.journal.Overlay;
import org.jbcachefs.engine.journal.OverlayKeys;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.edit.Change;
import org.jbcachefs.format.edit.KeyEditor;
import org.jbcachefs.format.edit.KeyFields;
import org.jbcachefs.format.edit.NamedField;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.KeyText;

/** Statements about keys. */
final class KeyEdit {
  private final ReadFilesystem filesystem;
  private final NodeWriter writer;
  private final KeyText text;

  KeyEdit(ReadFilesystem filesystem) {
    this.filesystem = filesystem;
    this.writer = new NodeWriter(filesystem);
    this.text = new KeyText(filesystem.keyContext());
  }

  EditResult get(Statement statement) {
    Target target = Target.parse(statement.word(0));
    Bpos pos = KeyEditor.position(statement.word(1));
    Bkey key = find(target, pos);
    return result(statement, target, key, null, key);
  }

  EditResult set(Statement statement) {
    Target target = Target.parse(statement.word(0));
    Bpos pos = KeyEditor.position(statement.word(1));
    requireNotJournalled(target, pos);
    NodePath path = path(target, pos);
    Bkey old = require(target, path.last().node(), pos);
    Bkey changed = changed(old, statement.changes(2));
    if (changed.pos().equals(pos)) {
      writer.replace(path, changed);
    } else {
      // Removed first, so that one node may give it and receive it.
      remove(path, pos);
      add(target, changed);
    }
    return result(statement, target, old, changed, changed);
  }

  EditResult insert(Statement statement) {
    Target target = Target.parse(statement.word(0));
    Bpos pos = KeyEditor.position(statement.word(1));
    int type = KeyType.numberOf(statement.word(2));
    if (type < 0) {
      throw Change.bad("there is no key type '" + statement.word(2) + "'");
    }
    Bkey key = changed(new Bkey().setPos(pos).setType(type), statement.changes(3));
    add(target, key);
    return result(statement, target, null, key, key);
  }

  EditResult copy(Statement statement) {
    Target target = Target.parse(statement.word(0));
    Bkey from = find(target, KeyEditor.position(statement.word(1)));
    Bkey key = new KeyEditor(from).key().setPos(KeyEditor.position(statement.word(2)));
    Bkey changed = changed(key, statement.changes(3));
    add(target, changed);
    return result(statement, target, null, changed, changed);
  }

  EditResult delete(Statement statement) {
    Target target = Target.parse(statement.word(0));
    Bpos pos = KeyEditor.position(statement.word(1));
    requireNotJournalled(target, pos);
    NodePath path = path(target, pos);
    Bkey old = require(target, path.last().node(), pos);
    remove(path, pos);
    return result(statement, target, old, null, null);
  }

  private static Bkey changed(Bkey from, List<Change> changes) {
    KeyEditor editor = new KeyEditor(from);
    changes.forEach(editor::apply);
    return editor.key();
  }

  private NodePath path(Target target, Bpos pos) {
    return NodePath.find(filesystem, target.btree(), target.level(), target.nodeFor(pos));
  }

  /** The key as readers see it, the journal's version before the node's. */
  private Bkey find(Target target, Bpos pos) {
    OverlayKeys journal = filesystem.journal().overlay().keys(target.btree(), target.level());
    int index = journal.lowerBound(pos);
    Bkey key = new Bkey();
    if (index < journal.size()) {
      journal.get(index, key);
      if (key.comparePos(pos) == 0 && key.type() != KeyType.DELETED.number()) {
        return key.copy();
      }
    }
    return require(target, path(target, pos).last().node(), pos);
  }

  private static Bkey require(Target target, BtreeNode node, Bpos pos) {
    int index = node.lowerBound(pos);
    Bkey key = new Bkey();
    if (index < node.size() && node.read(index, key).comparePos(pos) == 0) {
      return key.copy();
    }
    throw new NotFoundException(Place.structure(target.name()).at(pos), "there is no key");
  }

  private void remove(NodePath path, Bpos pos) {
    List<Bkey> keys = NodeWriter.keys(path.last().node());
    keys.removeIf(key -> key.comparePos(pos) == 0);
    writer.rewrite(path, keys);
  }

  private void add(Target target, Bkey key) {
    requireNotJournalled(target, key.pos());
    NodePath path = path(target, key.pos());
    List<Bkey> keys = NodeWriter.keys(path.last().node());
    int index = 0;
    while (index < keys.size() && keys.get(index).comparePos(key.pos()) < 0) {
      index++;
    }
    if (index < keys.size() && keys.get(index).comparePos(key.pos()) == 0) {
      throw new RefusedException(
          "key_exists",
          Place.structure(target.name()).at(key.pos()),
          "there is a key already; set changes it, delete takes it out");
    }
    keys.add(index, key);
    writer.rewrite(path, keys);
  }

  /** What the node says of a key does not count where the journal knows better. */
  private void requireNotJournalled(Target target, Bpos pos) {
    Overlay overlay = filesystem.journal().overlay();
    boolean sums = target.btree() == BtreeId.ACCOUNTING.number() && target.level() == 0;
    OverlayKeys journal =
        sums ? overlay.accounting() : overlay.keys(target.btree(), target.level());
    int index = journal.lowerBound(pos);
    Bkey key = new Bkey();
    if (index < journal.size()) {
      journal.get(index, key);
      if (key.comparePos(pos) == 0) {
        throw new RefusedException(
            "journalled_key",
            Place.structure(target.name()).at(pos),
            "the journal holds a newer version of this key; mount the filesystem once, or change"
                + " the journal entry");
      }
    }
  }

  private EditResult result(
      Statement statement, Target target, Bkey before, Bkey after, Bkey shown) {
    return new EditResult(
        statement.text(),
        before == null ? null : describe(target, before),
        after == null ? null : describe(target, after),
        shown == null ? List.of() : fields(shown),
        List.of());
  }

  private String describe(Target target, Bkey key) {
    StringBuilder line = new StringBuilder();
    text.key(line, target.btree(), key);
    return line.toString();
  }

  static List<EditResult.Field> fields(Bkey key) {
    List<EditResult.Field> fields = new ArrayList<>();
    for (NamedField field : KeyFields.of(key)) {
      fields.add(new EditResult.Field(field.name(), field.get(key.value())));
    }
    if (Inode.is(key)) {
      addVarints(key, fields);
    }
    return fields;
  }

  private static void addVarints(Bkey key, List<EditResult.Field> fields) {
    try {
      Inode inode = Inode.decode(key);
      for (InodeField field : InodeField.values()) {
        if (fields.stream().noneMatch(known -> known.name().equals(field.toString()))) {
          fields.add(new EditResult.Field(field.toString(), inode.get(field)));
        }
      }
    } catch (CorruptionException e) {
      // Nobody can tell its varints apart; they are not shown.
      return;
    }
  }
}
