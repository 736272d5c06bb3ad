// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.testing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.node.BtreePointer;

/**
 * What must be left of a filesystem when certain leaves of its btrees and certain devices are gone:
 * worked out from its keys while it is whole, and for files of which any doubt remains nothing is
 * promised.
 */
final class Survivors {
  private record Range(Bpos from, Bpos to) {}

  private final Map<Integer, List<Range>> lost = new HashMap<>();
  private final Set<Long> withoutData = new HashSet<>();
  private final Map<String, List<FileId>> files = new HashMap<>();
  private final int subvolumes;

  /**
   * Looks at the whole filesystem.
   *
   * @param nodes that are gone; only leaves take keys with them
   * @param gone devices that are missing
   */
  Survivors(ReadFilesystem whole, List<BtreePointer> nodes, Set<Integer> gone) {
    for (BtreePointer node : nodes) {
      if (node.level() == 0) {
        lost.computeIfAbsent(node.btree(), _ -> new ArrayList<>())
            .add(new Range(node.minKey(), node.maxKey()));
      }
    }
    subvolumes = count(whole, BtreeId.SUBVOLUMES);
    lookForData(whole, gone);
    walk(whole.namespace(), whole.namespace().root(), "", List.of());
  }

  /** Whether it is clear to which of several trees a key belongs: that is in keys of their own. */
  boolean treesSurvive() {
    boolean whole =
        !lost.containsKey(BtreeId.SNAPSHOTS.number())
            && !lost.containsKey(BtreeId.SUBVOLUMES.number());
    return whole || subvolumes < 2;
  }

  private static int count(ReadFilesystem whole, BtreeId btree) {
    int count = 0;
    try (KeyIterator keys = whole.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        count++;
      }
    }
    return count;
  }

  /** Paths as manifests write them, each with the directories that lead there and the file. */
  Set<String> paths() {
    return files.keySet();
  }

  /** Whether all keys of the file and all of its data are left. */
  boolean survives(String path) {
    FileId file = files.get(path).getLast();
    return inodeSurvives(file)
        && keysSurvive(BtreeId.EXTENTS, file)
        && keysSurvive(BtreeId.XATTRS, file)
        && !withoutData.contains(file.inode());
  }

  /** Whether keys of the file are lost, so that what is found instead may be older ones. */
  boolean mayBeOlder(String path) {
    FileId file = files.get(path).getLast();
    return !inodeSurvives(file)
        || !keysSurvive(BtreeId.EXTENTS, file)
        || !ranges(BtreeId.REFLINK).isEmpty();
  }

  /** Whether the entries and inodes of all directories on the way are left. */
  boolean pathSurvives(String path) {
    List<FileId> way = files.get(path);
    return way.subList(0, way.size() - 1).stream()
        .allMatch(directory -> inodeSurvives(directory) && keysSurvive(BtreeId.DIRENTS, directory));
  }

  private boolean inodeSurvives(FileId file) {
    return ranges(BtreeId.INODES).stream()
        .noneMatch(range -> holds(range.from().offset(), range.to().offset(), file.inode()));
  }

  private boolean keysSurvive(BtreeId btree, FileId file) {
    return ranges(btree).stream()
        .noneMatch(range -> holds(range.from().inode(), range.to().inode(), file.inode()));
  }

  private static boolean holds(long from, long to, long inode) {
    return Long.compareUnsigned(from, inode) <= 0 && Long.compareUnsigned(inode, to) <= 0;
  }

  private List<Range> ranges(BtreeId btree) {
    return lost.getOrDefault(btree.number(), List.of());
  }

  /** Copies that have to be rebuilt from stripes are not relied on. */
  private void lookForData(ReadFilesystem whole, Set<Integer> gone) {
    boolean indirect = !ranges(BtreeId.REFLINK).isEmpty();
    try (KeyIterator keys = whole.btrees().iterate(BtreeId.REFLINK.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        indirect |= !hasCopy(whole, keys.key(), gone);
      }
    }
    try (KeyIterator keys = whole.btrees().iterate(BtreeId.EXTENTS.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key();
        boolean pointer = key.type() == KeyType.REFLINK_P.number();
        if (pointer ? indirect : !hasCopy(whole, key, gone)) {
          withoutData.add(key.inode());
        }
      }
    }
  }

  private static boolean hasCopy(ReadFilesystem whole, Bkey key, Set<Integer> gone) {
    if (key.type() != KeyType.EXTENT.number() && key.type() != KeyType.REFLINK_V.number()) {
      return true;
    }
    ExtentEntries entries =
        new ExtentEntries().of(key, ExtentEntrySizes.of(whole.superblock()::extentTypeU64s));
    while (entries.nextPtr()) {
      if (entries.unwritten() || (!entries.cached() && !gone.contains(entries.dev()))) {
        return true;
      }
    }
    return false;
  }

  private void walk(Namespace namespace, FileId directory, String path, List<FileId> above) {
    List<FileId> way = new ArrayList<>(above);
    way.add(directory);
    List<DirectoryEntry> entries = new ArrayList<>();
    namespace.list(directory, -1, entries::add);
    for (DirectoryEntry entry : entries) {
      // Bytes as characters, so that names that are no UTF-8 stay apart.
      String name = new String(entry.name(), StandardCharsets.ISO_8859_1);
      String child = path.isEmpty() ? name : path + "/" + name;
      List<FileId> ids = new ArrayList<>(way);
      ids.add(entry.target());
      files.put(PythonJson.string(child.getBytes(StandardCharsets.ISO_8859_1)), ids);
      if (namespace.attributes(entry.target()).isDirectory()) {
        walk(namespace, entry.target(), child, way);
      }
    }
  }
}
