// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Varint;

/**
 * Makes inodes of version 3, new ones or changed ones. Fields of newer versions that an inode came
 * with are kept. Not thread-safe.
 */
public final class InodeBuilder {
  private static final int FLAGS_MASK = 0xfffff;

  private final long number;
  private final int snapshot;
  private final long[] fields;
  private byte[] header = {};
  private byte[] beyond = {};
  private int fieldCount;
  private long journalSeq;
  private long hashSeed;
  private int flags;
  private int strHash;
  private int mode;
  private long iVersion;

  /** A new inode of which nothing is set. */
  public InodeBuilder(long number, int snapshot) {
    this.number = number;
    this.snapshot = snapshot;
    this.fields = new long[InodeField.COUNT];
  }

  /** An inode like that one; it becomes one of version 3. */
  public InodeBuilder(Inode from) {
    this.number = from.number();
    this.snapshot = from.snapshot();
    this.fields = from.fields().clone();
    this.journalSeq = from.journalSeq();
    this.hashSeed = from.hashSeed();
    this.flags = from.flags();
    this.strHash = from.strHash();
    this.mode = from.mode();
    this.iVersion = from.iVersion();
    if (from.version() == 3) {
      this.header = from.stored().header();
      this.fieldCount = from.stored().fieldCount();
      boolean newer = fieldCount > InodeField.V3.size();
      this.beyond = newer ? from.stored().beyond() : beyond;
    }
  }

  /** The same inode in another snapshot. */
  public InodeBuilder(Inode from, int snapshot) {
    this(from.number(), snapshot, new InodeBuilder(from));
  }

  private InodeBuilder(long number, int snapshot, InodeBuilder like) {
    this.number = number;
    this.snapshot = snapshot;
    this.fields = like.fields;
    this.journalSeq = like.journalSeq;
    this.hashSeed = like.hashSeed;
    this.flags = like.flags;
    this.strHash = like.strHash;
    this.mode = like.mode;
    this.iVersion = like.iVersion;
    this.header = like.header;
    this.fieldCount = like.fieldCount;
    this.beyond = like.beyond;
  }

  /** File type and permissions. */
  public InodeBuilder mode(int newMode) {
    mode = newMode;
    return this;
  }

  /** The FLAG_ bits of {@link Inode}. */
  public InodeBuilder flags(int newFlags) {
    flags = newFlags & FLAGS_MASK;
    return this;
  }

  /** The FLAG_ bits that it has so far. */
  public int flags() {
    return flags;
  }

  /** Number of the string hash, and the seed that names are hashed with. */
  public InodeBuilder hash(int type, long seed) {
    strHash = type;
    hashSeed = seed;
    return this;
  }

  /** The change counter. */
  public InodeBuilder iVersion(long version) {
    iVersion = version;
    return this;
  }

  /** Any field, size and sectors among them. */
  public InodeBuilder set(InodeField field, long value) {
    fields[field.index()] = value;
    return this;
  }

  public long get(InodeField field) {
    return fields[field.index()];
  }

  public Inode build() {
    List<InodeField> order = InodeField.V3;
    int count = Math.max(fieldCount, lastSet(order));
    int bytes = InodeLayout.V3_FIELDS + header.length + beyond.length;
    for (int i = 0; i < count && i < order.size(); i++) {
      bytes += Varint.encodedLength(fields[order.get(i).index()]);
      bytes += order.get(i).isWide() ? Varint.encodedLength(0) : 0;
    }
    long word = Inode.STR_HASH.set(flags, strHash);
    word = InodeLayout.V3_NR_FIELDS.set(word, count);
    int start = (InodeLayout.V3_FIELDS + header.length) / Long.BYTES;
    word = InodeLayout.V3_FIELDS_START.set(word, start);
    word = InodeLayout.V3_MODE.set(word, mode & 0xffff);
    Inode.Stored stored = new Inode.Stored((bytes + 7) & ~7, count, header, beyond);
    Bkey key = new Bkey().setPos(0, number, snapshot).setType(KeyType.INODE_V3.number());
    return new Inode(3, key, journalSeq, hashSeed, word, mode, iVersion, fields.clone(), stored);
  }

  private int lastSet(List<InodeField> order) {
    for (int i = order.size(); i > 0; i--) {
      if (fields[order.get(i - 1).index()] != 0) {
        return i;
      }
    }
    return 0;
  }

  /** The inode as a key at its place. */
  public Bkey toKey() {
    Inode inode = build();
    MemorySegment value = MemorySegment.ofArray(new long[inode.bytes() / Long.BYTES]);
    inode.encode(value, 0);
    return new Bkey()
        .setPos(new Bpos(0, number, snapshot))
        .setType(KeyType.INODE_V3.number())
        .setValue(value, 0, inode.bytes());
  }
}
