// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.testing;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;

/**
 * A filesystem in memory, built by name. It lets in what a hostile or damaged image may hold: any
 * name, a name twice, directories in a loop, ranges that cannot be read.
 */
public final class MemoryTree implements Namespace, FileData {
  /** A file or directory under construction. */
  public static final class Node {
    private final FileId id;
    private int mode;
    private int uid;
    private int gid;
    private long links;
    private long size;
    private long mtime = 1_700_000_000_123_456_789L;
    private int major;
    private int minor;
    private byte[] target;
    private final List<DirectoryEntry> entries = new ArrayList<>();
    private final TreeMap<Long, byte[]> data = new TreeMap<>();
    private final Map<String, byte[]> xattrs = new LinkedHashMap<>();
    private final List<Xattr> options = new ArrayList<>();
    private final List<long[]> lost = new ArrayList<>();
    private boolean unreadable;

    private Node(FileId id, int mode) {
      this.id = id;
      this.mode = mode;
    }

    public FileId id() {
      return id;
    }

    public Node mode(int permissions) {
      mode = (mode & Attributes.TYPE_MASK) | permissions;
      return this;
    }

    public Node owner(int user, int group) {
      uid = user;
      gid = group;
      return this;
    }

    public Node mtime(long nanoseconds) {
      mtime = nanoseconds;
      return this;
    }

    public Node size(long bytes) {
      size = bytes;
      return this;
    }

    public Node data(long offset, byte[] bytes) {
      data.put(offset, bytes);
      size = Math.max(size, offset + bytes.length);
      return this;
    }

    public Node xattr(String name, byte[] value) {
      xattrs.put(name, value);
      return this;
    }

    public Node option(String name, String value) {
      options.add(new Xattr(bytes(name), bytes(value)));
      return this;
    }

    /** Reads that touch this range fail. */
    public Node lose(long from, long to) {
      lost.add(new long[] {from, to});
      return this;
    }

    /** Its inode is gone. */
    public Node loseInode() {
      unreadable = true;
      return this;
    }
  }

  private final Map<FileId, Node> nodes = new HashMap<>();
  private long nextInode = 4096;
  private long nextHash = 1;
  private final Node root = directory();

  public static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  public Node rootNode() {
    return root;
  }

  private Node node(int mode) {
    Node node = new Node(new FileId(1, -1, nextInode++), mode);
    nodes.put(node.id, node);
    return node;
  }

  /** A directory that has no name yet. */
  public Node directory() {
    return node(Attributes.DIRECTORY | 0755);
  }

  /** A file that has no name yet. */
  public Node file(String contents) {
    Node node = node(Attributes.REGULAR | 0644);
    return contents.isEmpty() ? node : node.data(0, bytes(contents));
  }

  public Node symlink(String target) {
    Node node = node(Attributes.SYMLINK | 0777);
    node.target = bytes(target);
    return node.size(node.target.length);
  }

  public Node special(int typeBits, int major, int minor) {
    Node node = node(typeBits | 0640);
    node.major = major;
    node.minor = minor;
    return node;
  }

  /** Gives a node a name in a directory; returns the node. */
  public Node add(Node parent, String name, Node node) {
    return add(parent, bytes(name), node);
  }

  public Node add(Node parent, byte[] name, Node node) {
    int type = (node.mode & Attributes.TYPE_MASK) >> 12;
    parent.entries.add(new DirectoryEntry(name, nextHash++, type, node.id, false));
    node.links++;
    return node;
  }

  private Node get(FileId file) {
    Node node = nodes.get(file);
    if (node == null || node.unreadable) {
      throw new NotFoundException(Place.structure("inodes"), "inode " + file.inode() + " is lost");
    }
    return node;
  }

  @Override
  public FileId root() {
    return root.id;
  }

  @Override
  public FileId subvolumeRoot(int subvolume) {
    if (subvolume != 1) {
      throw new NotFoundException(Place.NOWHERE, "no subvolume " + subvolume);
    }
    return root.id;
  }

  @Override
  public FileId snapshotRoot(int snapshot) {
    return root.id;
  }

  @Override
  public Attributes attributes(FileId file) {
    Node node = get(file);
    return new Attributes(
        file,
        node.mode,
        node.uid,
        node.gid,
        Math.max(1, node.links),
        node.size,
        (node.size + 511) / 512,
        node.mtime,
        node.mtime,
        node.mtime,
        node.mtime,
        node.major,
        node.minor,
        0,
        0,
        1);
  }

  @Override
  public Optional<DirectoryEntry> lookup(FileId directory, byte[] name) {
    return get(directory).entries.stream()
        .filter(entry -> java.util.Arrays.equals(entry.name(), name))
        .findFirst();
  }

  @Override
  public void list(FileId directory, long after, Predicate<DirectoryEntry> consumer) {
    for (DirectoryEntry entry : nodes.get(directory).entries) {
      if (entry.hash() > after && !consumer.test(entry)) {
        return;
      }
    }
  }

  @Override
  public FileId parent(FileId directory) {
    return root.id;
  }

  @Override
  public byte[] readlink(FileId symlink) {
    return get(symlink).target;
  }

  @Override
  public List<byte[]> listXattrs(FileId file) {
    return get(file).xattrs.keySet().stream().map(MemoryTree::bytes).toList();
  }

  @Override
  public Optional<byte[]> xattr(FileId file, byte[] name) {
    return Optional.ofNullable(get(file).xattrs.get(new String(name, StandardCharsets.UTF_8)));
  }

  @Override
  public List<Xattr> optionXattrs(FileId file) {
    return get(file).options;
  }

  @Override
  public int read(FileId file, long offset, MemorySegment into) {
    Node node = get(file);
    int length = (int) Math.max(0, Math.min(into.byteSize(), node.size - offset));
    for (long[] range : node.lost) {
      if (offset < range[1] && offset + length > range[0]) {
        throw new LostDataException(Place.structure("extents"), "every copy failed its checksum");
      }
    }
    into.asSlice(0, length).fill((byte) 0);
    node.data.forEach((at, bytes) -> overlay(into.asSlice(0, length), offset, at, bytes));
    return length;
  }

  private static void overlay(MemorySegment into, long offset, long at, byte[] bytes) {
    long from = Math.max(offset, at);
    long to = Math.min(offset + into.byteSize(), at + bytes.length);
    if (from < to) {
      MemorySegment.copy(MemorySegment.ofArray(bytes), from - at, into, from - offset, to - from);
    }
  }

  @Override
  public long nextData(FileId file, long offset) {
    Node node = get(file);
    for (var extent : node.data.entrySet()) {
      if (extent.getKey() + extent.getValue().length > offset) {
        return Math.max(offset, extent.getKey());
      }
    }
    return -1;
  }

  @Override
  public long nextHole(FileId file, long offset) {
    Node node = get(file);
    long at = offset;
    for (var extent : node.data.entrySet()) {
      if (extent.getKey() <= at && extent.getKey() + extent.getValue().length > at) {
        at = extent.getKey() + extent.getValue().length;
      }
    }
    return offset >= node.size ? -1 : Math.min(at, node.size);
  }
}
