// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.journal;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/**
 * The entries of a jset that hold no keys, as values. {@link #read} and {@link #write} are each
 * other's inverse, save for bytes that have no meaning.
 */
public sealed interface JsetValue {
  /** Which type of entry holds it. */
  JsetEntryType type();

  /** Length of the entry's data in bytes, a multiple of 8. */
  int dataBytes();

  /** Writes the data, zeros where it has no field. */
  void write(MemorySegment out, long at);

  /** A sequence number that does not count. Source: {@code struct jset_entry_blacklist}. */
  record Blacklist(long seq) implements JsetValue {
    @Override
    public JsetEntryType type() {
      return JsetEntryType.BLACKLIST;
    }

    @Override
    public int dataBytes() {
      return 8;
    }

    @Override
    public void write(MemorySegment out, long at) {
      Le.putU64(out, at, seq);
    }
  }

  /**
   * Sequence numbers that do not count, both ends included. Source: {@code struct
   * jset_entry_blacklist_v2}.
   */
  record BlacklistV2(long start, long end) implements JsetValue {
    @Override
    public JsetEntryType type() {
      return JsetEntryType.BLACKLIST_V2;
    }

    @Override
    public int dataBytes() {
      return 16;
    }

    @Override
    public void write(MemorySegment out, long at) {
      Le.putU64(out, at, start);
      Le.putU64(out, at + 8, end);
    }
  }

  /**
   * A number about the whole filesystem; which one stands in the entry's btree field. Source:
   * {@code struct jset_entry_usage}, {@code BCH_FS_USAGE_TYPES}.
   */
  record Usage(int kind, long value) implements JsetValue {
    public static final int RESERVED = 0;
    public static final int INODES = 1;
    public static final int KEY_VERSION = 2;

    @Override
    public JsetEntryType type() {
      return JsetEntryType.USAGE;
    }

    @Override
    public int dataBytes() {
      return 8;
    }

    @Override
    public void write(MemorySegment out, long at) {
      Le.putU64(out, at, value);
    }

    /** The format's own name of a kind. */
    public static String nameOf(int kind) {
      return switch (kind) {
        case RESERVED -> "reserved";
        case INODES -> "inodes";
        case KEY_VERSION -> "key_version";
        default -> "(unknown fs usage type " + kind + ")";
      };
    }
  }

  /**
   * Sectors of one kind of data on one set of devices. Source: {@code struct
   * jset_entry_data_usage}, {@code bch_replicas_entry_v1}.
   */
  record DataUsage(long sectors, int dataType, int required, List<Integer> devices)
      implements JsetValue {
    static final int OFFSET_DATA_TYPE = 8;
    static final int OFFSET_NR_DEVS = 9;
    static final int OFFSET_NR_REQUIRED = 10;
    static final int OFFSET_DEVS = 11;

    public DataUsage {
      devices = List.copyOf(devices);
    }

    @Override
    public JsetEntryType type() {
      return JsetEntryType.DATA_USAGE;
    }

    @Override
    public int dataBytes() {
      return (OFFSET_DEVS + devices.size() + 7) & ~7;
    }

    @Override
    public void write(MemorySegment out, long at) {
      out.asSlice(at, dataBytes()).fill((byte) 0);
      Le.putU64(out, at, sectors);
      Le.putU8(out, at + OFFSET_DATA_TYPE, dataType);
      Le.putU8(out, at + OFFSET_NR_DEVS, devices.size());
      Le.putU8(out, at + OFFSET_NR_REQUIRED, required);
      for (int i = 0; i < devices.size(); i++) {
        Le.putU8(out, at + OFFSET_DEVS + i, devices.get(i));
      }
    }
  }

  /** Sectors read or written since the filesystem was made. Source: {@code jset_entry_clock}. */
  record Clock(boolean write, long time) implements JsetValue {
    @Override
    public JsetEntryType type() {
      return JsetEntryType.CLOCK;
    }

    @Override
    public int dataBytes() {
      return 16;
    }

    @Override
    public void write(MemorySegment out, long at) {
      Le.putU64(out, at, write ? 1 : 0);
      Le.putU64(out, at + 8, time);
    }
  }

  /** What a device holds, by type of data. Source: {@code struct jset_entry_dev_usage}. */
  record DevUsage(int device, long bucketsErasureCoded, long bucketsUnavailable, List<Counts> types)
      implements JsetValue {
    static final int OFFSET_PAD = 4;
    static final int OFFSET_BUCKETS_EC = 8;
    static final int OFFSET_BUCKETS_UNAVAILABLE = 16;
    static final int OFFSET_TYPES = 24;
    static final int TYPE_BYTES = 24;

    /** Buckets, sectors in them, and sectors lost to fragmentation. */
    public record Counts(long buckets, long sectors, long fragmented) {}

    public DevUsage {
      types = List.copyOf(types);
    }

    @Override
    public JsetEntryType type() {
      return JsetEntryType.DEV_USAGE;
    }

    @Override
    public int dataBytes() {
      return OFFSET_TYPES + TYPE_BYTES * types.size();
    }

    @Override
    public void write(MemorySegment out, long at) {
      Le.putU32(out, at, device);
      Le.putU32(out, at + OFFSET_PAD, 0);
      Le.putU64(out, at + OFFSET_BUCKETS_EC, bucketsErasureCoded);
      Le.putU64(out, at + OFFSET_BUCKETS_UNAVAILABLE, bucketsUnavailable);
      long next = at + OFFSET_TYPES;
      for (Counts counts : types) {
        Le.putU64(out, next, counts.buckets);
        Le.putU64(out, next + 8, counts.sectors);
        Le.putU64(out, next + 16, counts.fragmented);
        next += TYPE_BYTES;
      }
    }
  }

  /** A message: bytes up to the first NUL. Source: {@code struct jset_entry_log}. */
  record Log(String message) implements JsetValue {
    @Override
    public JsetEntryType type() {
      return JsetEntryType.LOG;
    }

    @Override
    public int dataBytes() {
      return (bytes().length + 7) & ~7;
    }

    @Override
    public void write(MemorySegment out, long at) {
      byte[] bytes = bytes();
      out.asSlice(at, dataBytes()).fill((byte) 0);
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, out, at, bytes.length);
    }

    private byte[] bytes() {
      return message.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }
  }

  /** When the entry was written. Source: {@code struct jset_entry_datetime}. */
  record DateTime(long seconds) implements JsetValue {
    @Override
    public JsetEntryType type() {
      return JsetEntryType.DATETIME;
    }

    @Override
    public int dataBytes() {
      return 8;
    }

    @Override
    public void write(MemorySegment out, long at) {
      Le.putU64(out, at, seconds);
    }
  }

  /** The oldest entry that may be rewound to. Source: {@code struct jset_entry_rewind_limit}. */
  record RewindLimit(long seq) implements JsetValue {
    @Override
    public JsetEntryType type() {
      return JsetEntryType.REWIND_LIMIT;
    }

    @Override
    public int dataBytes() {
      return 8;
    }

    @Override
    public void write(MemorySegment out, long at) {
      Le.putU64(out, at, seq);
    }
  }

  /**
   * The entries after {@code to}, up to and including {@code from}, are undone. Source: {@code
   * struct jset_entry_rewind}.
   */
  record Rewind(long from, long to) implements JsetValue {
    /** Whether what that entry did is undone. */
    public boolean covers(long seq) {
      return Long.compareUnsigned(seq, to) > 0 && Long.compareUnsigned(seq, from) <= 0;
    }

    @Override
    public JsetEntryType type() {
      return JsetEntryType.REWIND;
    }

    @Override
    public int dataBytes() {
      return 16;
    }

    @Override
    public void write(MemorySegment out, long at) {
      Le.putU64(out, at, from);
      Le.putU64(out, at + 8, to);
    }
  }

  /**
   * Reads the current entry; null if its type is unknown, holds keys, or has no meaning.
   *
   * @throws CorruptionException by the format's own name, if the entry contradicts its type
   */
  static JsetValue read(JsetEntry entry) {
    JsetEntryType type = JsetEntryType.of(entry.type());
    if (type == null) {
      return null;
    }
    MemorySegment in = entry.segment();
    long at = entry.dataOffset();
    int bytes = entry.dataBytes();
    return switch (type) {
      case BLACKLIST -> {
        require(bytes == 8, "journal_entry_blacklist_bad_size", entry, "needs 8 bytes");
        yield new Blacklist(Le.u64(in, at));
      }
      case BLACKLIST_V2 -> readBlacklistV2(entry, in, at, bytes);
      case USAGE -> {
        require(bytes >= 8, "journal_entry_usage_bad_size", entry, "needs 8 bytes");
        yield new Usage(entry.btree(), Le.u64(in, at));
      }
      case DATA_USAGE -> readDataUsage(entry, in, at, bytes);
      case CLOCK -> readClock(entry, in, at, bytes);
      case DEV_USAGE -> readDevUsage(entry, in, at, bytes);
      case LOG -> new Log(message(in, at, bytes));
      case DATETIME -> {
        require(bytes >= 8, "journal_entry_dev_usage_bad_size", entry, "needs 8 bytes");
        yield new DateTime(Le.u64(in, at));
      }
      case REWIND_LIMIT -> {
        require(bytes >= 8, "journal_entry_rewind_limit_bad_size", entry, "needs 8 bytes");
        yield new RewindLimit(Le.u64(in, at));
      }
      case REWIND -> {
        require(bytes >= 16, "journal_entry_rewind_bad_size", entry, "needs 16 bytes");
        yield new Rewind(Le.u64(in, at), Le.u64(in, at + 8));
      }
      case BTREE_KEYS, BTREE_ROOT, OVERWRITE, WRITE_BUFFER_KEYS, LOG_BKEY, PRIO_PTRS -> null;
    };
  }

  private static BlacklistV2 readBlacklistV2(
      JsetEntry entry, MemorySegment in, long at, int bytes) {
    require(bytes == 16, "journal_entry_blacklist_v2_bad_size", entry, "needs 16 bytes");
    BlacklistV2 range = new BlacklistV2(Le.u64(in, at), Le.u64(in, at + 8));
    require(
        Long.compareUnsigned(range.start, range.end) <= 0,
        "journal_entry_blacklist_v2_start_past_end",
        entry,
        "starts after its end");
    return range;
  }

  private static DataUsage readDataUsage(JsetEntry entry, MemorySegment in, long at, int bytes) {
    String name = "journal_entry_data_usage_bad_size";
    require(bytes >= DataUsage.OFFSET_DEVS, name, entry, "needs 11 bytes");
    int devices = Le.u8(in, at + DataUsage.OFFSET_NR_DEVS);
    require(bytes >= DataUsage.OFFSET_DEVS + devices, name, entry, "names more devices than fit");
    int required = Le.u8(in, at + DataUsage.OFFSET_NR_REQUIRED);
    require(
        devices > 0 && (required <= 1 || required < devices),
        name,
        entry,
        "requires " + required + " of " + devices + " devices");
    List<Integer> list = new ArrayList<>(devices);
    for (int i = 0; i < devices; i++) {
      list.add(Le.u8(in, at + DataUsage.OFFSET_DEVS + i));
    }
    return new DataUsage(
        Le.u64(in, at), Le.u8(in, at + DataUsage.OFFSET_DATA_TYPE), required, list);
  }

  private static Clock readClock(JsetEntry entry, MemorySegment in, long at, int bytes) {
    require(bytes == 16, "journal_entry_clock_bad_size", entry, "needs 16 bytes");
    int which = Le.u8(in, at);
    require(which <= 1, "journal_entry_clock_bad_rw", entry, "is of clock " + which);
    return new Clock(which == 1, Le.u64(in, at + 8));
  }

  private static DevUsage readDevUsage(JsetEntry entry, MemorySegment in, long at, int bytes) {
    require(
        bytes >= DevUsage.OFFSET_TYPES,
        "journal_entry_dev_usage_bad_size",
        entry,
        "needs 24 bytes");
    require(
        Le.u32(in, at + DevUsage.OFFSET_PAD) == 0,
        "journal_entry_dev_usage_bad_pad",
        entry,
        "has padding that is not zero");
    int types = (bytes - DevUsage.OFFSET_TYPES) / DevUsage.TYPE_BYTES;
    List<DevUsage.Counts> counts = new ArrayList<>(types);
    for (int i = 0; i < types; i++) {
      long each = at + DevUsage.OFFSET_TYPES + (long) i * DevUsage.TYPE_BYTES;
      counts.add(
          new DevUsage.Counts(Le.u64(in, each), Le.u64(in, each + 8), Le.u64(in, each + 16)));
    }
    return new DevUsage(
        Le.u32(in, at),
        Le.u64(in, at + DevUsage.OFFSET_BUCKETS_EC),
        Le.u64(in, at + DevUsage.OFFSET_BUCKETS_UNAVAILABLE),
        counts);
  }

  private static String message(MemorySegment in, long at, int bytes) {
    int length = 0;
    while (length < bytes && Le.u8(in, at + length) != 0) {
      length++;
    }
    byte[] text = new byte[length];
    MemorySegment.copy(in, at, MemorySegment.ofArray(text), 0, length);
    return new String(text, java.nio.charset.StandardCharsets.UTF_8);
  }

  private static void require(boolean right, String errorName, JsetEntry entry, String what) {
    if (!right) {
      throw new CorruptionException(
          errorName,
          Place.structure("journal entry"),
          "a "
              + JsetEntryType.of(entry.type())
              + " entry of "
              + entry.dataBytes()
              + " bytes at word "
              + entry.wordOffset()
              + " "
              + what);
    }
  }
}
