// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.testing;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;

/** A tree in memory. Build it with one thread, then read it with many. */
public final class MemoryFilesystem implements Namespace, FileData {
  private static final long PAGE = 4096;
  private static final MemorySegment TEMPLATE = MemorySegment.ofArray(template());
  private static final long TIME = 1_700_000_000_123_456_789L;

  private static final class Node {
    Attributes attributes;
    final ConcurrentSkipListMap<Long, DirectoryEntry> entries = new ConcurrentSkipListMap<>();
    final Map<String, DirectoryEntry> names = new ConcurrentHashMap<>();
    final Map<String, byte[]> xattrs = new TreeMap<>();
    final TreeMap<Long, byte[]> data = new TreeMap<>();
    FileId parent;
    byte[] target;
    boolean lost;
    boolean patterned;
  }

  private final Map<FileId, Node> nodes = new ConcurrentHashMap<>();
  private final FileId root = new FileId(1, -1, 4096);
  private long nextInode = 4097;

  public MemoryFilesystem() {
    Node node = new Node();
    node.parent = root;
    node.attributes = attributes(root, Attributes.DIRECTORY | 0755, 2, 0, 0);
    nodes.put(root, node);
  }

  private static byte[] template() {
    byte[] bytes = new byte[(int) PAGE];
    new SplittableRandom(4096).nextBytes(bytes);
    return bytes;
  }

  private static Attributes attributes(FileId file, int mode, long links, long size, int flags) {
    return new Attributes(
        file,
        mode,
        7,
        8,
        links,
        size,
        (size + 511) / 512,
        TIME,
        TIME + 1,
        TIME - 2,
        -1_500_000_000L,
        0,
        0,
        flags,
        9,
        0);
  }

  private FileId add(FileId directory, String name, int mode, long size, int subvolume) {
    FileId file = new FileId(subvolume, -subvolume, subvolume == 1 ? nextInode++ : 4096);
    Node node = new Node();
    node.parent = directory;
    node.attributes = attributes(file, mode, 1, size, 0);
    nodes.put(file, node);
    link(directory, name, file, subvolume != directory.subvolume());
    return file;
  }

  private void link(FileId directory, String name, FileId target, boolean subvolume) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    long hash = hash(name);
    Node node = nodes.get(directory);
    while (node.entries.containsKey(hash)) {
      hash++;
    }
    int type = nodes.get(target).attributes.mode() >>> 12;
    DirectoryEntry entry = new DirectoryEntry(bytes, hash, type, target, subvolume);
    node.entries.put(hash, entry);
    node.names.put(name, entry);
  }

  private static long hash(String name) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ b) * 0x100000001b3L;
    }
    return Math.max(2, hash >>> 1);
  }

  public FileId directory(FileId parent, String name) {
    return add(parent, name, Attributes.DIRECTORY | 0755, 0, parent.subvolume());
  }

  /** The root directory of another subvolume, with the inode number of the root. */
  public FileId subvolume(FileId parent, String name, int id) {
    return add(parent, name, Attributes.DIRECTORY | 0755, 0, id);
  }

  public FileId file(FileId parent, String name, byte[] content) {
    FileId file = add(parent, name, Attributes.REGULAR | 0644, content.length, parent.subvolume());
    nodes.get(file).data.put(0L, content);
    return file;
  }

  /**
   * A file of that size whose content is made up as it is read: pages that begin with their offset.
   */
  public FileId patterned(FileId parent, String name, long size) {
    FileId file = add(parent, name, Attributes.REGULAR | 0644, size, parent.subvolume());
    nodes.get(file).patterned = true;
    return file;
  }

  /** A sparse file: pieces at offsets. */
  public FileId sparse(FileId parent, String name, long size, Map<Long, byte[]> pieces) {
    FileId file = add(parent, name, Attributes.REGULAR | 0644, size, parent.subvolume());
    nodes.get(file).data.putAll(pieces);
    return file;
  }

  public FileId symlink(FileId parent, String name, String target) {
    FileId file = add(parent, name, Attributes.SYMLINK | 0777, target.length(), parent.subvolume());
    nodes.get(file).target = target.getBytes(StandardCharsets.UTF_8);
    return file;
  }

  public void hardLink(FileId parent, String name, FileId file) {
    link(parent, name, file, false);
    Attributes old = nodes.get(file).attributes;
    nodes.get(file).attributes =
        attributes(file, old.mode(), old.links() + 1, old.size(), old.flags());
  }

  /** Reading it fails from now on. */
  public void lose(FileId file) {
    nodes.get(file).lost = true;
  }

  public void setFlags(FileId file, int flags) {
    Attributes old = nodes.get(file).attributes;
    nodes.get(file).attributes = attributes(file, old.mode(), old.links(), old.size(), flags);
  }

  public void setXattr(FileId file, String name, byte[] value) {
    nodes.get(file).xattrs.put(name, value);
  }

  /** Writes the content of a patterned file: each page begins with its own offset. */
  private static void pattern(long offset, MemorySegment out) {
    for (long done = 0; done < out.byteSize(); ) {
      long inside = (offset + done) % PAGE;
      long step = Math.min(PAGE - inside, out.byteSize() - done);
      MemorySegment.copy(TEMPLATE, inside, out, done, step);
      if (inside == 0 && step >= Long.BYTES) {
        out.set(ValueLayout.JAVA_LONG_UNALIGNED, done, offset + done);
      }
      done += step;
    }
  }

  private Node node(FileId file) {
    Node node = nodes.get(file);
    if (node == null) {
      throw new NotFoundException(Place.NOWHERE, "no file " + file);
    }
    return node;
  }

  @Override
  public FileId root() {
    return root;
  }

  @Override
  public FileId subvolumeRoot(int subvolume) {
    return root;
  }

  @Override
  public FileId snapshotRoot(int snapshot) {
    return root;
  }

  @Override
  public Attributes attributes(FileId file) {
    return node(file).attributes;
  }

  @Override
  public Optional<DirectoryEntry> lookup(FileId directory, byte[] name) {
    return Optional.ofNullable(node(directory).names.get(new String(name, StandardCharsets.UTF_8)));
  }

  @Override
  public void list(FileId directory, long after, Predicate<DirectoryEntry> consumer) {
    for (DirectoryEntry entry : node(directory).entries.tailMap(after, false).values()) {
      if (!consumer.test(entry)) {
        return;
      }
    }
  }

  @Override
  public FileId parent(FileId directory) {
    return node(directory).parent;
  }

  @Override
  public byte[] readlink(FileId symlink) {
    return node(symlink).target.clone();
  }

  @Override
  public List<byte[]> listXattrs(FileId file) {
    List<byte[]> names = new ArrayList<>();
    for (String name : node(file).xattrs.keySet()) {
      if (!name.startsWith("bcachefs")) {
        names.add(name.getBytes(StandardCharsets.UTF_8));
      }
    }
    return names;
  }

  @Override
  public Optional<byte[]> xattr(FileId file, byte[] name) {
    return Optional.ofNullable(node(file).xattrs.get(new String(name, StandardCharsets.UTF_8)));
  }

  @Override
  public List<Xattr> optionXattrs(FileId file) {
    List<Xattr> options = new ArrayList<>();
    node(file)
        .xattrs
        .forEach((name, value) -> {
          if (name.startsWith("bcachefs")) {
            options.add(new Xattr(name.getBytes(StandardCharsets.UTF_8), value));
          }
        });
    return options;
  }

  @Override
  public int read(FileId file, long offset, MemorySegment into) {
    Node node = node(file);
    if (node.lost) {
      throw new LostDataException(Place.structure("extents").at(file), "no copy is left");
    }
    long size = node.attributes.size();
    int length = (int) Math.max(0, Math.min(into.byteSize(), size - offset));
    MemorySegment out = into.asSlice(0, length);
    if (node.patterned) {
      pattern(offset, out);
      return length;
    }
    out.fill((byte) 0);
    node.data.forEach((at, bytes) -> {
      long from = Math.max(at, offset);
      long to = Math.min(at + bytes.length, offset + length);
      if (from < to) {
        MemorySegment.copy(MemorySegment.ofArray(bytes), from - at, out, from - offset, to - from);
      }
    });
    return length;
  }

  @Override
  public long nextData(FileId file, long offset) {
    Node node = node(file);
    if (offset >= node.attributes.size()) {
      return -1;
    }
    if (node.patterned) {
      return offset;
    }
    for (Map.Entry<Long, byte[]> piece : node.data.entrySet()) {
      if (piece.getKey() + piece.getValue().length > offset) {
        return Math.max(offset, piece.getKey());
      }
    }
    return -1;
  }

  @Override
  public long nextHole(FileId file, long offset) {
    Node node = node(file);
    if (offset >= node.attributes.size()) {
      return -1;
    }
    if (node.patterned) {
      return node.attributes.size();
    }
    long at = offset;
    for (Map.Entry<Long, byte[]> piece : node.data.entrySet()) {
      if (piece.getKey() <= at && at < piece.getKey() + piece.getValue().length) {
        at = piece.getKey() + piece.getValue().length;
      }
    }
    return at;
  }
}
