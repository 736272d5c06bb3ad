// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Subvolume;

/**
 * A directory that is on no device, with what no path leads to.
 *
 * <pre>
 *   /lost+found-jbcachefs
 *     subvolume-1          for each subvolume, or snapshot-ID where no subvolume is known
 *       inode-4099         files and directories by inode number
 *     root-of-subvolume-7  a subvolume whose entry is lost
 * </pre>
 *
 * <p>Its directories have inode numbers that files never have. Thread-safe.
 */
final class LostAndFound {
  static final byte[] NAME = ascii("lost+found-jbcachefs");

  /** The directory itself: inode 1, which belongs to no subvolume. */
  static final FileId ROOT = new FileId(0, 0, 1);

  /** Inode number of the directory of one subvolume. */
  private static final long OF_SUBVOLUME = 2;

  private static final int DT_UNKNOWN = 0;
  private static final int DT_DIRECTORY = 4;
  private static final int TYPE_SHIFT = 12;

  private final SnapshotTable snapshots;
  private final SubvolumeTable subvolumes;
  private final InodeSource inodes;
  private final Supplier<Remains> remains;
  private final Consumer<Finding> findings;
  private final Map<FileId, List<DirectoryEntry>> directories = new ConcurrentHashMap<>();

  LostAndFound(
      SnapshotTable snapshots,
      SubvolumeTable subvolumes,
      InodeSource inodes,
      Supplier<Remains> remains,
      Consumer<Finding> findings) {
    this.snapshots = snapshots;
    this.subvolumes = subvolumes;
    this.inodes = inodes;
    this.remains = remains;
    this.findings = findings;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Whether a file is one of the directories that are on no device. */
  static boolean has(FileId file) {
    return file.equals(ROOT) || file.inode() == OF_SUBVOLUME;
  }

  /** The entry that leads here from the root directory, if there is anything here. */
  Optional<DirectoryEntry> entry() {
    return list(ROOT).isEmpty()
        ? Optional.empty()
        : Optional.of(new DirectoryEntry(NAME, Long.MAX_VALUE, DT_DIRECTORY, ROOT, false));
  }

  /** Entries of one of the directories, in hash order. */
  List<DirectoryEntry> list(FileId directory) {
    List<DirectoryEntry> known = directories.get(directory);
    if (known == null) {
      known = directory.equals(ROOT) ? listRoot() : listSubvolume(directory);
      directories.put(directory, known);
    }
    return known;
  }

  private List<DirectoryEntry> listRoot() {
    List<DirectoryEntry> entries = new ArrayList<>();
    Set<Integer> seen = new HashSet<>();
    subvolumes
        .all()
        .forEach((id, subvolume) -> {
          for (int snapshot : snapshots.lineage(subvolume.snapshot())) {
            seen.add(snapshot);
          }
          addFiles(entries, "subvolume-" + id, id, subvolume.snapshot());
          if (id != Subvolume.ROOT && !remains.get().subvolumes().contains(id)) {
            addRoot(entries, id, subvolume);
          }
        });
    for (int snapshot : remains.get().snapshots()) {
      boolean known = seen.contains(snapshot) || snapshots.get(snapshot) != null;
      if (!known) {
        addFiles(entries, "snapshot-" + Integer.toUnsignedString(snapshot), 0, snapshot);
      }
    }
    return List.copyOf(entries);
  }

  private void addFiles(List<DirectoryEntry> entries, String name, int subvolume, int snapshot) {
    FileId directory = new FileId(subvolume, snapshot, OF_SUBVOLUME);
    if (!list(directory).isEmpty()) {
      entries.add(
          new DirectoryEntry(ascii(name), entries.size() + 1, DT_DIRECTORY, directory, false));
    }
  }

  private void addRoot(List<DirectoryEntry> entries, int id, Subvolume subvolume) {
    FileId root = new FileId(id, subvolume.snapshot(), subvolume.inode());
    if (subvolume.unlinked() || inodes.find(root.snapshot(), root.inode()).isEmpty()) {
      return;
    }
    String name = "root-of-subvolume-" + id;
    entries.add(new DirectoryEntry(ascii(name), entries.size() + 1, DT_DIRECTORY, root, true));
    findings.accept(
        new Finding(
            "subvol_unreachable",
            Place.structure("btree subvolumes").at("0:" + id),
            "no entry leads to the subvolume; it is shown as "
                + new String(NAME, StandardCharsets.US_ASCII)
                + "/"
                + name));
  }

  private List<DirectoryEntry> listSubvolume(FileId directory) {
    List<DirectoryEntry> entries = new ArrayList<>();
    for (long number : remains.get().lost()) {
      Optional<Inode> inode = inodes.find(directory.snapshot(), number);
      if (inode.isPresent() && !isRoot(directory.subvolume(), number)) {
        entries.add(entry(directory, number, inode.get()));
      }
    }
    return List.copyOf(entries);
  }

  /** A subvolume's root needs no name; to show it in itself would make a tree without end. */
  private boolean isRoot(int subvolume, long number) {
    Subvolume known = subvolumes.all().get(subvolume);
    return known != null && known.inode() == number;
  }

  private DirectoryEntry entry(FileId directory, long number, Inode inode) {
    String name = "inode-" + Long.toUnsignedString(number);
    FileId file = new FileId(directory.subvolume(), directory.snapshot(), number);
    tell(directory, name, inode);
    int type = inode.mode() == 0 ? DT_UNKNOWN : inode.mode() >>> TYPE_SHIFT;
    return new DirectoryEntry(ascii(name), number, type, file, false);
  }

  private void tell(FileId directory, String name, Inode inode) {
    long parent = inode.get(InodeField.DIR);
    findings.accept(
        new Finding(
            "inode_unreachable",
            RescueInodes.place(directory.snapshot(), inode.number()),
            "no name leads to the "
                + (inode.isDirectory() ? "directory" : "file of " + inode.size() + " bytes")
                + (parent == 0
                    ? ""
                    : ", which was in directory inode " + Long.toUnsignedString(parent))
                + "; it is shown as "
                + name));
  }

  /** The directory of lost files that a file without a name is in. */
  FileId parentOf(FileId file) {
    return file.inode() == OF_SUBVOLUME
        ? ROOT
        : new FileId(file.subvolume(), file.snapshot(), OF_SUBVOLUME);
  }
}
