// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Shape;
import org.jbcachefs.format.value.Xattr;

/**
 * Names of one snapshot, which may be an inner one, for repairs: put where they are found and taken
 * away without hiding others. Belongs to the transaction's thread.
 */
public final class EntryRepair {
  private static final String RENAMED = ".fsck_renamed-";
  private static final int MOST_RENAMES = 1000;

  private final Transaction transaction;
  private final SnapshotKeys keys;
  private final boolean casefold;

  /**
   * @param casefold whether directories fold names that do not say otherwise
   */
  public EntryRepair(Transaction transaction, SnapshotTable table, int snapshot, boolean casefold) {
    this.transaction = transaction;
    this.keys = new SnapshotKeys(transaction, table, snapshot);
    this.casefold = casefold;
  }

  /** The keys of that snapshot. */
  public SnapshotKeys keys() {
    return keys;
  }

  /** The inode that the snapshot sees under that number; null if it sees none. */
  public Inode inode(long number) {
    return InodeKeys.find(keys, number);
  }

  private EntryKeys entries(Inode directory) {
    long own = directory.stored(InodeOption.CASEFOLD);
    boolean folds = own == 0 ? casefold : own - 1 != 0;
    // Of a subvolume's entries those of every subvolume are seen.
    return new EntryKeys(keys, new InodeId(0, directory.number()), directory, folds);
  }

  /** What is found under a name; 0 if nothing is. */
  public long find(Inode directory, byte[] name) {
    EntryKeys.Found found = entries(directory).find(name);
    return found == null ? 0 : found.dirent().target();
  }

  /**
   * Adds an entry; if the name is taken, under another one that begins alike.
   *
   * @return its offset
   */
  public long add(Inode directory, byte[] name, int type, long target) {
    byte[] free = name;
    for (int i = 1; i <= MOST_RENAMES; i++) {
      try {
        return entries(directory).add(free, type, target);
      } catch (PosixException e) {
        if (e.error() == PosixError.EINVAL) {
          free = Long.toUnsignedString(target).getBytes(StandardCharsets.UTF_8);
        } else if (e.error() == PosixError.EEXIST) {
          byte[] more = (RENAMED + i).getBytes(StandardCharsets.UTF_8);
          int kept = Math.min(name.length, Dirent.NAME_MAX - more.length);
          free = Arrays.copyOf(name, kept + more.length);
          System.arraycopy(more, 0, free, kept, more.length);
        } else {
          throw e;
        }
      }
    }
    throw new PosixException(PosixError.EEXIST, "no free name");
  }

  /** Takes the entry at that position away. */
  public void remove(Bpos pos) {
    Inode directory = inode(pos.inode());
    if (directory == null || directory.strHash() >= StrHash.TYPES) {
      keys.deleteAt(BtreeId.DIRENTS, pos);
    } else {
      names(directory).removeAt(pos);
    }
  }

  private HashedNames names(Inode directory) {
    StrHash hash = StrHash.of(directory.strHash(), directory.hashSeed());
    boolean is31bit = directory.has(Inode.FLAG_31BIT_DIRENT_OFFSET);
    return new HashedNames(
        keys,
        BtreeId.DIRENTS,
        KeyType.DIRENT,
        directory.number(),
        _ -> true,
        key -> {
          byte[] name = new byte[Dirent.lookupNameLength(key)];
          Dirent.copyLookupName(key, name);
          return hash.direntOffset(name, is31bit);
        });
  }

  /**
   * Puts an entry where its name is found. If it is found already: the same one again goes, another
   * one gets another name.
   *
   * @param key the entry as it is
   * @return its new offset; -1 if it went
   */
  public long moveEntry(Bkey key) {
    Dirent dirent = Dirent.decode(key);
    Bpos pos = key.pos();
    Inode directory = inode(pos.inode());
    if (directory == null || !directory.isDirectory()) {
      return pos.offset();
    }
    transaction.delete(BtreeId.DIRENTS, pos);
    if (keys.showsAncestor(BtreeId.DIRENTS, pos)) {
      keys.deleteAt(BtreeId.DIRENTS, pos);
    }
    long there = isName(dirent.name()) ? findIfValid(directory, dirent.name()) : 0;
    if (there == dirent.target()) {
      return -1;
    }
    return add(directory, dirent.name(), dirent.type(), dirent.target());
  }

  /** 0 for a name that a directory which folds names cannot have. */
  private long findIfValid(Inode directory, byte[] name) {
    try {
      return find(directory, name);
    } catch (PosixException e) {
      if (e.error() == PosixError.EINVAL) {
        return 0;
      }
      throw e;
    }
  }

  private static boolean isName(byte[] name) {
    boolean dots = name.length <= 2;
    for (byte each : name) {
      if (each == '/' || each == 0) {
        return false;
      }
      dots &= each == '.';
    }
    return name.length > 0 && !dots;
  }

  /** Puts an xattr where its name is found; one that is found there already stays. */
  public void moveXattr(Bkey key) {
    Xattr xattr = Xattr.decode(key);
    Inode inode = inode(key.inode());
    if (inode == null) {
      return;
    }
    StrHash hash = StrHash.of(inode.strHash(), inode.hashSeed());
    HashedNames names =
        new HashedNames(
            keys,
            BtreeId.XATTRS,
            KeyType.XATTR,
            inode.number(),
            _ -> true,
            other -> {
              Xattr one = Xattr.decode(other);
              return hash.xattrOffset(one.type(), one.name());
            });
    names.removeAt(key.pos());
    HashedNames.Slot slot =
        names.find(
            hash.xattrOffset(xattr.type(), xattr.name()),
            other -> {
              Xattr one = Xattr.decode(other);
              return one.type() == xattr.type() && Arrays.equals(one.name(), xattr.name());
            },
            new Bkey());
    if (!slot.found()) {
      Shape shape = Shape.of(Xattr.OFFSET_NAME + xattr.name().length + xattr.value().length);
      Xattr made = new Xattr(xattr.type(), xattr.name(), xattr.value(), shape);
      MemorySegment bytes = MemorySegment.ofArray(new long[made.bytes() / Long.BYTES]);
      made.encode(bytes, 0);
      Bkey moved = new Bkey().setType(KeyType.XATTR.number());
      names.put(slot.offset(), moved.setValue(bytes, 0, made.bytes()));
    }
  }

  /** Puts an inode in this snapshot in the place of what it sees under that number. */
  public void put(Inode inode) {
    InodeKeys.put(keys, inode);
  }

  /** A number that no inode has. */
  public long freeNumber(int shardBits) {
    return new InodeNumbers(shardBits).take(transaction, false).number();
  }
}
