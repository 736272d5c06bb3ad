// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.tables.InodeOption;

/**
 * An inode of any version: a few fixed fields and a list of varints ({@link InodeField}), of which
 * trailing zero ones are left out. Its number is the key's offset. Immutable, thread-safe. Source:
 * {@code struct bch_inode}, {@code bch_inode_v2}, {@code bch_inode_v3}.
 */
public final class Inode implements Value {
  /** The filesystem's and every first subvolume's root directory; lower ones are reserved. */
  public static final long ROOT = 4096;

  public static final int FLAG_SYNC = 1;
  public static final int FLAG_IMMUTABLE = 1 << 1;
  public static final int FLAG_APPEND = 1 << 2;
  public static final int FLAG_NODUMP = 1 << 3;
  public static final int FLAG_NOATIME = 1 << 4;
  public static final int FLAG_I_SIZE_DIRTY = 1 << 5;
  public static final int FLAG_I_SECTORS_DIRTY = 1 << 6;
  public static final int FLAG_UNLINKED = 1 << 7;
  public static final int FLAG_BACKPTR_UNTRUSTED = 1 << 8;
  public static final int FLAG_HAS_CHILD_SNAPSHOT = 1 << 9;
  public static final int FLAG_HAS_CASE_INSENSITIVE = 1 << 10;
  public static final int FLAG_31BIT_DIRENT_OFFSET = 1 << 11;

  /** Since 1.39, as are the next two: some option of its own is set. */
  public static final int FLAG_HAS_INODE_OPTS = 1 << 12;

  /** It has an access ACL. */
  public static final int FLAG_HAS_ACCESS_ACL = 1 << 13;

  /** It has a default ACL. */
  public static final int FLAG_HAS_DEFAULT_ACL = 1 << 14;

  /** In the flags of every version: the hash that its directory entries and xattrs are under. */
  public static final BitRange STR_HASH = new BitRange(20, 24);

  /** Of {@link #mode}: which bits are the file's type. */
  public static final int TYPE_MASK = 0xf000;

  public static final int TYPE_FIFO = 0x1000;
  public static final int TYPE_DIRECTORY = 0x4000;
  public static final int TYPE_REGULAR = 0x8000;
  public static final int TYPE_LINK = 0xa000;
  public static final int TYPE_CHARACTER = 0x2000;
  static final int FLAGS_MASK = 0xfffff;

  /** In the value of version 3: the word of flags. */
  public static final int V3_FLAGS = InodeLayout.V3_FLAGS;

  private final int version;
  private final long number;
  private final int snapshot;
  private final long journalSeq;
  private final long hashSeed;
  private final long flags;
  private final int mode;
  private final long iVersion;
  private final long[] fields;
  private final Stored stored;

  /** How the varints were stored, to encode the same bytes again. */
  record Stored(int valueBytes, int fieldCount, byte[] header, byte[] beyond) {}

  Inode(
      int version,
      Bkey key,
      long journalSeq,
      long hashSeed,
      long flags,
      int mode,
      long iVersion,
      long[] fields,
      Stored stored) {
    this.version = version;
    this.number = key.offset();
    this.snapshot = key.snapshot();
    this.journalSeq = journalSeq;
    this.hashSeed = hashSeed;
    this.flags = flags;
    this.mode = mode;
    this.iVersion = iVersion;
    this.fields = fields;
    this.stored = stored;
  }

  /** Whether that key is an inode of any version. */
  public static boolean is(Bkey key) {
    int type = key.type();
    return type == KeyType.INODE_V3.number()
        || type == KeyType.INODE_V2.number()
        || type == KeyType.INODE.number();
  }

  /** Decodes an inode of any version; throws CorruptionException "inode_unpack_error". */
  public static Inode decode(Bkey key) {
    return InodeCodec.decode(key);
  }

  /**
   * As much of a damaged inode of today's version as can be unpacked: fields are 0 from the first
   * on that cannot. Empty if not even its file type is known.
   */
  public static Optional<InodeBuilder> salvage(Bkey key) {
    return InodeCodec.salvage(key);
  }

  /** A new inode of today's version that has a mode and a size, and nothing else. */
  public static Inode make(long number, int snapshot, int mode, long size) {
    long[] fields = new long[InodeField.COUNT];
    fields[InodeField.SIZE.index()] = size;
    long flags = InodeLayout.V3_FIELDS_START.set(0, InodeLayout.V3_FIELDS / Long.BYTES);
    flags = InodeLayout.V3_MODE.set(flags, mode);
    Bkey key = new Bkey().setPos(0, number, snapshot).setType(KeyType.INODE_V3.number());
    Stored stored = new Stored(InodeLayout.V3_BYTES, 0, new byte[0], new byte[0]);
    return new Inode(3, key, 0, 0, flags, mode, 0, fields, stored);
  }

  /** 1, 2 or 3. */
  public int version() {
    return version;
  }

  public long number() {
    return number;
  }

  /** The snapshot that the key is in, which may be an ancestor of the one it was looked up in. */
  public int snapshot() {
    return snapshot;
  }

  /** Journal sequence number of its last change; 0 in version 1. */
  public long journalSeq() {
    return journalSeq;
  }

  public long hashSeed() {
    return hashSeed;
  }

  /** The stored flags, without what version 3 packs into the same word above bit 19. */
  public int flags() {
    return (int) flags & FLAGS_MASK;
  }

  /** Whether any option is its own and not its filesystem's. */
  public boolean hasOptions() {
    for (InodeOption option : InodeOption.values()) {
      if (get(InodeField.of(option)) != 0) {
        return true;
      }
    }
    return false;
  }

  public boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Number of the string hash, see StrHash. */
  public int strHash() {
    return STR_HASH.getInt(flags);
  }

  /** File type and permissions. */
  public int mode() {
    return mode;
  }

  /** DT_* of directory entries that lead to it, unless it is the root of a subvolume. */
  public int direntType() {
    return (mode() & TYPE_MASK) >>> 12;
  }

  public boolean isDirectory() {
    return (mode & TYPE_MASK) == TYPE_DIRECTORY;
  }

  /** The change counter; 0 before version 3. */
  public long iVersion() {
    return iVersion;
  }

  public long get(InodeField field) {
    return fields[field.index()];
  }

  public long size() {
    return get(InodeField.SIZE);
  }

  /** 512-byte sectors that its extents in this snapshot cover. */
  public long sectors() {
    return get(InodeField.SECTORS);
  }

  /** An option as stored: its value plus one, or 0 if it is left to the filesystem. */
  public long stored(InodeOption option) {
    return get(
        switch (option) {
          case DATA_CHECKSUM -> InodeField.DATA_CHECKSUM;
          case COMPRESSION -> InodeField.COMPRESSION;
          case PROJECT -> InodeField.PROJECT;
          case BACKGROUND_COMPRESSION -> InodeField.BACKGROUND_COMPRESSION;
          case DATA_REPLICAS -> InodeField.DATA_REPLICAS;
          case PROMOTE_TARGET -> InodeField.PROMOTE_TARGET;
          case FOREGROUND_TARGET -> InodeField.FOREGROUND_TARGET;
          case BACKGROUND_TARGET -> InodeField.BACKGROUND_TARGET;
          case ERASURE_CODE -> InodeField.ERASURE_CODE;
          case NOCOW -> InodeField.NOCOW;
          case INODES_32BIT -> InodeField.INODES_32BIT;
          case CASEFOLD -> InodeField.CASEFOLD;
        });
  }

  /** Whether an option was set on this inode itself, not inherited. */
  public boolean isOwn(InodeOption option) {
    return (get(InodeField.FIELDS_SET) >>> option.number() & 1) != 0;
  }

  /** Number of names, "." and ".." and subdirectories' ".." included for directories. */
  public long links() {
    return has(FLAG_UNLINKED) ? 0 : get(InodeField.NLINK) + (isDirectory() ? 2 : 1);
  }

  /** Whether it knows its directory entry: the fields DIR and DIR_OFFSET. */
  public boolean hasBackpointer() {
    return (get(InodeField.DIR) | get(InodeField.DIR_OFFSET)) != 0;
  }

  long packedFlags() {
    return flags;
  }

  long[] fields() {
    return fields;
  }

  Stored stored() {
    return stored;
  }

  @Override
  public int bytes() {
    return stored.valueBytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    InodeCodec.encode(this, out, at);
  }
}
