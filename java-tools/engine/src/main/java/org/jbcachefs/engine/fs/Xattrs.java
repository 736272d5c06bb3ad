// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Xattr;

/** Stored extended attributes, ACLs among them. Thread-safe. */
final class Xattrs {
  private static final int BTREE = BtreeId.XATTRS.number();
  private static final int XATTR = KeyType.XATTR.number();

  private final Btrees btrees;
  private final SnapshotTable snapshots;

  Xattrs(Btrees btrees, SnapshotTable snapshots) {
    this.btrees = btrees;
    this.snapshots = snapshots;
  }

  /** Full names in hash order; those of unknown type are left out, as the kernel does. */
  List<byte[]> names(FileId file) {
    List<byte[]> names = new ArrayList<>();
    try (VisibleKeys keys = keys(file, 0)) {
      while (keys.next()) {
        if (keys.key().type() != XATTR) {
          continue;
        }
        Xattr xattr = Xattr.decode(keys.key());
        if (XattrName.isKnown(xattr.type())) {
          names.add(new XattrName(xattr.type(), xattr.name()).fullName());
        }
      }
    }
    return names;
  }

  /** The value of a stored xattr as getxattr(2) returns it. */
  Optional<byte[]> value(FileId file, Inode inode, byte[] fullName) {
    XattrName name = XattrName.of(fullName);
    if (name == null) {
      return Optional.empty();
    }
    Optional<Xattr> found = find(file, inode, name.type(), name.name());
    if (found.isEmpty() || !name.isAcl()) {
      return found.map(Xattr::value);
    }
    Place place = Place.structure("btree xattrs").at(Long.toUnsignedString(file.inode()));
    return Optional.ofNullable(PosixAcl.toXattr(found.get().value(), place));
  }

  private Optional<Xattr> find(FileId file, Inode inode, int type, byte[] name) {
    long offset = Directories.hash(inode).xattrOffset(type, name);
    try (VisibleKeys keys = keys(file, offset)) {
      while (keys.next() && keys.key().offset() == offset) {
        Bkey key = keys.key();
        if (key.type() == XATTR) {
          Xattr xattr = Xattr.decode(key);
          if (xattr.type() == type && Arrays.equals(xattr.name(), name)) {
            return Optional.of(xattr);
          }
        } else if (key.type() != KeyType.HASH_WHITEOUT.number()) {
          break;
        }
        offset++;
      }
    }
    return Optional.empty();
  }

  private VisibleKeys keys(FileId file, long from) {
    return new VisibleKeys(
        btrees,
        snapshots,
        BTREE,
        file.snapshot(),
        new Bpos(file.inode(), from, 0),
        new Bpos(file.inode(), -1, -1));
  }
}
