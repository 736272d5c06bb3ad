// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.hash.Casefold;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Shape;

/** The entries of one directory in a transaction. */
final class EntryKeys {
  private final SnapshotKeys keys;
  private final int subvolume;
  private final long directory;
  private final boolean folds;
  private final boolean is31bit;
  private final StrHash hash;
  private final HashedNames names;

  /** An entry that was found. */
  record Found(Dirent dirent, Bpos pos) {
    /** Whether it is the root of a subvolume. */
    boolean isSubvolume() {
      return dirent.isSubvolume();
    }
  }

  EntryKeys(SnapshotKeys keys, InodeId id, Inode directory, boolean folds) {
    this.keys = keys;
    this.subvolume = id.subvolume();
    this.directory = id.number();
    this.folds = folds;
    this.is31bit = directory.has(Inode.FLAG_31BIT_DIRENT_OFFSET);
    this.hash = StrHash.of(directory.strHash(), directory.hashSeed());
    this.names =
        new HashedNames(
            keys, BtreeId.DIRENTS, KeyType.DIRENT, id.number(), this::isSeen, this::hashOf);
  }

  /**
   * A subvolume's entry belongs to one subvolume, whoever else may see the key. A repair, which
   * looks for none of them, sees all.
   */
  private boolean isSeen(Bkey key) {
    return subvolume == 0
        || Dirent.type(key) != Dirent.TYPE_SUBVOLUME
        || (int) (Dirent.target(key) >>> Integer.SIZE) == subvolume;
  }

  private long hashOf(Bkey key) {
    byte[] name = new byte[Dirent.lookupNameLength(key)];
    Dirent.copyLookupName(key, name);
    return hash.direntOffset(name, is31bit);
  }

  /** The name by which an entry is found. */
  private byte[] lookupName(byte[] name) {
    checkName(name);
    if (!folds) {
      return name;
    }
    byte[] folded = Casefold.fold(name);
    if (folded == null) {
      throw new PosixException(PosixError.EINVAL, "the name is not valid UTF-8");
    }
    return folded;
  }

  private static void checkName(byte[] name) {
    if (name.length > Dirent.NAME_MAX) {
      throw new PosixException(PosixError.ENAMETOOLONG, "a name of " + name.length + " bytes");
    }
    boolean dots =
        name.length > 0
            && name[0] == '.'
            && (name.length == 1 || (name.length == 2 && name[1] == '.'));
    if (name.length == 0 || dots) {
      throw new PosixException(PosixError.EINVAL, "no name for an entry");
    }
    for (byte each : name) {
      if (each == '/' || each == 0) {
        throw new PosixException(PosixError.EINVAL, "a name with a slash or NUL");
      }
    }
  }

  /** The entry of that name, or null. */
  Found find(byte[] name) {
    byte[] wanted = lookupName(name);
    Bkey key = new Bkey();
    long start = hash.direntOffset(wanted, is31bit);
    HashedNames.Slot slot = names.find(start, at -> Dirent.matches(at, wanted), key);
    return slot.found() ? new Found(Dirent.decode(key), key.pos()) : null;
  }

  /** The entry of that name; ENOENT if there is none. */
  Found require(byte[] name) {
    Found found = find(name);
    if (found == null) {
      throw new PosixException(PosixError.ENOENT, "no such file or directory");
    }
    return found;
  }

  /** Adds an entry; EEXIST if there is one of that name. Its offset. */
  long add(byte[] name, int type, long target) {
    byte[] wanted = lookupName(name);
    long start = hash.direntOffset(wanted, is31bit);
    HashedNames.Slot slot = names.find(start, at -> Dirent.matches(at, wanted), new Bkey());
    if (slot.found()) {
      throw new PosixException(PosixError.EEXIST, "the name exists");
    }
    put(slot.offset(), name, wanted, type, target);
    return slot.offset();
  }

  /** Makes an entry that is there lead elsewhere. */
  void replace(Found old, byte[] name, int type, long target) {
    put(old.pos().offset(), name, lookupName(name), type, target);
    if (old.isSubvolume() && old.pos().snapshot() != keys.snapshot()) {
      // There is but one entry of a subvolume, in one snapshot.
      keys.transaction().delete(BtreeId.DIRENTS, old.pos());
    }
  }

  private void put(long offset, byte[] name, byte[] folded, int type, long target) {
    int bytes =
        folds
            ? Dirent.OFFSET_NAMES + name.length + folded.length
            : Dirent.OFFSET_NAME + name.length;
    Shape shape = Shape.of(Math.max(bytes, Dirent.MIN_BYTES));
    Dirent dirent = new Dirent(target, type, 0, name, folds ? folded : null, shape);
    MemorySegment value = MemorySegment.ofArray(new long[dirent.bytes() / Long.BYTES]);
    dirent.encode(value, 0);
    Bkey key = new Bkey().setType(KeyType.DIRENT.number());
    names.put(offset, key.setValue(value, 0, dirent.bytes()));
  }

  /** Removes an entry. */
  void remove(Found entry) {
    if (!entry.isSubvolume()) {
      names.remove(entry.pos().offset());
    } else {
      names.removeAt(entry.pos());
    }
  }

  /** Whether there is no entry at all. */
  boolean isEmpty() {
    Bpos from = new Bpos(directory, 0, 0);
    try (KeyIterator run = keys.visible(BtreeId.DIRENTS, from, new Bpos(directory, -1, 0))) {
      while (run.next()) {
        if (run.key().type() == KeyType.DIRENT.number() && isSeen(run.key())) {
          return false;
        }
      }
    }
    return true;
  }
}
