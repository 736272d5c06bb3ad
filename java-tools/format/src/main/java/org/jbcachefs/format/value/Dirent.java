// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/**
 * A directory entry. The key's inode is the directory, its offset the hash of the (folded) name.
 * Source: {@code struct bch_dirent}.
 *
 * @param target inode number; for {@link #isSubvolume} entries the child subvolume (low 32 bits)
 *     and the subvolume that holds the entry (high 32 bits)
 * @param type DT_* of dirent(3), or 16 for a subvolume's root
 * @param unused two bits that mean nothing yet
 * @param name raw bytes
 * @param folded the casefolded name; null in directories that do not fold
 */
public record Dirent(long target, int type, int unused, byte[] name, byte[] folded, Shape shape)
    implements Value {
  public static final int OFFSET_INUM = 0;
  public static final int OFFSET_CHILD_SUBVOL = 0;
  public static final int OFFSET_PARENT_SUBVOL = 4;
  public static final int OFFSET_TYPE = 8;
  public static final int OFFSET_NAME = 9;

  /** In entries with a folded name, after two bytes of padding. */
  public static final int OFFSET_NAME_LENGTH = 11;

  public static final int OFFSET_FOLDED_LENGTH = 13;
  public static final int OFFSET_NAMES = 15;
  public static final int MIN_BYTES = 16;
  public static final int TYPE_MASK = 0x1f;
  public static final int UNUSED_SHIFT = 5;
  public static final int UNUSED_MASK = 3;
  public static final int CASEFOLD_BIT = 0x80;

  /** {@link #type} of a subvolume's root: a directory. */
  public static final int TYPE_SUBVOLUME = 16;

  public static final int TYPE_DIRECTORY = 4;

  /** The longest name in bytes that is written. */
  public static final int NAME_MAX = 512;

  public static Dirent decode(Bkey key) {
    if (key.valueBytes() < MIN_BYTES) {
      throw damaged("bkey_val_size_too_small", key, "only " + key.valueBytes() + " bytes");
    }
    int bits = Shape.u8(key, OFFSET_TYPE);
    byte[] name = Shape.bytes(key, nameOffset(key), nameLength(key));
    byte[] folded = null;
    if (isFolded(key)) {
      folded =
          Shape.bytes(key, OFFSET_NAMES + nameLength(key), Shape.u16(key, OFFSET_FOLDED_LENGTH));
    }
    return new Dirent(
        Shape.u64(key, OFFSET_INUM),
        bits & TYPE_MASK,
        bits >>> UNUSED_SHIFT & UNUSED_MASK,
        name,
        folded,
        Shape.of(key));
  }

  public boolean isSubvolume() {
    return type == TYPE_SUBVOLUME;
  }

  public int childSubvolume() {
    return (int) target;
  }

  public int parentSubvolume() {
    return (int) (target >>> 32);
  }

  /** DT_* of the entry under that cursor. */
  public static int type(Bkey key) {
    return Shape.u8(key, OFFSET_TYPE) & TYPE_MASK;
  }

  /** Target of the entry under that cursor. */
  public static long target(Bkey key) {
    return Shape.u64(key, OFFSET_INUM);
  }

  /** Whether the entry under that cursor is what a lookup of that name finds: allocation-free. */
  public static boolean matches(Bkey key, byte[] lookupName) {
    int at = nameOffset(key);
    int length = nameLength(key);
    if (isFolded(key)) {
      at += length;
      length = Shape.u16(key, OFFSET_FOLDED_LENGTH);
    }
    if (length != lookupName.length) {
      return false;
    }
    return MemorySegment.mismatch(
            key.segment(),
            key.valueOffset() + at,
            key.valueOffset() + at + length,
            MemorySegment.ofArray(lookupName),
            0,
            length)
        < 0;
  }

  /** Length of the name by which the entry under that cursor is found, in bytes. */
  public static int lookupNameLength(Bkey key) {
    int length = nameLength(key);
    return isFolded(key) ? Shape.u16(key, OFFSET_FOLDED_LENGTH) : length;
  }

  /** Copies the name by which the entry under that cursor is found to the start of an array. */
  public static void copyLookupName(Bkey key, byte[] into) {
    int at = isFolded(key) ? OFFSET_NAMES + nameLength(key) : OFFSET_NAME;
    MemorySegment.copy(
        key.segment(),
        ValueLayout.JAVA_BYTE,
        key.valueOffset() + at,
        into,
        0,
        lookupNameLength(key));
  }

  /** Whether the entry under that cursor has a folded name. */
  public static boolean isFolded(Bkey key) {
    return (Shape.u8(key, OFFSET_TYPE) & CASEFOLD_BIT) != 0;
  }

  private static int nameOffset(Bkey key) {
    return isFolded(key) ? OFFSET_NAMES : OFFSET_NAME;
  }

  private static int nameLength(Bkey key) {
    if (isFolded(key)) {
      int name = Shape.u16(key, OFFSET_NAME_LENGTH);
      int folded = Shape.u16(key, OFFSET_FOLDED_LENGTH);
      if (OFFSET_NAMES + name + folded > key.valueBytes()) {
        throw damaged("dirent_val_too_big", key, "names of " + name + " and " + folded + " bytes");
      }
      return name;
    }
    int length = 0;
    while (OFFSET_NAME + length < key.valueBytes() && Shape.u8(key, OFFSET_NAME + length) != 0) {
      length++;
    }
    return length;
  }

  /** Whether there is nothing but zeros after a plain name. */
  static boolean isZeroPadded(Bkey key) {
    for (int at = OFFSET_NAME + nameLength(key); at < key.valueBytes(); at++) {
      if (Shape.u8(key, at) != 0) {
        return false;
      }
    }
    return true;
  }

  private static CorruptionException damaged(String error, Bkey key, String what) {
    return new CorruptionException(
        error, Place.structure("btree dirents").at(key.pos()), "dirent is damaged: " + what);
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    Le.putU64(out, at + OFFSET_INUM, target);
    int bits = type | unused << UNUSED_SHIFT;
    if (folded == null) {
      Le.putU8(out, at + OFFSET_TYPE, bits);
      Shape.put(out, at + OFFSET_NAME, name);
      return;
    }
    Le.putU8(out, at + OFFSET_TYPE, bits | CASEFOLD_BIT);
    Le.putU16(out, at + OFFSET_NAME_LENGTH, name.length);
    Le.putU16(out, at + OFFSET_FOLDED_LENGTH, folded.length);
    Shape.put(out, at + OFFSET_NAMES, name);
    Shape.put(out, at + OFFSET_NAMES + name.length, folded);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Dirent dirent
        && dirent.target == target
        && dirent.type == type
        && dirent.unused == unused
        && Arrays.equals(dirent.name, name)
        && Arrays.equals(dirent.folded, folded)
        && dirent.shape.equals(shape);
  }

  @Override
  public int hashCode() {
    return 31 * Long.hashCode(target) + Arrays.hashCode(name);
  }
}
