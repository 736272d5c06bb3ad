// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import static java.lang.Integer.toUnsignedString;
import static java.lang.Long.toUnsignedString;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.tables.DataType;

/**
 * Keys as text, in the manner of the reference's {@code list} command: a line, for some types
 * followed by lines that are indented by two blanks. Thread-safe.
 */
public final class KeyText {
  private static final KeyText PLAIN = new KeyText(KeyContext.PLAIN);
  private static final int INLINE_BYTES_SHOWN = 32;
  private static final String[] DIRENT_TYPES = {
    "unknown",
    "fifo",
    "chr",
    null,
    "dir",
    null,
    "blk",
    null,
    "reg",
    null,
    "lnk",
    null,
    "sock",
    null,
    "whiteout",
    null,
    "subvol"
  };

  private final KeyContext context;

  public KeyText(KeyContext context) {
    this.context = context;
  }

  /** Appends the key and its value as far as they can be shown without knowing the filesystem. */
  public static void append(StringBuilder text, int btree, Bkey key) {
    PLAIN.key(text, btree, key);
  }

  /** Appends the value alone; nothing where the type has none. */
  public static void appendValue(StringBuilder text, int btree, Bkey key) {
    PLAIN.value(text, btree, key);
  }

  /** Appends the key and, where it has one, its value. */
  public void key(StringBuilder text, int btree, Bkey key) {
    header(text, key);
    if (key.valueBytes() > 0) {
      value(text.append(": "), btree, key);
    }
  }

  /** Appends the key without its value. */
  public static void header(StringBuilder text, Bkey key) {
    text.append("u64s ").append(Bkey.U64S + key.valueBytes() / Long.BYTES);
    KeyType type = KeyType.of(key.type());
    text.append(" type ").append(type == null ? Integer.toString(key.type()) : type.toString());
    text.append(' ').append(key.pos());
    text.append(" len ").append(toUnsignedString(key.size()));
    text.append(" ver ").append(toUnsignedString(key.versionLo()));
  }

  /** Appends the value alone; nothing where the type has none, the reason where it is damaged. */
  public void value(StringBuilder text, int btree, Bkey key) {
    int length = text.length();
    try {
      decoded(text, key);
    } catch (CorruptionException e) {
      text.setLength(length);
      text.append('(').append(e.errorName()).append(": ").append(e.getMessage()).append(')');
    }
  }

  private void decoded(StringBuilder text, Bkey key) {
    if (KeyValidation.isTooShort(key)) {
      text.append("(value of ").append(key.valueBytes()).append(" bytes is too short)");
      return;
    }
    switch (KeyType.of(key.type())) {
      case BTREE_PTR, BTREE_PTR_V2, EXTENT, REFLINK_V, STRIPE ->
          new ExtentText(context).append(text, key);
      case SET, DELETED, WHITEOUT, EXTENT_WHITEOUT, HASH_WHITEOUT -> {}
      case null -> text.append(HexFormat.of().formatHex(Shape.bytes(key, 0, key.valueBytes())));
      default -> value(text, key, Values.decode(key));
    }
  }

  private void value(StringBuilder text, Bkey key, Value value) {
    switch (value) {
      case ErrorKey error -> text.append(error.reasonName());
      case Cookie cookie -> text.append(toUnsignedString(cookie.cookie()));
      case Reservation r ->
          text.append("generation ")
              .append(toUnsignedString(r.generation()))
              .append(" replicas ")
              .append(r.replicas());
      case Inode inode -> new InodeText(text).append(inode);
      case InodeGeneration g ->
          text.append("generation: ").append(toUnsignedString(g.generation()));
      case InodeAllocCursor cursor -> cursor(text, key, cursor);
      case Dirent dirent -> dirent(text, dirent);
      case Xattr xattr -> XattrText.append(text, xattr);
      case AllocV4 alloc -> AllocText.append(text, alloc);
      case LegacyAlloc alloc -> AllocText.append(text, alloc.toV4());
      case Quota quota -> quota(text, quota);
      case ReflinkP p -> reflinkP(text, p);
      case InlineData data -> inline(text, data);
      case Subvolume subvolume -> SnapshotText.append(text, subvolume);
      case Snapshot snapshot -> SnapshotText.append(text, snapshot);
      case SnapshotTree tree -> SnapshotText.append(text, tree);
      case Lru lru -> text.append("idx ").append(toUnsignedString(lru.index()));
      case Backpointer pointer -> backpointer(text, key, pointer);
      case BucketGens gens -> gens(text, gens);
      case LoggedOpTruncate op ->
          text.append("subvol=")
              .append(toUnsignedString(op.subvolume()))
              .append(" inum=")
              .append(toUnsignedString(op.inode()))
              .append(" new_i_size=")
              .append(toUnsignedString(op.newSize()));
      case LoggedOpFinsert op ->
          text.append("subvol=")
              .append(toUnsignedString(op.subvolume()))
              .append(" inum=")
              .append(toUnsignedString(op.inode()))
              .append(" dst_offset=")
              .append(op.dstOffset())
              .append(" src_offset=")
              .append(toUnsignedString(op.srcOffset()));
      case LoggedOpStripeUpdate op ->
          text.append("old_idx=")
              .append(toUnsignedString(op.oldIndex()))
              .append(" new_idx=")
              .append(toUnsignedString(op.newIndex()))
              .append(" old_blocks_nr=")
              .append(op.oldBlocks());
      case Accounting _ -> AccountingText.append(text, key, context.version());
      default -> text.append(HexFormat.of().formatHex(Shape.bytes(key, 0, key.valueBytes())));
    }
  }

  private static void dirent(StringBuilder text, Dirent dirent) {
    text.append(utf8(dirent.name()));
    if (dirent.folded() != null) {
      text.append(" (casefold ").append(utf8(dirent.folded())).append(')');
    }
    text.append(" -> ");
    if (dirent.isSubvolume()) {
      text.append(toUnsignedString(dirent.parentSubvolume())).append(" -> ");
      text.append(toUnsignedString(dirent.childSubvolume()));
    } else {
      text.append(toUnsignedString(dirent.target()));
    }
    text.append(" type ").append(direntType(dirent.type()));
  }

  static String direntType(int type) {
    String name = type < DIRENT_TYPES.length ? DIRENT_TYPES[type] : null;
    return name == null ? "(bad d_type)" : name;
  }

  static String utf8(byte[] name) {
    return new String(name, StandardCharsets.UTF_8);
  }

  private void cursor(StringBuilder text, Bkey key, InodeAllocCursor cursor) {
    long shard = key.offset() - 1;
    int bits = 63 - context.shardInodeNumbersBits();
    boolean is32bit = key.offset() == 0;
    long min = is32bit ? Inode.ROOT : Math.max(shard << bits, Integer.MAX_VALUE + 1L);
    long max = is32bit ? Integer.MAX_VALUE : shard << bits | ~(-1L << bits);
    text.append("min ").append(toUnsignedString(min));
    text.append(" max ").append(toUnsignedString(max));
    text.append(" consumed ").append(toUnsignedString(cursor.index() - min));
    text.append(" idx ").append(toUnsignedString(cursor.index()));
    text.append(" generation ").append(toUnsignedString(cursor.generation()));
  }

  private static void quota(StringBuilder text, Quota quota) {
    text.append("space hardlimit ").append(toUnsignedString(quota.spaceHard()));
    text.append(" softlimit ").append(toUnsignedString(quota.spaceSoft()));
    text.append(" inodes hardlimit ").append(toUnsignedString(quota.inodesHard()));
    text.append(" softlimit ").append(toUnsignedString(quota.inodesSoft()));
  }

  private static void reflinkP(StringBuilder text, ReflinkP p) {
    text.append("idx ").append(p.index());
    text.append(" front_pad ").append(toUnsignedString(p.frontPad()));
    text.append(" back_pad ").append(toUnsignedString(p.backPad()));
    text.append(p.error() ? " error" : "");
    text.append(p.mayUpdateOptions() ? " may_update_opts" : "");
  }

  private static void inline(StringBuilder text, InlineData data) {
    if (data.indirect()) {
      text.append("refcount ").append(toUnsignedString(data.refcount())).append(' ');
    }
    int from = data.dataOffset();
    int to = from + Math.min(data.dataBytes(), INLINE_BYTES_SHOWN);
    text.append("datalen ").append(data.dataBytes()).append(": ");
    text.append(HexFormat.of().formatHex(data.shape().original(), from, to));
  }

  private void backpointer(StringBuilder text, Bkey key, Backpointer pointer) {
    int shift = context.extentBpShift();
    long sector = key.offset() >>> shift;
    int device = (int) key.inode();
    int bucketSectors = context.bucketSectors(device);
    if (bucketSectors > 0) {
      text.append("bucket=").append(device).append(':').append(sector / bucketSectors);
      text.append(':').append(sector % bucketSectors);
    } else {
      text.append("sector=").append(toUnsignedString(key.inode())).append(':').append(sector);
    }
    text.append(" btree=").append(BtreeId.nameOf(pointer.btree()));
    text.append(" level=").append(pointer.level());
    text.append(" data_type=").append(DataType.nameOf(pointer.dataType()));
    text.append(" suboffset=").append(key.offset() & ~(-1L << shift));
    text.append(" len=").append(toUnsignedString(pointer.bucketSectors()));
    text.append(" gen=").append(pointer.bucketGeneration());
    text.append(" pos=").append(pointer.pos());
    text.append(pointer.reconcilePhys() != 0 ? " phys" : "");
    text.append(pointer.stripePtr() ? " stripe" : "");
  }

  private static void gens(StringBuilder text, BucketGens gens) {
    for (int i = 0; i < BucketGens.COUNT; i++) {
      text.append(i == 0 ? "" : " ").append(gens.generation(i));
    }
  }

  /** Reads a position where it is stored in a value; the caller has checked that it is there. */
  static Bpos bpos(Bkey key, int field) {
    long at = key.valueOffset() + field;
    return new Bpos(
        Le.u64(key.segment(), at + 12), Le.u64(key.segment(), at + 4), Le.u32(key.segment(), at));
  }
}
