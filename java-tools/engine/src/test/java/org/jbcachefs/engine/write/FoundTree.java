// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;

/** The files that are on devices, as somebody sees them who only reads. */
final class FoundTree {
  private final Namespace namespace;
  private final FileData data;
  private final TreeMap<String, FoundFile> files = new TreeMap<>();
  private final Map<Long, String> first = new HashMap<>();

  private FoundTree(Namespace namespace, FileData data) {
    this.namespace = namespace;
    this.data = data;
  }

  /** All files but lost+found, whether the devices were left in order or not. */
  static SortedMap<String, FoundFile> read(List<MemoryDevice> media) {
    try (ReadFilesystem filesystem =
        ReadFilesystem.open(Judge.copies(media), OpenOptions.defaults())) {
      return read(filesystem.namespace(), filesystem.data());
    }
  }

  /** The files of one subvolume. */
  static SortedMap<String, FoundFile> read(Namespace namespace, FileData data, FileId root) {
    FoundTree tree = new FoundTree(namespace, data);
    tree.collect("", root);
    return tree.files;
  }

  static SortedMap<String, FoundFile> read(Namespace namespace, FileData data) {
    return readRoot(namespace, data, namespace.root());
  }

  /** The files, and those of each snapshot that lies in lost+found, by its name. */
  static FoundState readState(List<MemoryDevice> media) {
    try (ReadFilesystem filesystem =
        ReadFilesystem.open(Judge.copies(media), OpenOptions.defaults())) {
      Namespace namespace = filesystem.namespace();
      TreeMap<String, SortedMap<String, FoundFile>> snapshots = new TreeMap<>();
      FileId kept =
          namespace.lookup(namespace.root(), "lost+found".getBytes(UTF_8)).orElseThrow().target();
      Map<String, FileId> roots = entries(namespace, kept);
      roots.forEach(
          (name, root) -> snapshots.put(name, readRoot(namespace, filesystem.data(), root)));
      return new FoundState(read(namespace, filesystem.data()), snapshots);
    }
  }

  /** What is below the root of a filesystem, or below a snapshot's of it. */
  private static SortedMap<String, FoundFile> readRoot(
      Namespace namespace, FileData data, FileId id) {
    FoundTree tree = new FoundTree(namespace, data);
    tree.collect("", id);
    FoundFile root = tree.files.get("");
    tree.files.put(
        "",
        new FoundFile(root.mode(), root.uid(), root.links() - 1, "", new byte[0], root.xattrs()));
    return tree.files;
  }

  private void collect(String path, FileId id) {
    Attributes attributes = namespace.attributes(id);
    first.putIfAbsent(id.inode(), path);
    byte[] content = {};
    if (attributes.isRegular()) {
      content = new byte[Math.toIntExact(attributes.size())];
      int read = data.read(id, 0, MemorySegment.ofArray(content));
      if (read != content.length) {
        throw new AssertionError(path + ": only " + read + " of " + content.length + " bytes");
      }
    } else if (attributes.isSymlink()) {
      content = namespace.readlink(id);
    }
    TreeMap<String, byte[]> xattrs = new TreeMap<>();
    for (byte[] name : namespace.listXattrs(id)) {
      xattrs.put(new String(name, UTF_8), namespace.xattr(id, name).orElseThrow());
    }
    files.put(
        path,
        new FoundFile(
            attributes.mode(),
            attributes.uid(),
            attributes.links(),
            first.get(id.inode()),
            content,
            xattrs));
    if (attributes.isDirectory()) {
      Map<String, FileId> entries = entries(namespace, id);
      if (path.isEmpty()) {
        entries.remove("lost+found");
      }
      entries.forEach((name, target) -> collect(path + "/" + name, target));
    }
  }

  private static Map<String, FileId> entries(Namespace namespace, FileId directory) {
    TreeMap<String, FileId> entries = new TreeMap<>();
    namespace.list(
        directory,
        -1,
        entry -> {
          entries.put(new String(entry.name(), UTF_8), entry.target());
          return true;
        });
    return entries;
  }
}
