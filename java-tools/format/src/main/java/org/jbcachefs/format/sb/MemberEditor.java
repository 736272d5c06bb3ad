// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.UUID;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.tables.IopsMeasurement;
import org.jbcachefs.format.tables.MemberError;
import org.jbcachefs.format.tables.MemberState;

/** Makes a member out of another one: fields changed, everything else as it was. */
public final class MemberEditor {
  private final int index;
  private final byte[] stored;
  private final MemorySegment fields;

  public MemberEditor(Member from) {
    index = from.index();
    stored = from.bytes().toArray();
    fields = MemorySegment.ofArray(stored);
  }

  /** A member of which nothing is set. */
  public static MemberEditor blank(int index) {
    return new MemberEditor(Member.of(index, Bytes.copyOf(new byte[Member.BYTES])));
  }

  public MemberEditor uuid(UUID uuid) {
    Le.putU64(fields, Member.OFFSET_UUID, Long.reverseBytes(uuid.getMostSignificantBits()));
    Le.putU64(fields, Member.OFFSET_UUID + 8, Long.reverseBytes(uuid.getLeastSignificantBits()));
    return this;
  }

  public MemberEditor nbuckets(long buckets) {
    Le.putU64(fields, Member.OFFSET_NBUCKETS, buckets);
    return this;
  }

  public MemberEditor firstBucket(int bucket) {
    Le.putU16(fields, Member.OFFSET_FIRST_BUCKET, bucket);
    return this;
  }

  public MemberEditor bucketSectors(int sectors) {
    Le.putU16(fields, Member.OFFSET_BUCKET_SIZE, sectors);
    return this;
  }

  /** Which parts of the device may hold btree nodes: one bit for 2^shift sectors. */
  public MemberEditor btreeBitmap(int shift, long bitmap) {
    Le.putU8(fields, Member.OFFSET_BTREE_BITMAP_SHIFT, shift);
    Le.putU64(fields, Member.OFFSET_BTREE_ALLOCATED_BITMAP, bitmap);
    return this;
  }

  /** Seconds since 1970. */
  public MemberEditor lastMount(long seconds) {
    Le.putU64(fields, Member.OFFSET_LAST_MOUNT, seconds);
    return this;
  }

  public MemberEditor seq(long seq) {
    Le.putU64(fields, Member.OFFSET_SEQ, seq);
    return this;
  }

  /** Index into the list of journal buckets, and sectors into that bucket. */
  public MemberEditor lastJournalBucket(int bucketIndex, int sectors) {
    Le.putU32(fields, Member.OFFSET_LAST_JOURNAL_BUCKET, bucketIndex);
    Le.putU32(fields, Member.OFFSET_LAST_JOURNAL_BUCKET_OFFSET, sectors);
    return this;
  }

  public MemberEditor state(MemberState state) {
    return flag(Member.STATE, state.number());
  }

  /** How often something failed on it, since it was made. */
  public MemberEditor errors(MemberError kind, long count) {
    Le.putU64(fields, Member.OFFSET_ERRORS + 8L * kind.number(), count);
    return this;
  }

  /** A flag as it is stored; see the ranges of {@link Member}. */
  public MemberEditor flag(BitRange range, long value) {
    long flags = Le.u64(fields, Member.OFFSET_FLAGS);
    Le.putU64(fields, Member.OFFSET_FLAGS, range.set(flags, value));
    return this;
  }

  public MemberEditor iops(IopsMeasurement kind, int perSecond) {
    Le.putU32(fields, Member.OFFSET_IOPS + 4L * kind.number(), perSecond);
    return this;
  }

  /** Cut to 16 bytes. */
  public MemberEditor deviceName(String name) {
    return text(Member.OFFSET_DEVICE_NAME, Member.DEVICE_NAME_BYTES, name);
  }

  /** Cut to 64 bytes. */
  public MemberEditor deviceModel(String model) {
    return text(Member.OFFSET_DEVICE_MODEL, Member.DEVICE_MODEL_BYTES, model);
  }

  /** Cut to 64 bytes. */
  public MemberEditor deviceSerial(String serial) {
    return text(Member.OFFSET_DEVICE_SERIAL, Member.DEVICE_SERIAL_BYTES, serial);
  }

  private MemberEditor text(int offset, int length, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    Arrays.fill(stored, offset, offset + length, (byte) 0);
    System.arraycopy(bytes, 0, stored, offset, Math.min(bytes.length, length));
    return this;
  }

  public Member build() {
    return Member.of(index, Bytes.copyOf(stored));
  }
}
