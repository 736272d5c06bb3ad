// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.image;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/**
 * Gives inodes that name no directory entry, since the one that they named is gone, another one. No
 * kernel minds, but checks put it right in passing, which they cannot where nothing can be written.
 */
final class NamedInodes {
  private final WritableFilesystem filesystem;

  NamedInodes(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
  }

  void run() {
    Map<Long, Bpos> nameless = nameless();
    Map<Bpos, Bpos> names = new HashMap<>();
    if (!nameless.isEmpty()) {
      find(nameless, names);
    }
    List<Map.Entry<Bpos, Bpos>> found = new ArrayList<>(names.entrySet());
    found.forEach(each ->
        filesystem.transact(
            "image_update",
            transaction -> {
              name(transaction, each.getKey(), each.getValue());
              return null;
            }));
  }

  /** Positions by number. */
  private Map<Long, Bpos> nameless() {
    Map<Long, Bpos> found = new HashMap<>();
    try (KeyIterator inodes =
        filesystem.btrees().iterate(BtreeId.INODES.number(), Bpos.MIN, Bpos.MAX)) {
      while (inodes.next()) {
        if (Inode.is(inodes.key())) {
          Inode inode = Inode.decode(inodes.key());
          boolean named = inode.get(InodeField.DIR) != 0 || inode.get(InodeField.DIR_OFFSET) != 0;
          if (!named && !inode.isDirectory()) {
            found.put(inode.number(), inodes.key().pos());
          }
        }
      }
    }
    return found;
  }

  private void find(Map<Long, Bpos> nameless, Map<Bpos, Bpos> names) {
    try (KeyIterator entries =
        filesystem.btrees().iterate(BtreeId.DIRENTS.number(), Bpos.MIN, Bpos.MAX)) {
      while (entries.next()) {
        Bkey key = entries.key();
        boolean file =
            key.type() == KeyType.DIRENT.number() && Dirent.type(key) != Dirent.TYPE_SUBVOLUME;
        Bpos inode = file ? nameless.get(Dirent.target(key)) : null;
        if (inode != null && inode.snapshot() == key.snapshot()) {
          names.putIfAbsent(inode, key.pos());
        }
      }
    }
  }

  private static void name(Transaction transaction, Bpos pos, Bpos entry) {
    Bkey key = new Bkey();
    if (transaction.lookup(BtreeId.INODES, pos, key) && Inode.is(key)) {
      InodeBuilder inode = new InodeBuilder(Inode.decode(key), pos.snapshot());
      inode.set(InodeField.DIR, entry.inode());
      inode.set(InodeField.DIR_OFFSET, entry.offset());
      transaction.update(BtreeId.INODES, inode.toKey());
    }
  }
}
