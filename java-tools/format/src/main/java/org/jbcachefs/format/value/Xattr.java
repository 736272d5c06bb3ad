// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/**
 * An extended attribute. The key's inode is the file's, its offset the hash of type and name.
 * Source: {@code struct bch_xattr}.
 *
 * @param type which namespace: one of the TYPE_ constants
 * @param name without the namespace's prefix; empty for ACLs
 */
public record Xattr(int type, byte[] name, byte[] value, Shape shape) implements Value {
  public static final int BYTES = 8;
  public static final int OFFSET_TYPE = 0;
  public static final int OFFSET_NAME_LENGTH = 1;
  public static final int OFFSET_VALUE_LENGTH = 2;
  public static final int OFFSET_NAME = 4;

  public static final int TYPE_USER = 0;
  public static final int TYPE_POSIX_ACL_ACCESS = 1;
  public static final int TYPE_POSIX_ACL_DEFAULT = 2;
  public static final int TYPE_TRUSTED = 3;
  public static final int TYPE_SECURITY = 4;

  public static Xattr decode(Bkey key) {
    int nameLength = Shape.u8(key, OFFSET_NAME_LENGTH);
    int valueLength = Shape.u16(key, OFFSET_VALUE_LENGTH);
    int end = OFFSET_NAME + nameLength + valueLength;
    if (end > key.valueBytes()) {
      throw new CorruptionException(
          "xattr_val_size_too_small",
          Place.structure("btree xattrs").at(key.pos()),
          "xattr is damaged: name of "
              + nameLength
              + " and value of "
              + valueLength
              + " bytes in a value of "
              + key.valueBytes());
    }
    return new Xattr(
        Shape.u8(key, OFFSET_TYPE),
        Shape.bytes(key, OFFSET_NAME, nameLength),
        Shape.bytes(key, OFFSET_NAME + nameLength, valueLength),
        Shape.of(key));
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    Le.putU8(out, at + OFFSET_TYPE, type);
    Le.putU8(out, at + OFFSET_NAME_LENGTH, name.length);
    Le.putU16(out, at + OFFSET_VALUE_LENGTH, value.length);
    Shape.put(out, at + OFFSET_NAME, name);
    Shape.put(out, at + OFFSET_NAME + name.length, value);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Xattr xattr
        && xattr.type == type
        && Arrays.equals(xattr.name, name)
        && Arrays.equals(xattr.value, value)
        && xattr.shape.equals(shape);
  }

  @Override
  public int hashCode() {
    return 31 * type + Arrays.hashCode(name);
  }
}
