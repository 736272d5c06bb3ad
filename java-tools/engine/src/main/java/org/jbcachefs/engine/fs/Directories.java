// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.hash.Casefold;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Subvolume;

/**
 * Directory entries. Lookups go from the name's hash along the run of occupied offsets; a
 * subvolume's entry is seen only from the subvolume that it says it is in. Thread-safe.
 */
final class Directories {
  private static final int BTREE = BtreeId.DIRENTS.number();
  private static final int DIRENT = KeyType.DIRENT.number();

  private final Btrees btrees;
  private final SnapshotTable snapshots;
  private final SubvolumeTable subvolumes;
  private final boolean casefoldDefault;
  private final Consumer<Finding> damage;

  /**
   * Directories of that filesystem.
   *
   * @param damage null where damaged entries are to be thrown; else they are left out and told
   */
  Directories(
      Btrees btrees,
      SnapshotTable snapshots,
      SubvolumeTable subvolumes,
      boolean casefoldDefault,
      Consumer<Finding> damage) {
    this.btrees = btrees;
    this.snapshots = snapshots;
    this.subvolumes = subvolumes;
    this.casefoldDefault = casefoldDefault;
    this.damage = damage;
  }

  /** Finds a name in a directory whose inode is given. */
  Optional<DirectoryEntry> lookup(FileId directory, Inode inode, byte[] name) {
    byte[] wanted = name;
    if (folds(inode)) {
      wanted = Casefold.fold(name);
      if (wanted == null) {
        return Optional.empty();
      }
    }
    long offset = hash(inode).direntOffset(wanted, inode.has(Inode.FLAG_31BIT_DIRENT_OFFSET));
    try (VisibleKeys keys = keys(directory, offset)) {
      while (keys.next() && keys.key().offset() == offset) {
        Bkey key = keys.key();
        boolean isHole = key.type() != DIRENT && key.type() != KeyType.HASH_WHITEOUT.number();
        if (isHole) {
          break;
        }
        if (key.type() == DIRENT && isSeenFrom(directory, key) && Dirent.matches(key, wanted)) {
          return Optional.of(entry(directory, key));
        }
        offset++;
      }
    }
    return Optional.empty();
  }

  /** Entries beyond a hash, in hash order, until the consumer has enough. */
  void list(FileId directory, long after, Predicate<DirectoryEntry> consumer) {
    if (after == Long.MAX_VALUE) {
      return;
    }
    try (VisibleKeys keys = keys(directory, after + 1)) {
      while (keys.next()) {
        Bkey key = keys.key();
        if (key.type() != DIRENT || !isSeenFrom(directory, key)) {
          continue;
        }
        DirectoryEntry entry = readable(directory, key);
        if (entry != null && !consumer.test(entry)) {
          return;
        }
      }
    }
  }

  /** The entry, or null if it is damaged and that is only told. */
  private DirectoryEntry readable(FileId directory, Bkey key) {
    if (damage == null) {
      return entry(directory, key);
    }
    try {
      return entry(directory, key);
    } catch (CorruptionException e) {
      damage.accept(Finding.of(e));
      return null;
    }
  }

  /** Finds a name by looking at every entry, for directories of which the hash is not known. */
  Optional<DirectoryEntry> search(FileId directory, byte[] name) {
    AtomicReference<DirectoryEntry> found = new AtomicReference<>();
    list(
        directory,
        -1,
        entry -> {
          if (Arrays.equals(entry.name(), name)) {
            found.set(entry);
          }
          return found.get() == null;
        });
    return Optional.ofNullable(found.get());
  }

  /** The entry at exactly that offset, if the directory has one there. */
  Optional<DirectoryEntry> at(FileId directory, long offset) {
    Bkey key = new Bkey();
    boolean found =
        VisibleKeys.find(
            btrees, snapshots, BTREE, directory.snapshot(), directory.inode(), offset, key);
    return found && key.type() == DIRENT && isSeenFrom(directory, key)
        ? Optional.of(entry(directory, key))
        : Optional.empty();
  }

  private VisibleKeys keys(FileId directory, long from) {
    long inode = directory.inode();
    return new VisibleKeys(
        btrees,
        snapshots,
        BTREE,
        directory.snapshot(),
        new Bpos(inode, Math.max(from, 0), 0),
        new Bpos(inode, -1, -1));
  }

  private boolean folds(Inode directory) {
    long own = directory.get(InodeField.CASEFOLD);
    return own == 0 ? casefoldDefault : own - 1 != 0;
  }

  /** The hash of an inode's entries and xattrs. */
  static StrHash hash(Inode inode) {
    if (inode.strHash() >= StrHash.TYPES) {
      throw new CorruptionException(
          "inode_str_hash_invalid",
          Place.structure("btree inodes").at(Long.toUnsignedString(inode.number())),
          "inode has an unknown string hash type " + inode.strHash());
    }
    return StrHash.of(inode.strHash(), inode.hashSeed());
  }

  private static boolean isSeenFrom(FileId directory, Bkey key) {
    return Dirent.type(key) != Dirent.TYPE_SUBVOLUME
        || (int) (Dirent.target(key) >>> 32) == directory.subvolume();
  }

  private DirectoryEntry entry(FileId directory, Bkey key) {
    Dirent dirent = Dirent.decode(key);
    if (!dirent.isSubvolume()) {
      FileId target = new FileId(directory.subvolume(), directory.snapshot(), dirent.target());
      return new DirectoryEntry(dirent.name(), key.offset(), dirent.type(), target, false);
    }
    int child = dirent.childSubvolume();
    Subvolume subvolume = subvolumes.get(child);
    // An entry to a subvolume that is gone is shown; looking at what it names then fails.
    FileId target =
        subvolume == null
            ? new FileId(child, 0, 0)
            : new FileId(child, subvolume.snapshot(), subvolume.inode());
    return new DirectoryEntry(dirent.name(), key.offset(), Dirent.TYPE_DIRECTORY, target, true);
  }
}
