// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.UUID;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.tables.IopsMeasurement;
import org.jbcachefs.format.tables.MemberError;
import org.jbcachefs.format.tables.MemberState;

/**
 * What the superblock knows of one member device. Old filesystems store fewer bytes of it, newer
 * ones maybe more: missing fields read as 0, unknown ones are kept. Source: {@code struct
 * bch_member}.
 *
 * @param index the device's index, as pointers name it
 * @param stored the bytes as stored, of whatever length
 * @param bytes the same, filled up with zeros to at least {@link #BYTES}
 */
public record Member(int index, Bytes stored, Bytes bytes) {
  /** Bytes of everything that is known. */
  public static final int BYTES = 328;

  /** Bytes of an entry in the old members section. */
  public static final int V1_BYTES = 56;

  public static final int OFFSET_UUID = 0;
  public static final int OFFSET_NBUCKETS = 16;
  public static final int OFFSET_FIRST_BUCKET = 24;
  public static final int OFFSET_BUCKET_SIZE = 26;
  public static final int OFFSET_BTREE_BITMAP_SHIFT = 28;
  public static final int OFFSET_LAST_MOUNT = 32;
  public static final int OFFSET_FLAGS = 40;
  public static final int OFFSET_IOPS = 48;
  public static final int OFFSET_ERRORS = 64;
  public static final int OFFSET_ERRORS_AT_RESET = 88;
  public static final int OFFSET_ERRORS_RESET_TIME = 112;
  public static final int OFFSET_SEQ = 120;
  public static final int OFFSET_BTREE_ALLOCATED_BITMAP = 128;
  public static final int OFFSET_LAST_JOURNAL_BUCKET = 136;
  public static final int OFFSET_LAST_JOURNAL_BUCKET_OFFSET = 140;
  public static final int OFFSET_DEVICE_NAME = 144;
  public static final int OFFSET_DEVICE_MODEL = 160;
  public static final int OFFSET_FLUSH_ERRORS = 224;
  public static final int OFFSET_DEVICE_SERIAL = 232;

  /** Of version 1.39. */
  public static final int OFFSET_FAILURE_DOMAIN = 296;

  public static final int FAILURE_DOMAIN_BYTES = 32;
  public static final int DEVICE_NAME_BYTES = 16;
  public static final int DEVICE_MODEL_BYTES = 64;
  public static final int DEVICE_SERIAL_BYTES = 64;

  public static final BitRange STATE = new BitRange(0, 4);
  public static final BitRange DISCARD = new BitRange(14, 15);
  public static final BitRange DATA_ALLOWED = new BitRange(15, 20);
  public static final BitRange GROUP = new BitRange(20, 28);
  public static final BitRange DURABILITY = new BitRange(28, 30);
  public static final BitRange FREESPACE_INITIALIZED = new BitRange(30, 31);
  public static final BitRange RESIZE_ON_MOUNT = new BitRange(31, 32);
  public static final BitRange ROTATIONAL = new BitRange(32, 33);
  public static final BitRange ROTATIONAL_SET = new BitRange(33, 34);
  public static final BitRange INITIALIZED = new BitRange(34, 38);

  /** Index that stands for "no device" in pointers. */
  public static final int NO_DEVICE = 255;

  /** The UUID of a member that was removed while pointers to it may still exist. */
  public static final UUID DELETED_UUID = UUID.fromString("ffffffff-ffff-ffff-d96a-60cf803df7ef");

  /** No device has fewer buckets than that. */
  public static final int MIN_BUCKETS = 512;

  /** Nor more. */
  public static final int MAX_BUCKETS = Integer.MAX_VALUE - 64;

  /** Shifts are below that: 64 bits then span all sector addresses of 64 bits. */
  public static final int MAX_BITMAP_SHIFT = 58;

  private static final UUID NO_UUID = new UUID(0, 0);

  static Member of(int index, Bytes stored) {
    return new Member(index, stored, stored.length() < BYTES ? stored.resized(BYTES) : stored);
  }

  public UUID uuid() {
    return bytes.uuid(OFFSET_UUID);
  }

  /** Whether there is such a device: false for free slots and removed ones. */
  public boolean exists() {
    return !uuid().equals(NO_UUID) && !deleted();
  }

  public boolean deleted() {
    return uuid().equals(DELETED_UUID);
  }

  /** Size of the device in buckets. */
  public long nbuckets() {
    return bytes.u64(OFFSET_NBUCKETS);
  }

  /** The first bucket that may be used. */
  public int firstBucket() {
    return bytes.u16(OFFSET_FIRST_BUCKET);
  }

  public int bucketSectors() {
    return bytes.u16(OFFSET_BUCKET_SIZE);
  }

  /** Log2 of the sectors that one bit of the btree bitmap stands for. */
  public int btreeBitmapShift() {
    return bytes.u8(OFFSET_BTREE_BITMAP_SHIFT);
  }

  /** Seconds since 1970; 0 if never. */
  public long lastMount() {
    return bytes.u64(OFFSET_LAST_MOUNT);
  }

  public long flags() {
    return bytes.u64(OFFSET_FLAGS);
  }

  /** The state's number; see {@link #state}. */
  public int stateNumber() {
    return STATE.getInt(flags());
  }

  /** The state, or null for a number that is not known. */
  public MemberState state() {
    return MemberState.of(stateNumber());
  }

  /** Bits by data type's number of what may be written here. */
  public int dataAllowed() {
    return DATA_ALLOWED.getInt(flags());
  }

  /** Index of the label in the disk groups section, or -1 for none. */
  public int label() {
    return GROUP.getInt(flags()) - 1;
  }

  /** How many replicas a copy on this device counts for; 0 for a cache. */
  public int durability() {
    int stored = DURABILITY.getInt(flags());
    return stored == 0 ? 1 : stored - 1;
  }

  /** Number of the last superblock write that included this device. */
  public long seq() {
    return bytes.u64(OFFSET_SEQ);
  }

  /** One bit for each 64th of the device that may hold btree nodes. */
  public long btreeAllocatedBitmap() {
    return bytes.u64(OFFSET_BTREE_ALLOCATED_BITMAP);
  }

  /** Index into the device's list of journal buckets. */
  public int lastJournalBucket() {
    return bytes.u32(OFFSET_LAST_JOURNAL_BUCKET);
  }

  /** Sectors into that bucket. */
  public int lastJournalBucketOffset() {
    return bytes.u32(OFFSET_LAST_JOURNAL_BUCKET_OFFSET);
  }

  /** Name of the block device at the last mount, e.g. "sda"; may be empty. */
  public String deviceName() {
    return bytes.text(OFFSET_DEVICE_NAME, DEVICE_NAME_BYTES, UTF_8);
  }

  /** I/Os a second as once measured. */
  public int iops(IopsMeasurement kind) {
    return bytes.u32(OFFSET_IOPS + 4 * kind.number());
  }

  /** Errors of that kind since the filesystem was made. */
  public long errors(MemberError kind) {
    return bytes.u64(OFFSET_ERRORS + 8 * kind.number());
  }

  /** Errors of that kind when they were last set to 0. */
  public long errorsAtReset(MemberError kind) {
    return bytes.u64(OFFSET_ERRORS_AT_RESET + 8 * kind.number());
  }

  /** Seconds since 1970. */
  public long errorsResetTime() {
    return bytes.u64(OFFSET_ERRORS_RESET_TIME);
  }

  public long flushErrors() {
    return bytes.u64(OFFSET_FLUSH_ERRORS);
  }

  /** Devices of one name fail together; mostly empty. */
  public String failureDomain() {
    return bytes.text(OFFSET_FAILURE_DOMAIN, FAILURE_DOMAIN_BYTES, UTF_8);
  }

  public String deviceModel() {
    return bytes.text(OFFSET_DEVICE_MODEL, DEVICE_MODEL_BYTES, UTF_8);
  }

  public String deviceSerial() {
    return bytes.text(OFFSET_DEVICE_SERIAL, DEVICE_SERIAL_BYTES, UTF_8);
  }
}
