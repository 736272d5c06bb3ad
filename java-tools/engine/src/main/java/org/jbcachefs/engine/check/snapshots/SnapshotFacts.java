// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.snapshots;

import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.SnapshotTree;
import org.jbcachefs.format.value.Subvolume;

/**
 * What all passes over snapshots and files ask for: snapshot nodes, trees and subvolumes, in
 * memory. Immutable, thread-safe.
 */
public final class SnapshotFacts {
  private final Btrees btrees;
  private final SnapshotTable snapshots;
  private final SubvolumeTable subvolumes;
  private final NavigableMap<Integer, SnapshotTree> trees;
  private final Set<Integer> ignored;
  private final Map<Integer, Integer> moving;

  private SnapshotFacts(CheckContext context) {
    this.btrees = context.btrees();
    this.snapshots = context.filesystem().snapshots();
    this.subvolumes = context.filesystem().subvolumes();
    this.trees = Collections.unmodifiableNavigableMap(readTrees(btrees));
    IgnoredSnapshots found = new IgnoredSnapshots(this);
    this.ignored = found.ids();
    this.moving = found.moving();
  }

  /** The facts, read by whichever pass asks first. */
  public static SnapshotFacts of(CheckContext context) {
    return context.shared(SnapshotFacts.class, () -> new SnapshotFacts(context));
  }

  private static NavigableMap<Integer, SnapshotTree> readTrees(Btrees btrees) {
    NavigableMap<Integer, SnapshotTree> found = new TreeMap<>(Integer::compareUnsigned);
    int btree = BtreeId.SNAPSHOT_TREES.number();
    try (KeyIterator keys = btrees.iterate(btree, Bpos.MIN, Bpos.of(0, 0xffffffffL))) {
      while (keys.next()) {
        if (keys.key().type() == KeyType.SNAPSHOT_TREE.number()) {
          found.put((int) keys.key().offset(), SnapshotTree.decode(keys.key()));
        }
      }
    }
    return found;
  }

  public SnapshotTable snapshots() {
    return snapshots;
  }

  public SubvolumeTable subvolumes() {
    return subvolumes;
  }

  /** Snapshot trees by id, ascending. */
  NavigableMap<Integer, SnapshotTree> trees() {
    return trees;
  }

  /** The snapshot at the root of the tree that a snapshot is in. */
  public int root(int id) {
    int at = id;
    for (int parent = parent(at); parent != 0; parent = parent(at)) {
      at = parent;
    }
    return at;
  }

  /** Whether all ancestors of a snapshot exist. */
  boolean hasRoot(int id) {
    Snapshot root = snapshots.get(root(id));
    return root != null && root.parent() == 0;
  }

  /** The parent of a snapshot; 0 if it has none that exists. */
  int parent(int id) {
    int parent = snapshots.parent(id);
    return snapshots.get(parent) == null ? 0 : parent;
  }

  /** Whether keys may be in that snapshot: it exists, and is not one that was emptied. */
  public boolean isLive(int id) {
    Snapshot node = snapshots.get(id);
    return node != null && !node.deleted() && !node.noKeys();
  }

  /**
   * Whether the keys of a snapshot count for nothing, so that nothing about them is worth a
   * finding: it does not exist, it was deleted or is about to be, or it belongs to a tree whose
   * links are broken, so that nobody can tell who sees what.
   */
  public boolean isIgnored(int id) {
    Snapshot node = snapshots.get(id);
    return node == null || ignored.contains(id);
  }

  /**
   * The inner snapshots of which one child is left, each with the descendant that its keys belong
   * to once they are cleaned up; which may have begun.
   */
  public Map<Integer, Integer> moving() {
    return moving;
  }

  /** Whether that snapshot exists and has no children. */
  public boolean isLeaf(int id) {
    Snapshot node = snapshots.get(id);
    return node != null && node.child0() == 0;
  }

  /**
   * The inode of that number that a snapshot sees, or null if it sees none.
   *
   * @throws org.jbcachefs.format.error.CorruptionException if it cannot be read
   */
  public Inode inode(int snapshot, long number) {
    Bkey key = new Bkey();
    return VisibleKeys.find(btrees, snapshots, BtreeId.INODES.number(), snapshot, 0, number, key)
            && Inode.is(key)
        ? Inode.decode(key)
        : null;
  }

  /** The root directory of a subvolume, or null if it has none. */
  public Inode rootOf(Subvolume subvolume) {
    return inode(subvolume.snapshot(), subvolume.inode());
  }

  /** Whether there is a key of that type at exactly that position. */
  boolean has(BtreeId btree, Bpos pos, KeyType type) {
    Bkey key = new Bkey();
    return btrees.lookup(btree.number(), pos, key) && key.type() == type.number();
  }

  /** Where the node of that snapshot is. */
  static Bpos pos(int id) {
    return Bpos.of(0, Integer.toUnsignedLong(id));
  }
}
