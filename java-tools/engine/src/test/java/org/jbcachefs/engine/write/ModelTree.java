// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jbcachefs.engine.fs.write.AllocateMode;
import org.jbcachefs.engine.fs.write.RenameMode;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;

/** What files and directories should be like: a tree in memory, with the rules of POSIX. */
final class ModelTree {
  final Node root = new Node(0x4000 | 0755);

  /** A file, directory or symbolic link. */
  static final class Node {
    int mode;
    int uid;
    int links;
    byte[] content = {};
    final TreeMap<String, Node> entries = new TreeMap<>();
    final TreeMap<String, byte[]> xattrs = new TreeMap<>();
    Node parent;

    Node(int mode) {
      this.mode = mode;
    }

    boolean isDirectory() {
      return (mode & 0xf000) == 0x4000;
    }

    boolean isRegular() {
      return (mode & 0xf000) == 0x8000;
    }
  }

  /** A model of files that were found. */
  static ModelTree of(SortedMap<String, FoundFile> files) {
    ModelTree model = new ModelTree();
    Map<String, Node> nodes = new HashMap<>();
    files.forEach((path, file) -> {
      Node node = path.isEmpty() ? model.root : nodes.get(file.first());
      if (node == null) {
        node = new Node(file.mode());
      }
      node.uid = file.uid();
      node.mode = file.mode();
      node.content = file.content();
      node.xattrs.putAll(file.xattrs());
      nodes.put(path, node);
      if (!path.isEmpty()) {
        int slash = path.lastIndexOf('/');
        Node parent = nodes.get(path.substring(0, slash));
        parent.entries.put(path.substring(slash + 1), node);
        node.parent = parent;
        node.links++;
      }
    });
    return model;
  }

  private static PosixException fail(PosixError error) {
    return new PosixException(error, "the model says so");
  }

  private static Node directory(Node node) {
    if (!node.isDirectory()) {
      throw fail(PosixError.ENOTDIR);
    }
    return node;
  }

  private static Node require(Node directory, String name) {
    Node found = directory(directory).entries.get(name);
    if (found == null) {
      throw fail(PosixError.ENOENT);
    }
    return found;
  }

  Node create(Node directory, String name, int mode, int uid) {
    if (directory(directory).entries.containsKey(name)) {
      throw fail(PosixError.EEXIST);
    }
    Node made = new Node(mode);
    made.uid = uid;
    made.links = 1;
    made.parent = directory;
    directory.entries.put(name, made);
    return made;
  }

  void link(Node node, Node directory, String name) {
    directory(directory);
    if (node.isDirectory()) {
      throw fail(PosixError.EPERM);
    }
    if (directory.entries.containsKey(name)) {
      throw fail(PosixError.EEXIST);
    }
    directory.entries.put(name, node);
    node.links++;
  }

  void unlink(Node directory, String name) {
    Node node = require(directory, name);
    if (node.isDirectory()) {
      throw fail(PosixError.EISDIR);
    }
    directory.entries.remove(name);
    node.links--;
  }

  void rmdir(Node directory, String name) {
    Node node = require(directory, name);
    if (!node.isDirectory()) {
      throw fail(PosixError.ENOTDIR);
    }
    if (!node.entries.isEmpty()) {
      throw fail(PosixError.ENOTEMPTY);
    }
    directory.entries.remove(name);
    node.links--;
  }

  void rename(Node from, String fromName, Node to, String toName, RenameMode mode) {
    Node source = require(from, fromName);
    Node target = directory(to).entries.get(toName);
    if (source == target) {
      if (mode == RenameMode.NOREPLACE) {
        throw fail(PosixError.EEXIST);
      }
      return;
    }
    if (mode == RenameMode.NOREPLACE && target != null) {
      throw fail(PosixError.EEXIST);
    }
    if (mode == RenameMode.EXCHANGE && target == null) {
      throw fail(PosixError.ENOENT);
    }
    boolean exchange = mode == RenameMode.EXCHANGE;
    if (target != null && !exchange) {
      checkReplaceable(source, target);
    }
    if (source.isDirectory() && from != to) {
      requireOutside(source, to);
    }
    if (exchange && target.isDirectory() && from != to) {
      requireOutside(target, from);
    }
    from.entries.remove(fromName);
    to.entries.put(toName, source);
    source.parent = to;
    if (exchange) {
      from.entries.put(fromName, target);
      target.parent = from;
    } else if (target != null) {
      target.links--;
    }
    if (mode == RenameMode.WHITEOUT) {
      create(from, fromName, 0x2000, 0);
    }
  }

  private static void checkReplaceable(Node source, Node target) {
    if (source.isDirectory() && !target.isDirectory()) {
      throw fail(PosixError.ENOTDIR);
    }
    if (!source.isDirectory() && target.isDirectory()) {
      throw fail(PosixError.EISDIR);
    }
    if (!target.entries.isEmpty()) {
      throw fail(PosixError.ENOTEMPTY);
    }
  }

  private static void requireOutside(Node moving, Node into) {
    for (Node at = into; at != null; at = at.parent) {
      if (at == moving) {
        throw fail(PosixError.EINVAL);
      }
    }
  }

  void write(Node node, int offset, byte[] data) {
    requireContents(node);
    node.content = Arrays.copyOf(node.content, Math.max(node.content.length, offset + data.length));
    System.arraycopy(data, 0, node.content, offset, data.length);
  }

  void truncate(Node node, int size) {
    requireContents(node);
    node.content = Arrays.copyOf(node.content, size);
  }

  private static void requireContents(Node node) {
    if (node.isDirectory()) {
      throw fail(PosixError.EISDIR);
    }
    if (!node.isRegular()) {
      throw fail(PosixError.EINVAL);
    }
  }

  void allocate(Node node, AllocateMode mode, int offset, int length) {
    requireContents(node);
    boolean zeros = mode != AllocateMode.ALLOCATE && mode != AllocateMode.ALLOCATE_KEEP_SIZE;
    byte[] now = node.content.clone();
    if (zeros && offset < now.length) {
      Arrays.fill(now, offset, Math.min(now.length, offset + length), (byte) 0);
    }
    boolean grows = mode == AllocateMode.ALLOCATE || mode == AllocateMode.ZERO_RANGE;
    if (grows && offset + length > now.length) {
      now = Arrays.copyOf(now, offset + length);
    }
    node.content = now;
  }

  void clone(Node from, int fromOffset, Node to, int toOffset, int length) {
    byte[] data = Arrays.copyOfRange(from.content, fromOffset, fromOffset + length);
    write(to, toOffset, data);
  }

  /** A hole is put in, or a range taken out. */
  void shift(Node node, boolean insert, int offset, int length, int block) {
    requireContents(node);
    byte[] now = node.content;
    boolean possible = insert ? offset < now.length : offset + length < now.length;
    if (offset % block != 0 || length % block != 0 || length == 0 || !possible) {
      throw fail(PosixError.EINVAL);
    }
    int kept = insert ? offset : offset + length;
    int to = insert ? offset + length : offset;
    byte[] shifted = Arrays.copyOf(now, now.length + to - kept);
    Arrays.fill(shifted, offset, Math.max(offset, to), (byte) 0);
    System.arraycopy(now, kept, shifted, to, now.length - kept);
    node.content = shifted;
  }

  /** Every path, and what is there. */
  Map<String, Node> nodes() {
    Map<String, Node> nodes = new HashMap<>();
    collect("", root, nodes);
    return nodes;
  }

  private static void collect(String path, Node node, Map<String, Node> nodes) {
    nodes.put(path, node);
    node.entries.forEach((name, child) -> collect(path + "/" + name, child, nodes));
  }

  /** Every path with all that is known of it. */
  SortedMap<String, FoundFile> files() {
    TreeMap<String, FoundFile> files = new TreeMap<>();
    IdentityHashMap<Node, String> first = new IdentityHashMap<>();
    Set<Node> seen = new HashSet<>();
    collect("", root, files, first, seen);
    return files;
  }

  private void collect(
      String path,
      Node node,
      SortedMap<String, FoundFile> files,
      IdentityHashMap<Node, String> first,
      Set<Node> seen) {
    first.putIfAbsent(node, path);
    long links = node.links;
    if (node.isDirectory()) {
      links = 2 + node.entries.values().stream().filter(Node::isDirectory).count();
    }
    files.put(
        path,
        new FoundFile(
            node.mode, node.uid, links, first.get(node), node.content, new TreeMap<>(node.xattrs)));
    if (node.isDirectory() && seen.add(node)) {
      node.entries.forEach((name, child) -> collect(path + "/" + name, child, files, first, seen));
    }
  }
}
