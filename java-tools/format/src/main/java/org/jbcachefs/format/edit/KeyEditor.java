// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.edit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeEditor;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Xattr;

/**
 * Changes one key, header and value, field by field.
 *
 * <pre>
 *   pos, size, type, version_hi, version_lo     the header; pos moves the key
 *   any field of {@link KeyFields}              at a fixed place in the value
 *   bi_*                                        an inode's varints, which may change its length
 *   d_name, d_cf_name, x_name, x_value          names, as text or 0x and hexadecimal digits
 *   value, append                               the whole value, or more of it, in hexadecimal
 *   val_u64s                                    length of the value in words, zeros added
 *   u8@N, u16@N, u32@N, u64@N                   numbers at byte N of the value
 * </pre>
 *
 * Not thread-safe.
 */
public final class KeyEditor {
  private static final int LONGEST_VALUE = 8 * (255 - Bkey.U64S);

  private final Bkey key;

  /** Begins with that key. */
  public KeyEditor(Bkey from) {
    key = from.copy();
  }

  /** The key as it is now; changes with the next call of {@link #apply}. */
  public Bkey key() {
    return key;
  }

  /** Makes one change; throws RefusedException "bad_edit" if it cannot be made. */
  public void apply(Change change) {
    if (!header(change) && !whole(change) && !number(change)) {
      throw Change.bad(
          "a "
              + org.jbcachefs.format.bkey.KeyType.nameOf(key.type())
              + " has no field '"
              + change.name()
              + "'");
    }
  }

  private boolean header(Change change) {
    switch (change.name()) {
      case "pos" -> key.setPos(position(change.text()));
      case "size" -> key.setSize((int) change.apply(Integer.toUnsignedLong(key.size())));
      case "type" -> key.setType((int) change.apply(key.type()) & 0xff);
      case "version_hi" ->
          key.setVersion(
              (int) change.apply(Integer.toUnsignedLong(key.versionHi())), key.versionLo());
      case "version_lo" -> key.setVersion(key.versionHi(), change.apply(key.versionLo()));
      default -> {
        return false;
      }
    }
    return true;
  }

  /** A position as people write it; throws RefusedException "bad_edit" if it is none. */
  public static Bpos position(String text) {
    try {
      return Bpos.parse(text);
    } catch (IllegalArgumentException _) {
      throw Change.bad("'" + text + "' is no position; expected inode:offset:snapshot");
    }
  }

  private boolean whole(Change change) {
    switch (change.name()) {
      case "value" -> value(change.hex());
      case "append" -> {
        byte[] old = bytes();
        byte[] more = change.hex();
        byte[] both = Arrays.copyOf(old, old.length + more.length);
        System.arraycopy(more, 0, both, old.length, more.length);
        value(both);
      }
      case "val_u64s" ->
          value(Arrays.copyOf(bytes(), 8 * (int) change.apply(key.valueBytes() / 8)));
      case "d_name" -> direntName(text(change), null);
      case "d_cf_name" -> direntName(Dirent.decode(key).name(), text(change));
      case "x_name" -> xattr(text(change), Xattr.decode(key).value());
      case "x_value" -> xattr(Xattr.decode(key).name(), text(change));
      default -> {
        return false;
      }
    }
    return true;
  }

  private static byte[] text(Change change) {
    return change.text().startsWith("0x")
        ? new Change(change.name(), change.operator(), change.text().substring(2)).hex()
        : change.text().getBytes(UTF_8);
  }

  private void direntName(byte[] name, byte[] folded) {
    int start = folded == null ? Dirent.OFFSET_NAME : Dirent.OFFSET_NAMES;
    byte[] all = new byte[start + name.length + (folded == null ? 0 : folded.length)];
    System.arraycopy(bytes(), 0, all, 0, Dirent.OFFSET_NAME);
    System.arraycopy(name, 0, all, start, name.length);
    if (folded != null) {
      System.arraycopy(folded, 0, all, start + name.length, folded.length);
      MemorySegment out = MemorySegment.ofArray(all);
      Le.putU16(out, Dirent.OFFSET_NAME_LENGTH, name.length);
      Le.putU16(out, Dirent.OFFSET_FOLDED_LENGTH, folded.length);
    }
    value(all);
  }

  private void xattr(byte[] name, byte[] content) {
    byte[] all = new byte[Xattr.OFFSET_NAME + name.length + content.length];
    MemorySegment out = MemorySegment.ofArray(all);
    Le.putU8(out, Xattr.OFFSET_TYPE, bytes()[Xattr.OFFSET_TYPE]);
    Le.putU8(out, Xattr.OFFSET_NAME_LENGTH, name.length);
    Le.putU16(out, Xattr.OFFSET_VALUE_LENGTH, content.length);
    System.arraycopy(name, 0, all, Xattr.OFFSET_NAME, name.length);
    System.arraycopy(content, 0, all, Xattr.OFFSET_NAME + name.length, content.length);
    value(all);
  }

  private boolean number(Change change) {
    Optional<NamedField> fixed = find(change.name());
    if (fixed.isPresent()) {
      change.apply(fixed.get(), key.value());
      return true;
    }
    for (InodeField field : InodeField.values()) {
      if (Inode.is(key) && field.toString().equals(change.name())) {
        Inode inode = Inode.decode(key);
        Inode changed = new InodeEditor(inode).set(field, change.apply(inode.get(field))).build();
        key.setValue(InodeEditor.encoded(changed), 0, changed.bytes());
        return true;
      }
    }
    return false;
  }

  private Optional<NamedField> find(String name) {
    return find(KeyFields.of(key), name, key.valueBytes());
  }

  /** A field by name among those of a structure of that length, or at a byte: {@code u32@8}. */
  static Optional<NamedField> find(List<NamedField> fields, String name, long length) {
    int at = name.indexOf('@');
    if (at > 0) {
      long offset = Change.number(name.substring(at + 1));
      NamedField field =
          switch (name.substring(0, at)) {
            case "u8" -> NamedField.u8(name, offset);
            case "u16" -> NamedField.u16(name, offset);
            case "u32" -> NamedField.u32(name, offset);
            case "u64" -> NamedField.u64(name, offset);
            default -> null;
          };
      return Optional.ofNullable(field).filter(f -> f.isWithin(length));
    }
    return fields.stream().filter(field -> field.name().equals(name)).findFirst();
  }

  private byte[] bytes() {
    return key.value().toArray(ValueLayout.JAVA_BYTE);
  }

  private void value(byte[] bytes) {
    int length = (bytes.length + 7) & ~7;
    if (length > LONGEST_VALUE) {
      throw Change.bad("a value of " + length + " bytes; keys hold " + LONGEST_VALUE);
    }
    MemorySegment own = MemorySegment.ofArray(new long[length / 8]);
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, own, 0, bytes.length);
    key.setValue(own, 0, length);
  }
}
