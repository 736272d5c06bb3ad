// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.HashMap;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Xattr;

/**
 * Names of directory entries and xattrs, and namespaces of xattrs, of which a byte is damaged.
 * Their place is the hash of what they were: of all that differ in one byte, the one that belongs
 * there. Only hashes of 64 bits are believed, and where much of one inode is in the wrong place it
 * is not names that are wrong. Belongs to one repair.
 */
final class FormerNames {
  /** Of so many entries or xattrs of an inode it is tried. */
  private static final int MOST = 16;

  private final Map<Long, Integer> tried = new HashMap<>();

  /**
   * Puts the right byte into an entry.
   *
   * @param directory that it is in; may be null
   * @return whether there is one
   */
  boolean restoreEntry(Inode directory, Bkey key) {
    if (Dirent.isFolded(key)
        || !isTold(directory)
        || directory.has(Inode.FLAG_31BIT_DIRENT_OFFSET)) {
      return false;
    }
    StrHash hash = StrHash.of(directory.strHash(), directory.hashSeed());
    byte[] name = new byte[Dirent.lookupNameLength(key)];
    Dirent.copyLookupName(key, name);
    int last = name.length - 1;
    if (last > 0 && hash.direntOffset(name, last, false) == key.offset()) {
      // What was behind the name has become a part of it.
      Le.putU8(key.segment(), key.valueOffset() + Dirent.OFFSET_NAME + last, 0);
      return true;
    }
    return restore(key, Dirent.OFFSET_NAME, name, one -> hash.direntOffset(one, false));
  }

  /**
   * Puts the right byte into an xattr.
   *
   * @param inode whose it is; may be null
   * @return whether there is one
   */
  boolean restoreXattr(Inode inode, Bkey key) {
    if (!isTold(inode)) {
      return false;
    }
    StrHash hash = StrHash.of(inode.strHash(), inode.hashSeed());
    Xattr xattr = Xattr.decode(key);
    for (int type = Xattr.TYPE_USER; type <= Xattr.TYPE_SECURITY; type++) {
      if (hash.xattrOffset(type, xattr.name()) == key.offset()) {
        Le.putU8(key.segment(), key.valueOffset() + Xattr.OFFSET_TYPE, type);
        return true;
      }
    }
    return restore(
        key, Xattr.OFFSET_NAME, xattr.name(), one -> hash.xattrOffset(xattr.type(), one));
  }

  private boolean isTold(Inode inode) {
    return inode != null
        && inode.strHash() != StrHash.CRC32C
        && inode.strHash() < StrHash.TYPES
        && tried.merge(inode.number(), 1, Integer::sum) <= MOST;
  }

  private static boolean restore(Bkey key, int offset, byte[] name, ToLongFunction<byte[]> hash) {
    for (int i = 0; i < name.length; i++) {
      byte was = name[i];
      for (int value = 1; value <= 0xff; value++) {
        name[i] = (byte) value;
        if (value != '/' && hash.applyAsLong(name) == key.offset()) {
          Le.putU8(key.segment(), key.valueOffset() + offset + i, value);
          return true;
        }
      }
      name[i] = was;
    }
    return false;
  }
}
