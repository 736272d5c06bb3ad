// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.snapshots;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.value.Shape;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.SnapshotTree;
import org.jbcachefs.format.value.Subvolume;

/**
 * Snapshot nodes, their trees and the subvolumes that show them, as they have to be by everything
 * that they say of each other. Two that agree are believed before one that says otherwise: who is a
 * child by its parent and by itself stays one; of a parent that does not know its child and another
 * one that does, the second is right. What is missing is made anew where more than one thing names
 * it. Belongs to one thread.
 */
final class SnapshotForest {
  private static final int MOST_CHILDREN = 2;

  /** What nodes cannot tell. */
  interface Evidence {
    /** Whether that snapshot has any keys. */
    boolean hasKeys(int snapshot);

    /** Snapshots that have a version of an inode. */
    Set<Integer> versionsOf(long inode);

    /** The subvolume whose root that inode says to be, as that snapshot has it; 0 if none. */
    int rootOf(int snapshot, long inode);

    /** The subvolume of a root directory that has a version in exactly that snapshot; 0 if none. */
    int rootIn(int snapshot);
  }

  /** A node on its way to what it must be. */
  private static final class Node {
    final Snapshot was;
    int flags;
    int parent;
    int tree;
    int subvolume;
    boolean settled;
    final List<Integer> children = new ArrayList<>();

    Node(Snapshot was, int tree) {
      this.was = was;
      this.tree = tree;
      if (was != null) {
        flags = was.flags();
        subvolume = was.subvolume();
      }
    }

    boolean isDeleted() {
      return (flags & Snapshot.FLAG_DELETED) != 0;
    }
  }

  private final boolean states;
  private final SnapshotTable known;
  private final NavigableMap<Integer, Subvolume> subvolumes;
  private final NavigableMap<Integer, SnapshotTree> trees;
  private final Evidence evidence;
  private final TreeMap<Integer, Node> nodes = new TreeMap<>(Integer::compareUnsigned);

  /** Nodes that name a node as their child. */
  private final Map<Integer, List<Integer>> namers = new TreeMap<>();

  /** Subvolume by subvolume the snapshot that it shows. */
  private final TreeMap<Integer, Integer> shown = new TreeMap<>();

  private final Set<Integer> copies = new HashSet<>();
  private final TreeMap<Integer, SnapshotTree> wantedTrees =
      new TreeMap<>(Integer::compareUnsigned);

  SnapshotForest(
      SnapshotTable known,
      NavigableMap<Integer, Subvolume> subvolumes,
      NavigableMap<Integer, SnapshotTree> trees,
      Evidence evidence,
      boolean states) {
    this.states = states;
    this.known = known;
    this.subvolumes = subvolumes;
    this.trees = trees;
    this.evidence = evidence;
    for (int id : known.ids()) {
      Snapshot node = states ? meant(known.get(id)) : known.get(id);
      nodes.put(id, new Node(node, node.tree()));
      for (int child : new int[] {node.child0(), node.child1()}) {
        if (Integer.compareUnsigned(child, id) < 0 && child != 0) {
          namers.computeIfAbsent(child, _ -> new ArrayList<>()).add(id);
        }
      }
    }
    solve();
  }

  private void solve() {
    subvolumes();
    revive();
    settle();
    addMissing();
    settle();
    orphans();
    children();
    roots();
    leaves();
  }

  /** The nodes as they must be, by id. */
  NavigableMap<Integer, Snapshot> nodes() {
    NavigableMap<Integer, Snapshot> wanted = new TreeMap<>(Integer::compareUnsigned);
    Map<Integer, Integer> depths = new TreeMap<>();
    for (int id : nodes.descendingKeySet()) {
      Node node = nodes.get(id);
      if (node.isDeleted()) {
        wanted.put(id, node.was);
        continue;
      }
      int depth = node.parent == 0 ? 0 : depths.get(node.parent) + 1;
      depths.put(id, depth);
      wanted.put(id, encode(id, node, depth));
    }
    return wanted;
  }

  /**
   * A node as its word means it, since 1.39. The flags count where the word is near none, and of a
   * node without a tree that they call deleted: an older implementation took it out.
   */
  private static Snapshot meant(Snapshot node) {
    int word = Snapshot.nearestState(node.state());
    boolean takenOut = (node.flags() & Snapshot.FLAG_DELETED) != 0 && node.tree() == 0;
    return node.inState(word == 0 || takenOut ? Snapshot.stateOf(node.flags()) : word, true);
  }

  /** The word is kept in step with the flags. */
  private Snapshot encode(int id, Node node, int depth) {
    Snapshot flagged = withFlags(id, node, depth);
    return states || flagged.state() != 0
        ? flagged.inState(Snapshot.stateOf(node.flags), states)
        : flagged;
  }

  private Snapshot withFlags(int id, Node node, int depth) {
    Snapshot was = node.was;
    int[] skips = {node.parent, node.parent, node.parent};
    if (was != null && node.parent != 0 && isSkipList(id, was)) {
      skips = new int[] {was.skip0(), was.skip1(), was.skip2()};
    }
    return new Snapshot(
        node.flags,
        node.parent,
        node.children.isEmpty() ? 0 : node.children.getFirst(),
        node.children.size() < MOST_CHILDREN ? 0 : node.children.get(1),
        node.subvolume,
        node.tree,
        depth,
        skips[0],
        skips[1],
        skips[2],
        was == null ? 0 : was.btimeLo(),
        was == null ? 0 : was.btimeHi(),
        was == null ? 0 : was.state(),
        was == null ? Shape.of(Snapshot.BYTES_WITHOUT_STATE) : was.shape());
  }

  private boolean isSkipList(int id, Snapshot was) {
    boolean ascends =
        Integer.compareUnsigned(was.skip0(), was.skip1()) <= 0
            && Integer.compareUnsigned(was.skip1(), was.skip2()) <= 0;
    return ascends
        && isAbove(was.skip0(), id)
        && isAbove(was.skip1(), id)
        && isAbove(was.skip2(), id);
  }

  /** The trees as they must be, by their numbers. */
  NavigableMap<Integer, SnapshotTree> trees() {
    return wantedTrees;
  }

  /** The snapshot that a subvolume has to show. */
  int shownBy(int subvolume) {
    return shown.getOrDefault(subvolume, 0);
  }

  /** Subvolumes that show what another one shows, and that nothing else knows. */
  Set<Integer> copies() {
    return copies;
  }

  /** A subvolume whose snapshot does not know it shows the one that does. */
  private void subvolumes() {
    for (Map.Entry<Integer, Subvolume> each : subvolumes.entrySet()) {
      Subvolume subvolume = each.getValue();
      if (subvolume.unlinked()) {
        continue;
      }
      int number = each.getKey();
      Snapshot shows = known.get(subvolume.snapshot());
      boolean good =
          shows != null && !shows.deleted() && isLeaf(shows) && shows.subvolume() == number;
      List<Integer> others = good ? List.of() : leavesNaming(number);
      shown.put(number, others.size() == 1 ? others.getFirst() : subvolume.snapshot());
    }
  }

  /** Whether it has no children but those that nothing else knows. */
  private boolean isLeaf(Snapshot node) {
    for (int child : new int[] {node.child0(), node.child1()}) {
      if (child != 0 && (known.get(child) != null || evidence.hasKeys(child))) {
        return false;
      }
    }
    return true;
  }

  private List<Integer> leavesNaming(int subvolume) {
    return known.ids().stream()
        .filter(id -> {
          Snapshot node = known.get(id);
          return node.subvolume() == subvolume
              && isLeaf(node)
              && (node.flags() & Snapshot.FLAG_SUBVOL) != 0
              && !node.deleted()
              && !node.willDelete()
              && subvolumes.values().stream().noneMatch(other -> other.snapshot() == id);
        })
        .toList();
  }

  /** Nodes that are marked as deleted, and that live ones need. */
  private void revive() {
    shown.values().stream()
        .map(nodes::get)
        .filter(node -> node != null && node.isDeleted())
        .forEach(SnapshotForest::revive);
    // Children have lower ids than their parents.
    for (Map.Entry<Integer, Node> each : nodes.entrySet()) {
      Node node = each.getValue();
      int parent = node.was.parent();
      Node above = nodes.get(parent);
      boolean needed =
          !node.isDeleted()
              && above != null
              && above.isDeleted()
              && namers.getOrDefault(each.getKey(), List.of()).equals(List.of(parent));
      if (needed) {
        revive(above);
      }
    }
  }

  private static void revive(Node node) {
    node.flags &= ~Snapshot.FLAG_DELETED;
  }

  /** Parents of nodes for which there is more than one who says so. */
  private void settle() {
    for (int id : List.copyOf(nodes.descendingKeySet())) {
      Node node = nodes.get(id);
      if (!node.settled && !node.isDeleted()) {
        int parent = parentByTwo(id, node);
        if (parent != 0) {
          attach(id, parent);
        } else if (isRoot(id, node)) {
          node.settled = true;
        }
      }
    }
  }

  private void attach(int id, int parent) {
    nodes.get(id).parent = parent;
    nodes.get(id).settled = true;
    nodes.get(parent).children.add(id);
  }

  private int parentByTwo(int id, Node node) {
    int said = node.was == null ? 0 : node.was.parent();
    List<Integer> by = namers.getOrDefault(id, List.of()).stream().filter(this::hasRoom).toList();
    if (by.contains(said)) {
      return said;
    }
    return by.isEmpty() ? 0 : by.getFirst();
  }

  private boolean hasRoom(int id) {
    Node node = nodes.get(id);
    return node != null && !node.isDeleted() && node.children.size() < MOST_CHILDREN;
  }

  /** It says that it is a root, or its tree does. */
  private boolean isRoot(int id, Node node) {
    SnapshotTree tree = trees.get(node.tree);
    if (tree != null && tree.rootSnapshot() == id) {
      return true;
    }
    boolean other =
        tree != null
            && tree.rootSnapshot() != id
            && nodes.containsKey(tree.rootSnapshot())
            && known.parent(tree.rootSnapshot()) == 0;
    return node.was != null && node.was.parent() == 0 && !other;
  }

  private void addMissing() {
    Set<Integer> missing = new HashSet<>(shown.values());
    for (Map.Entry<Integer, Node> each : nodes.entrySet()) {
      Node node = each.getValue();
      if (node.isDeleted()) {
        continue;
      }
      if (!node.settled && Integer.compareUnsigned(node.was.parent(), each.getKey()) > 0) {
        missing.add(node.was.parent());
      }
    }
    namers.keySet().stream()
        .filter(child -> !nodes.containsKey(child) && evidence.hasKeys(child))
        .forEach(missing::add);
    for (int id : missing) {
      if (id != 0 && !nodes.containsKey(id)) {
        nodes.put(id, new Node(null, treeOf(id)));
      }
    }
    // Whoever named one of them has a parent now.
    for (int id : List.copyOf(nodes.descendingKeySet())) {
      Node node = nodes.get(id);
      boolean lost = !node.settled && !node.isDeleted() && node.was != null;
      if (lost && missing.contains(node.was.parent()) && hasRoom(node.was.parent())) {
        Node above = nodes.get(node.was.parent());
        if (above.was == null) {
          attach(id, node.was.parent());
        }
      }
    }
  }

  /** What neighbours of a missing node say, or the tree whose root it is; 0 if nothing does. */
  private int treeOf(int id) {
    for (Map.Entry<Integer, SnapshotTree> each : trees.entrySet()) {
      if (each.getValue().rootSnapshot() == id) {
        return each.getKey();
      }
    }
    for (Map.Entry<Integer, Node> each : nodes.entrySet()) {
      Node node = each.getValue();
      boolean near =
          node.was != null
              && !node.isDeleted()
              && (node.was.parent() == id || node.was.child0() == id || node.was.child1() == id);
      if (near) {
        return node.tree;
      }
    }
    return 0;
  }

  /** Nodes whose parent nothing else confirms. */
  private void orphans() {
    for (int id : List.copyOf(nodes.descendingKeySet())) {
      Node node = nodes.get(id);
      if (node.settled || node.isDeleted()) {
        continue;
      }
      int parent = likelyParent(id, node);
      if (parent != 0) {
        attach(id, parent);
      }
      node.settled = true;
    }
  }

  private int likelyParent(int id, Node node) {
    int said = node.was == null ? skipAbove(id) : node.was.parent();
    Predicate<Integer> free =
        other ->
            Integer.compareUnsigned(other, id) > 0
                && hasRoom(other)
                && !shown.containsValue(other)
                && !isAbove(id, other);
    if (said != 0 && nodes.containsKey(said) && free.test(said)) {
      return said;
    }
    // A snapshot in the middle that lacks one of its two children, or both if it is made anew.
    Set<Integer> related = related(id, node);
    for (int other : nodes.tailMap(id, false).keySet()) {
      boolean lacking = nodes.get(other).was == null || nodes.get(other).children.size() == 1;
      if (lacking && related.contains(topOf(other)) && free.test(other)) {
        return other;
      }
    }
    return 0;
  }

  /** The lowest ancestor of a missing node that a child of it names. */
  private int skipAbove(int id) {
    for (int child : nodes.get(id).children) {
      Snapshot was = nodes.get(child).was;
      for (int skip :
          was == null ? new int[0] : new int[] {was.skip0(), was.skip1(), was.skip2()}) {
        if (Integer.compareUnsigned(skip, id) > 0) {
          return skip;
        }
      }
    }
    return 0;
  }

  /** Roots of trees that a node may be of: by its tree's number, else by inodes that it shares. */
  private Set<Integer> related(int id, Node node) {
    Set<Integer> roots = new HashSet<>();
    SnapshotTree tree = trees.get(node.tree);
    if (tree != null) {
      roots.add(tree.rootSnapshot());
      nodes.forEach((other, each) -> {
        if (other != id && each.settled && each.parent == 0 && each.tree == node.tree) {
          roots.add(other);
        }
      });
      return roots;
    }
    shown.forEach((number, snapshot) -> {
      if (snapshot == id) {
        for (int version : evidence.versionsOf(subvolumes.get(number).inode())) {
          if (version != id && nodes.containsKey(version)) {
            roots.add(topOf(version));
          }
        }
      }
    });
    return roots;
  }

  private int topOf(int id) {
    int at = id;
    for (int parent = nodes.get(at).parent; parent != 0; parent = nodes.get(at).parent) {
      at = parent;
    }
    return at;
  }

  /** Whether a node is above another one. */
  private boolean isAbove(int ancestor, int id) {
    int at = nodes.get(id).parent;
    while (at != 0 && at != ancestor) {
      at = nodes.get(at).parent;
    }
    return at != 0;
  }

  /** The higher child comes first. */
  private void children() {
    nodes.values().forEach(node -> node.children.sort((a, b) -> Integer.compareUnsigned(b, a)));
  }

  private void roots() {
    for (int id : nodes.descendingKeySet()) {
      Node node = nodes.get(id);
      if (!node.isDeleted()) {
        node.tree = node.parent == 0 ? claim(id, node) : nodes.get(node.parent).tree;
      }
    }
  }

  /** The number of the tree that begins there. */
  private int claim(int id, Node node) {
    SnapshotTree own = trees.get(node.tree);
    int number = node.tree;
    if (own == null || own.rootSnapshot() != id) {
      number = treeNaming(id);
      boolean free = node.tree != 0 && !wantedTrees.containsKey(node.tree) && !isOthers(node.tree);
      if (number == 0 && free) {
        number = node.tree;
      }
      for (int next = 1; number == 0; next++) {
        number = trees.containsKey(next) || wantedTrees.containsKey(next) ? 0 : next;
      }
    }
    SnapshotTree there = trees.get(number);
    if (there == null) {
      wantedTrees.put(number, new SnapshotTree(master(id), id, Shape.of(SnapshotTree.BYTES)));
    } else {
      wantedTrees.put(number, new SnapshotTree(there.masterSubvolume(), id, there.shape()));
    }
    return number;
  }

  private int treeNaming(int id) {
    for (Map.Entry<Integer, SnapshotTree> each : trees.entrySet()) {
      if (each.getValue().rootSnapshot() == id && !wantedTrees.containsKey(each.getKey())) {
        return each.getKey();
      }
    }
    return 0;
  }

  /** Whether a tree begins at a root that says so too. */
  private boolean isOthers(int number) {
    SnapshotTree tree = trees.get(number);
    Node root = tree == null ? null : nodes.get(tree.rootSnapshot());
    return root != null && !root.isDeleted() && root.parent == 0 && root.tree == number;
  }

  /** The oldest subvolume of a new tree, one that is no snapshot before all others. */
  private int master(int root) {
    int found = 0;
    for (Map.Entry<Integer, Integer> each : shown.entrySet()) {
      boolean inTree = nodes.containsKey(each.getValue()) && topOf(each.getValue()) == root;
      if (inTree && !subvolumes.get(each.getKey()).isSnapshot()) {
        return each.getKey();
      }
      found = inTree && found == 0 ? each.getKey() : found;
    }
    return found;
  }

  /** Leaves name the subvolume that shows them. */
  private void leaves() {
    for (Map.Entry<Integer, Node> each : nodes.entrySet()) {
      Node node = each.getValue();
      if (node.isDeleted()) {
        continue;
      }
      int number = node.children.isEmpty() ? subvolumeOf(each.getKey(), node) : 0;
      boolean named = (node.flags & Snapshot.FLAG_SUBVOL) != 0;
      if (states && number == 0 && node.children.isEmpty() && namesTombstone(each.getKey(), node)) {
        node.flags = (node.flags | Snapshot.FLAG_WILL_DELETE) & ~Snapshot.FLAG_NO_KEYS;
        continue;
      }
      boolean goes = (node.flags & Snapshot.FLAG_WILL_DELETE) != 0;
      if (node.children.isEmpty()) {
        node.flags &= ~Snapshot.FLAG_NO_KEYS;
      } else {
        node.flags &= ~Snapshot.FLAG_SUBVOL;
      }
      if (number != 0) {
        // A subvolume is there until it is gone in the same moment as its snapshot is given up.
        node.subvolume = number;
        node.flags = (node.flags | Snapshot.FLAG_SUBVOL) & ~Snapshot.FLAG_WILL_DELETE;
      } else if (goes || !named || !node.children.isEmpty()) {
        node.subvolume = 0;
      }
    }
  }

  /** Since 1.39 a leaf goes on naming what is left of its subvolume until both are gone. */
  private boolean namesTombstone(int id, Node node) {
    Subvolume named = subvolumes.get(node.subvolume);
    return named != null && named.tombstone() && named.snapshot() == id;
  }

  private int subvolumeOf(int id, Node node) {
    List<Integer> all = new ArrayList<>();
    shown.forEach((number, snapshot) -> {
      if (snapshot == id) {
        all.add(number);
      }
    });
    if (all.isEmpty()) {
      // One that is missing as well, and that its root directory names.
      int rooted = node.was == null ? evidence.rootIn(id) : 0;
      return subvolumes.containsKey(rooted) ? 0 : rooted;
    }
    int kept = all.contains(node.subvolume) ? node.subvolume : 0;
    int rooted = evidence.rootOf(id, subvolumes.get(all.getFirst()).inode());
    if (all.contains(rooted)) {
      kept = rooted;
    }
    kept = kept == 0 ? all.getFirst() : kept;
    for (int other : all) {
      boolean copy = subvolumes.get(other).inode() == subvolumes.get(kept).inode();
      if (other != kept && copy) {
        copies.add(other);
      }
    }
    return kept;
  }
}
