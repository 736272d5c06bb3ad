// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Varint;

/**
 * Changes the varint fields of an inode; everything else of it stays, and the list of fields is
 * made as long as it must be. Not thread-safe.
 */
public final class InodeEditor {
  private final Inode from;
  private final long[] fields;

  /** Of that inode. */
  public InodeEditor(Inode from) {
    this.from = from;
    this.fields = from.fields().clone();
  }

  public InodeEditor set(InodeField field, long value) {
    fields[field.index()] = value;
    return this;
  }

  /** The changed inode. */
  public Inode build() {
    List<InodeField> order = from.version() == 3 ? InodeField.V3 : InodeField.V2;
    int count = from.stored().fieldCount();
    for (int i = count; i < order.size(); i++) {
      if (fields[order.get(i).index()] != 0) {
        count = i + 1;
      }
    }
    long flags = withCount(count);
    // What follows the known fields is fields of a newer version, or padding.
    byte[] beyond = count > order.size() ? from.stored().beyond() : new byte[0];
    int bytes = start() + varintBytes(order, count) + beyond.length;
    Inode.Stored stored = new Inode.Stored((bytes + 7) & ~7, count, from.stored().header(), beyond);
    Bkey key = new Bkey().setPos(0, from.number(), from.snapshot()).setType(type());
    return new Inode(
        from.version(),
        key,
        from.journalSeq(),
        from.hashSeed(),
        flags,
        from.mode(),
        from.iVersion(),
        fields,
        stored);
  }

  private int type() {
    return switch (from.version()) {
      case 3 -> KeyType.INODE_V3.number();
      case 2 -> KeyType.INODE_V2.number();
      default -> KeyType.INODE.number();
    };
  }

  private long withCount(int count) {
    return switch (from.version()) {
      case 3 -> InodeLayout.V3_NR_FIELDS.set(from.packedFlags(), count);
      case 2 -> InodeLayout.V2_NR_FIELDS.set(from.packedFlags(), count);
      default -> InodeLayout.V1_NR_FIELDS.set(from.packedFlags(), count);
    };
  }

  private int start() {
    return switch (from.version()) {
      case 3 -> InodeLayout.V3_FIELDS + from.stored().header().length;
      case 2 -> InodeLayout.V2_FIELDS;
      default -> InodeLayout.V1_FIELDS;
    };
  }

  private int varintBytes(List<InodeField> order, int count) {
    if (from.version() == 1 && !InodeLayout.V1_NEW_VARINT.isSet(from.packedFlags())) {
      return InodeCodec.oldFieldBytes(fields, count);
    }
    int bytes = 0;
    for (int i = 0; i < count && i < order.size(); i++) {
      bytes += Varint.encodedLength(fields[order.get(i).index()]);
      bytes += order.get(i).isWide() ? 1 : 0;
    }
    return bytes;
  }

  /** The value of a changed inode, as a segment of its own. */
  public static MemorySegment encoded(Inode inode) {
    MemorySegment value = MemorySegment.ofArray(new long[inode.bytes() / Long.BYTES]);
    inode.encode(value, 0);
    return value;
  }
}
