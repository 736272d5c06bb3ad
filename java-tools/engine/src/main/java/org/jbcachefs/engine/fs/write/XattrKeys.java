// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jbcachefs.engine.fs.XattrName;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.value.Acl;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Shape;
import org.jbcachefs.format.value.Xattr;

/** The stored xattrs of one inode in a transaction. */
final class XattrKeys {
  /** The longest name, its prefix included. Source: {@code XATTR_NAME_MAX}. */
  private static final int NAME_MAX = 255;

  /** A key and its value have at most 255 words. */
  private static final int VALUE_MAX = 255 * Long.BYTES - Bkey.BYTES;

  private static final XattrName ACCESS_ACL =
      new XattrName(Xattr.TYPE_POSIX_ACL_ACCESS, new byte[0]);
  private static final XattrName DEFAULT_ACL =
      new XattrName(Xattr.TYPE_POSIX_ACL_DEFAULT, new byte[0]);

  private final StrHash hash;
  private final HashedNames names;

  XattrKeys(SnapshotKeys keys, Inode inode) {
    this.hash = StrHash.of(inode.strHash(), inode.hashSeed());
    this.names =
        new HashedNames(
            keys, BtreeId.XATTRS, KeyType.XATTR, inode.number(), _ -> true, this::hashOf);
  }

  private long hashOf(Bkey key) {
    Xattr xattr = Xattr.decode(key);
    return hash.xattrOffset(xattr.type(), xattr.name());
  }

  private HashedNames.Slot find(XattrName name, Bkey out) {
    return names.find(
        hash.xattrOffset(name.type(), name.name()),
        key -> {
          Xattr xattr = Xattr.decode(key);
          return xattr.type() == name.type() && Arrays.equals(xattr.name(), name.name());
        },
        out);
  }

  /** The stored value, or null. */
  byte[] get(XattrName name) {
    Bkey key = new Bkey();
    return find(name, key).found() ? Xattr.decode(key).value() : null;
  }

  /** Sets a stored value. */
  void set(XattrName name, byte[] value, XattrMode mode) {
    if (name.fullName().length > NAME_MAX) {
      throw new PosixException(PosixError.ERANGE, "an attribute's name is too long");
    }
    HashedNames.Slot slot = find(name, new Bkey());
    if (slot.found() && mode == XattrMode.CREATE) {
      throw new PosixException(PosixError.EEXIST, "the attribute exists");
    }
    if (!slot.found() && mode == XattrMode.REPLACE) {
      throw new PosixException(PosixError.ENODATA, "no such attribute");
    }
    Shape shape = Shape.of(Xattr.OFFSET_NAME + name.name().length + value.length);
    if (shape.bytes() > VALUE_MAX) {
      throw new PosixException(PosixError.ERANGE, "an attribute of " + value.length + " bytes");
    }
    Xattr xattr = new Xattr(name.type(), name.name(), value, shape);
    MemorySegment bytes = MemorySegment.ofArray(new long[xattr.bytes() / Long.BYTES]);
    xattr.encode(bytes, 0);
    Bkey key = new Bkey().setType(KeyType.XATTR.number());
    names.put(slot.offset(), key.setValue(bytes, 0, xattr.bytes()));
  }

  /** Removes a value; whether there was one. */
  boolean remove(XattrName name) {
    HashedNames.Slot slot = find(name, new Bkey());
    if (slot.found()) {
      names.remove(slot.offset());
    }
    return slot.found();
  }

  /** The ACL that new files in this directory get, or null. */
  Acl defaultAcl() {
    return acl(DEFAULT_ACL);
  }

  Acl accessAcl() {
    return acl(ACCESS_ACL);
  }

  private Acl acl(XattrName name) {
    byte[] value = get(name);
    Acl acl = value == null ? null : Acl.decode(value);
    return acl == null || acl.entries().isEmpty() ? null : acl;
  }

  /** The flags of inodes that say which ACLs there are. */
  int aclFlags() {
    int access = get(ACCESS_ACL) == null ? 0 : Inode.FLAG_HAS_ACCESS_ACL;
    return access | (get(DEFAULT_ACL) == null ? 0 : Inode.FLAG_HAS_DEFAULT_ACL);
  }

  /** Sets the ACL; null removes it. */
  void setAccessAcl(Acl acl) {
    set(ACCESS_ACL, acl);
  }

  void setDefaultAcl(Acl acl) {
    set(DEFAULT_ACL, acl);
  }

  private void set(XattrName name, Acl acl) {
    if (acl == null) {
      remove(name);
    } else {
      set(name, acl.encode(), XattrMode.ANY);
    }
  }
}
