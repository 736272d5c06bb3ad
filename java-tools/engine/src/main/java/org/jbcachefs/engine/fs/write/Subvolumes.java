// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.engine.snapshots.write.SnapshotNodes;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Shape;
import org.jbcachefs.format.value.Subvolume;

/**
 * Subvolumes and snapshots that come and go, each in one transaction. A snapshot splits the
 * source's id in two: what was there is seen by both, what is changed later by one. Source: {@code
 * bch2_subvolume_create}, {@code bch2_unlink_trans}.
 */
final class Subvolumes {
  private final TreeTransaction tree;
  private final boolean states;
  private final SnapshotNodes nodes;

  /** A subvolume's root. */
  record Made(int subvolume, Inode root) {}

  Subvolumes(TreeTransaction tree) {
    this.tree = tree;
    this.states = tree.filesystem().since(MetadataVersion.PER_DEV_FRAGMENTATION_LRU);
    this.nodes =
        new SnapshotNodes(
            tree.transaction(), tree.table(), tree.filesystem().random(), tree.now(), states);
  }

  /** Makes an empty subvolume. */
  Made create(InodeId parent, byte[] name, NewInode how) {
    Inode directory = tree.directory(parent);
    requireFree(parent, directory, name);
    Inode made = Creation.unnamed(tree, parent, directory, how);
    int id = nextId();
    int snapshot = nodes.createTree(id);
    Subvolume empty =
        new Subvolume(0, snapshot, made.number(), 0, parent.subvolume(), tree.now(), 0, 0, shape());
    put(id, empty.inState(Subvolume.STATE_LIVE, states));
    tree.useTable(nodes.table());
    return name(parent, name, id, made);
  }

  /** Makes a snapshot of a subvolume. */
  Made snapshot(int source, InodeId parent, byte[] name, boolean readOnly) {
    Inode directory = tree.directory(parent);
    requireFree(parent, directory, name);
    Subvolume old = tree.subvolume(source);
    Inode root = tree.inode(new InodeId(source, old.inode()));
    if (root.get(InodeField.SUBVOL) != source) {
      throw new PosixException(PosixError.EINVAL, "not the root of a subvolume");
    }
    int id = nextId();
    int[] ids = nodes.createChildren(old.snapshot(), id, source);
    int flags = Subvolume.FLAG_SNAP | (readOnly ? Subvolume.FLAG_RO : 0);
    Subvolume copy =
        new Subvolume(
            flags, ids[0], old.inode(), source, parent.subvolume(), tree.now(), 0, 0, shape());
    put(id, copy.inState(Subvolume.STATE_LIVE, states));
    put(source, old.showing(ids[1]));
    tree.useTable(nodes.table());
    return name(parent, name, id, root);
  }

  private static Shape shape() {
    return Shape.of(Subvolume.BYTES_WITHOUT_STATE);
  }

  private void requireFree(InodeId parent, Inode directory, byte[] name) {
    tree.writing(parent.subvolume());
    if (tree.entries(parent, directory).find(name) != null) {
      throw new PosixException(PosixError.EEXIST, "the name exists");
    }
  }

  private int nextId() {
    long last = 0;
    Bpos end = Bpos.of(0, Integer.MAX_VALUE);
    try (KeyIterator keys = tree.transaction().iterate(BtreeId.SUBVOLUMES, Bpos.MIN, end)) {
      while (keys.next()) {
        last = keys.key().offset();
      }
    }
    return (int) last + 1;
  }

  private void put(int id, Subvolume subvolume) {
    MemorySegment bytes = MemorySegment.ofArray(new long[subvolume.bytes() / Long.BYTES]);
    subvolume.encode(bytes, 0);
    Bkey key = new Bkey().setPos(0, id, 0).setType(KeyType.SUBVOLUME.number());
    tree.transaction().update(BtreeId.SUBVOLUMES, key.setValue(bytes, 0, subvolume.bytes()));
  }

  /** Gives the root of a new subvolume its inode there and its name. */
  private Made name(InodeId parent, byte[] name, int id, Inode root) {
    Inode directory = tree.directory(parent);
    long target = ((long) parent.subvolume() << Integer.SIZE) | Integer.toUnsignedLong(id);
    long offset = tree.entries(parent, directory).add(name, Dirent.TYPE_SUBVOLUME, target);
    tree.put(parent, tree.touched(directory, 0));
    tree.transaction()
        .set(BtreeId.SUBVOLUME_CHILDREN, Bpos.of(Integer.toUnsignedLong(parent.subvolume()), id));
    SnapshotKeys keys = tree.keys(id);
    Inode made =
        new InodeBuilder(root)
            .set(InodeField.SUBVOL, id)
            .set(InodeField.PARENT_SUBVOL, parent.subvolume())
            .set(InodeField.DIR, parent.number())
            .set(InodeField.DIR_OFFSET, offset)
            .set(InodeField.DEPTH, 0)
            .build();
    InodeKeys.put(keys, made);
    return new Made(id, made);
  }

  /** Takes a subvolume's name away; nobody finds it any more. Its id. */
  int unlink(InodeId parent, byte[] name) {
    tree.writing(parent.subvolume());
    Inode directory = tree.directory(parent);
    EntryKeys entries = tree.entries(parent, directory);
    EntryKeys.Found entry = entries.require(name);
    if (!entry.isSubvolume()) {
      throw new PosixException(PosixError.ENOENT, "not a subvolume");
    }
    int id = entry.dirent().childSubvolume();
    Subvolume old = tree.subvolume(id);
    InodeId rootId = new InodeId(id, old.inode());
    Inode root = tree.inode(rootId);
    Unlinking.checkMayDelete(directory, root);
    requireNoChildren(id);
    entries.remove(entry);
    InodeBuilder changed = new InodeBuilder(root).set(InodeField.CTIME, tree.now());
    changed.flags(root.flags() | (states ? Inode.FLAG_UNLINKED : 0));
    InodeKeys.put(
        tree.keys(id), changed.set(InodeField.DIR, 0).set(InodeField.DIR_OFFSET, 0).build());
    tree.put(parent, tree.touched(directory, 0));
    long outer = Integer.toUnsignedLong(old.fsPathParent());
    tree.transaction().delete(BtreeId.SUBVOLUME_CHILDREN, Bpos.of(outer, id));
    put(id, old.below(old.creationParent(), 0).inState(Subvolume.STATE_UNLINKED, states));
    return id;
  }

  private void requireNoChildren(int id) {
    long subvolume = Integer.toUnsignedLong(id);
    Bpos from = Bpos.of(subvolume, 0);
    try (KeyIterator keys =
        tree.transaction().iterate(BtreeId.SUBVOLUME_CHILDREN, from, new Bpos(subvolume, -1, -1))) {
      if (keys.next()) {
        throw new PosixException(PosixError.ENOTEMPTY, "there are subvolumes in it");
      }
    }
  }

  /**
   * Deletes a subvolume that has no name; its snapshot's keys are left for later, and since 1.39 a
   * tombstone until they are gone.
   */
  void delete(int id) {
    Bkey key = new Bkey();
    Bpos pos = Bpos.of(0, id);
    if (!tree.transaction().lookup(BtreeId.SUBVOLUMES, pos, key)) {
      return;
    }
    Subvolume old = Subvolume.decode(key);
    if (old.tombstone() && states) {
      return;
    }
    reparent(id, old.creationParent());
    if (states) {
      put(id, old.below(old.creationParent(), 0).inState(Subvolume.STATE_DELETED, true));
      OldRoots.handOn(tree.transaction(), tree.table(), id, old);
    } else {
      tree.transaction().delete(BtreeId.SUBVOLUMES, pos);
    }
    nodes.markDying(old.snapshot());
  }

  /** Snapshots of it count as snapshots of what it was one of. */
  private void reparent(int old, int now) {
    java.util.Map<Integer, Subvolume> changed = new java.util.TreeMap<>();
    Bpos end = Bpos.of(0, Integer.MAX_VALUE);
    try (KeyIterator keys = tree.transaction().iterate(BtreeId.SUBVOLUMES, Bpos.MIN, end)) {
      while (keys.next()) {
        Subvolume each = Subvolume.decode(keys.key());
        if (each.creationParent() == old) {
          changed.put((int) keys.key().offset(), each.below(now, each.fsPathParent()));
        }
      }
    }
    changed.forEach(this::put);
  }
}
