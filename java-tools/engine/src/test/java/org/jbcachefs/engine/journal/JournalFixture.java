// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetBuilder;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetIntegrity;

/** Journals as a test wants them, on devices in memory. Journal buckets begin at bucket 2. */
final class JournalFixture {
  static final int BLOCK_BYTES = 512;
  static final int BUCKET_SECTORS = 32;
  static final int FIRST_BUCKET = 2;
  static final int VERSION = 1062;
  static final int NO_FLUSH = 1 << 5;
  static final int HAS_OVERWRITES = 1 << 6;
  static final long MAGIC = Jset.magic(0x55aa_1234_5678_9abcL);
  static final JournalFormat FORMAT = new JournalFormat(MAGIC, BLOCK_BYTES, null);

  private final JournalFormat format;
  private final ChecksumType checksum;

  private final List<MemoryDevice> devices = new ArrayList<>();
  private final int buckets;
  private final MemorySegment scratch = Arena.ofAuto().allocate(BUCKET_SECTORS * 512L, 8);

  JournalFixture(int deviceCount, int buckets) {
    this(deviceCount, buckets, ChecksumType.CRC32C_NONZERO, null);
  }

  JournalFixture(int deviceCount, int buckets, ChecksumType checksum, FilesystemKey key) {
    this.buckets = buckets;
    this.checksum = checksum;
    this.format = new JournalFormat(MAGIC, BLOCK_BYTES, key);
    for (int i = 0; i < deviceCount; i++) {
      long size = 512L * BUCKET_SECTORS * (FIRST_BUCKET + buckets);
      devices.add(new MemoryDevice("device-" + i, size));
    }
  }

  MemoryDevice device(int index) {
    return devices.get(index);
  }

  static long bucketByte(int bucket) {
    return 512L * BUCKET_SECTORS * (FIRST_BUCKET + bucket);
  }

  /** Writes an entry at a block of a bucket; returns the block behind it. */
  int write(
      int device,
      int bucket,
      int block,
      long seq,
      long lastSeq,
      int flags,
      Consumer<JsetBuilder> content) {
    return write(MAGIC, device, bucket, block, seq, lastSeq, flags, content);
  }

  /** The same for a filesystem with another magic. */
  int write(
      long magic,
      int device,
      int bucket,
      int block,
      long seq,
      long lastSeq,
      int flags,
      Consumer<JsetBuilder> content) {
    JsetBuilder builder = new JsetBuilder(scratch, 0);
    builder.header(magic, seq, VERSION, flags | checksum.number(), lastSeq);
    content.accept(builder);
    long padded = builder.finish(BLOCK_BYTES);
    JsetIntegrity.seal(new Jset().wrap(scratch, 0), format.key());
    devices
        .get(device)
        .write(bucketByte(bucket) + (long) block * BLOCK_BYTES, scratch.asSlice(0, padded));
    return block + (int) (padded / BLOCK_BYTES);
  }

  /** Inverts a byte of a bucket. */
  void flip(int device, int bucket, long byteOffset) {
    MemorySegment one = MemorySegment.ofArray(new byte[1]);
    devices.get(device).read(bucketByte(bucket) + byteOffset, one);
    Le.putU8(one, 0, ~Le.u8(one, 0));
    devices.get(device).write(bucketByte(bucket) + byteOffset, one);
  }

  JournalReader reader(SeqBlacklist blacklist) {
    List<JournalDevice> journals = new ArrayList<>();
    for (int i = 0; i < devices.size(); i++) {
      journals.add(
          new JournalDevice(
              i,
              devices.get(i),
              BUCKET_SECTORS,
              List.of(new JournalDevice.BucketRange(FIRST_BUCKET, buckets))));
    }
    return new JournalReader(format, journals, blacklist, 2);
  }

  JournalReplay replay() {
    return reader(SeqBlacklist.EMPTY).replay();
  }

  /** One btree_keys entry with a cookie of that value at each offset of inode 1. */
  static Consumer<JsetBuilder> cookies(int btree, long value, long... offsets) {
    return keys(JsetEntryType.BTREE_KEYS, btree, value, offsets);
  }

  static Consumer<JsetBuilder> keys(JsetEntryType type, int btree, long value, long... offsets) {
    return builder -> {
      builder.entry(type.number(), btree, 0);
      for (long offset : offsets) {
        builder.key(cookie(offset, value));
      }
    };
  }

  static Bkey cookie(long offset, long value) {
    return new Bkey()
        .setPos(1, offset, 0)
        .setType(KeyType.COOKIE.number())
        .setValue(MemorySegment.ofArray(new long[] {value}), 0, 8);
  }

  /** A key without value: a deletion. */
  static Bkey deleted(long offset) {
    return new Bkey().setPos(1, offset, 0).setType(KeyType.DELETED.number());
  }
}
