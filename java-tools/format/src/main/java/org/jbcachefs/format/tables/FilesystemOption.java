// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import static org.jbcachefs.format.tables.FilesystemOption.Kind.BITS;
import static org.jbcachefs.format.tables.FilesystemOption.Kind.BOOL;
import static org.jbcachefs.format.tables.FilesystemOption.Kind.NUMBER;
import static org.jbcachefs.format.tables.FilesystemOption.Kind.SIZE;
import static org.jbcachefs.format.tables.FilesystemOption.Kind.TARGET;
import static org.jbcachefs.format.tables.FilesystemOption.Kind.TEXT;
import static org.jbcachefs.format.tables.FilesystemOption.Scope.DEVICE;
import static org.jbcachefs.format.tables.FilesystemOption.Scope.FORMAT;
import static org.jbcachefs.format.tables.FilesystemOption.Scope.FS;
import static org.jbcachefs.format.tables.FilesystemOption.Scope.HIDDEN;
import static org.jbcachefs.format.tables.FilesystemOption.Scope.INODE;
import static org.jbcachefs.format.tables.FilesystemOption.Scope.MOUNT;
import static org.jbcachefs.format.tables.FilesystemOption.Scope.MOUNT_IGNORED;
import static org.jbcachefs.format.tables.FilesystemOption.Scope.POWER_OF_TWO;
import static org.jbcachefs.format.tables.FilesystemOption.Scope.RUNTIME;

import java.util.Locale;

/**
 * Every option of a filesystem, a member or an inode, in the order in which they are shown. Where
 * they are kept is the superblock's matter. Source: {@code BCH_OPTS}, 1.39's included.
 */
public enum FilesystemOption {
  BLOCK_SIZE(
      SIZE,
      512,
      32 << 10,
      4 << 10,
      FS | FORMAT | POWER_OF_TWO,
      "allocation/IO unit; mkfs picks 4k (or larger physical block) if total >=1 GiB else 512"),
  BTREE_NODE_SIZE(
      SIZE,
      512,
      512 << 10,
      256 << 10,
      FS | FORMAT | POWER_OF_TWO,
      "btree node bytes; mkfs lowers to min bucket size"),
  ERRORS(OptionChoices.ERROR_ACTIONS, 1, FS | FORMAT | MOUNT | RUNTIME, "reaction to fs errors"),
  WRITE_ERROR_TIMEOUT(
      NUMBER,
      1,
      299,
      30,
      FS | FORMAT | MOUNT | RUNTIME,
      "consecutive write failures tolerated before a member is dropped"),
  METADATA_REPLICAS(
      NUMBER, 1, 4, 1, FS | FORMAT | MOUNT_IGNORED | RUNTIME, "copies of btree+journal"),
  DATA_REPLICAS(
      NUMBER, 1, 4, 1, FS | INODE | FORMAT | MOUNT_IGNORED | RUNTIME, "copies of user data"),
  ENCODED_EXTENT_MAX(
      SIZE,
      4096,
      1 << 20,
      256 << 10,
      FS | FORMAT | POWER_OF_TWO,
      "cap on checksummed/compressed extent size"),
  METADATA_CHECKSUM(
      OptionChoices.CHECKSUMS,
      1,
      FS | FORMAT | MOUNT_IGNORED | RUNTIME,
      "checksum for metadata writes"),
  DATA_CHECKSUM(
      OptionChoices.CHECKSUMS,
      1,
      FS | INODE | FORMAT | MOUNT_IGNORED | RUNTIME,
      "checksum for data writes"),
  CHECKSUM_ERR_RETRY_NR(
      NUMBER, 0, 31, 3, FS | FORMAT | MOUNT | RUNTIME, "re-reads after checksum failure"),
  COMPRESSION(
      Kind.COMPRESSION,
      0,
      255,
      0,
      FS | INODE | FORMAT | MOUNT_IGNORED | RUNTIME,
      "foreground compression, value may carry :level"),
  BACKGROUND_COMPRESSION(
      Kind.COMPRESSION,
      0,
      255,
      0,
      FS | INODE | FORMAT | MOUNT_IGNORED | RUNTIME,
      "compression applied by reconcile; falls back to compression"),
  STR_HASH(
      OptionChoices.STR_HASHES,
      2,
      FS | FORMAT | MOUNT | RUNTIME,
      "hash for new dirs dirents/xattrs"),
  METADATA_TARGET(
      TARGET, 0, 0xffff, 0, FS | FORMAT | MOUNT_IGNORED | RUNTIME, "device/label for metadata"),
  FOREGROUND_TARGET(
      TARGET,
      0,
      0xffff,
      0,
      FS | INODE | FORMAT | MOUNT_IGNORED | RUNTIME,
      "device/label for first write"),
  BACKGROUND_TARGET(
      TARGET,
      0,
      0xffff,
      0,
      FS | INODE | FORMAT | MOUNT_IGNORED | RUNTIME,
      "device/label reconcile moves to; falls back to foreground_target"),
  PROMOTE_TARGET(
      TARGET,
      0,
      0xffff,
      0,
      FS | INODE | FORMAT | MOUNT_IGNORED | RUNTIME,
      "device/label for read cache copies"),
  ERASURE_CODE(
      BOOL,
      0,
      1,
      0,
      FS | INODE | FORMAT | MOUNT_IGNORED | RUNTIME,
      "RAID5/6 striping of data (replicas-1 parity)"),
  EC_MAX_DATA_BLOCKS(
      NUMBER,
      0,
      14,
      0,
      FS | FORMAT | MOUNT | RUNTIME,
      "cap on data blocks per stripe, 0 = all devices"),
  CASEFOLD(BOOL, 0, 1, 0, FS | INODE | FORMAT, "dirs created with case-insensitive lookup"),
  CASEFOLD_DISABLED(BOOL, 0, 1, 0, FS | MOUNT, "turn casefolding off fs-wide"),
  INODES_32BIT(
      BOOL, 0, 1, 0, FS | INODE | FORMAT | MOUNT | RUNTIME, "keep inode numbers in 32 bits"),
  SHARD_INODE_NUMBERS_BITS(
      NUMBER, 0, 15, 0, FS | FORMAT, "bits of inode number used as allocation shard"),
  GC_RESERVE_PERCENT(NUMBER, 5, 20, 8, FS | FORMAT | MOUNT | RUNTIME, "copygc reserve %"),
  GC_RESERVE_BYTES(
      SIZE, 0, -1L, 0, FS | FORMAT | MOUNT | RUNTIME, "copygc reserve in bytes, beats percent"),
  ROOT_RESERVE_PERCENT(NUMBER, 0, 99, 0, FS | FORMAT | MOUNT, "space kept for root"),
  WIDE_MACS(BOOL, 0, 1, 0, FS | FORMAT | MOUNT | RUNTIME, "store 128-bit instead of 80-bit MACs"),
  INLINE_DATA(BOOL, 0, 1, 1, FS | MOUNT | RUNTIME, "allow small file data inline in btree"),
  PROMOTE_WHOLE_EXTENTS(
      BOOL, 0, 1, 1, FS | MOUNT | RUNTIME, "cache whole extent rather than the part read"),
  ACL(BOOL, 0, 1, 1, FS | FORMAT | MOUNT, "POSIX ACLs"),
  USRQUOTA(BOOL, 0, 1, 0, FS | FORMAT | MOUNT, "user quotas"),
  GRPQUOTA(BOOL, 0, 1, 0, FS | FORMAT | MOUNT, "group quotas"),
  PRJQUOTA(BOOL, 0, 1, 0, FS | FORMAT | MOUNT, "project quotas"),
  DEGRADED(OptionChoices.DEGRADED_ACTIONS, 0, FS | MOUNT, "policy when members missing"),
  MISSING_DEV_TIMEOUT(
      NUMBER,
      0,
      3600,
      0,
      FS | MOUNT | FORMAT | RUNTIME,
      "seconds to wait at mount for members that have not appeared"),
  MOUNT_TRUSTS_UDEV(BOOL, 0, 1, 1, MOUNT, "device discovery uses udev db"),
  NO_SPLITBRAIN_CHECK(BOOL, 0, 1, 0, FS | MOUNT, "skip member-seq split-brain rejection"),
  NO_VERSION_CHECK(BOOL, 0, 1, 0, HIDDEN, "read superblocks of unknown version"),
  VERBOSE(BOOL, 0, 1, 0, FS | MOUNT | RUNTIME, "more mount/recovery log"),
  JOURNAL_FLUSH_DELAY(
      NUMBER, 1, 0xffffffffL, 1000, FS | MOUNT | RUNTIME, "ms until automatic flush journal write"),
  JOURNAL_FLUSH_DISABLED(BOOL, 0, 1, 0, FS | MOUNT | RUNTIME, "fsync/sync do not flush journal"),
  MOVE_WRITES_FUA(BOOL, 0, 1, 0, FS | MOUNT | RUNTIME, "write moved data with FUA"),
  JOURNAL_RECLAIM_DELAY(
      NUMBER, 0, 0xffffffffL, 100, FS | MOUNT | RUNTIME, "ms between background reclaim runs"),
  WRITEBACK_TIMEOUT(
      NUMBER,
      0,
      0xffff,
      0,
      FS | MOUNT | RUNTIME,
      "seconds before dirty page writeback, 0 = VM default"),
  MOVE_BYTES_IN_FLIGHT(
      SIZE, 1024, 0xffffffffL, 64 << 20, FS | MOUNT | RUNTIME, "background-move IO bytes cap"),
  MOVE_IOS_IN_FLIGHT(NUMBER, 1, 1023, 64, FS | MOUNT | RUNTIME, "background-move IO count cap"),
  FSCK(BOOL, 0, 1, 0, FS | MOUNT, "run full fsck at mount"),
  FSCK_MEMORY_USAGE_PERCENT(NUMBER, 20, 69, 50, FS | MOUNT, "RAM share fsck may pin"),
  FIX_ERRORS(OptionChoices.FIX_ERRORS, 0, FS | MOUNT, "answer policy for repairs"),
  RATELIMIT_ERRORS(BOOL, 0, 1, 0, FS | MOUNT, "limit repeated messages"),
  NO_COMMIT_VALIDATE(BOOL, 0, 1, 0, FS | MOUNT, "do not validate keys at commit"),
  NOCHANGES(BOOL, 0, 1, 0, FS | MOUNT, "issue no writes at all"),
  NORECOVERY(BOOL, 0, 1, 0, FS | MOUNT, "stop before journal replay"),
  JOURNAL_REWIND(NUMBER, 0, -1L, 0, FS | MOUNT, "journal sequence to roll back to"),
  JOURNAL_REWIND_DISCARD_BUFFER_PERCENT(
      NUMBER, 0, 9, 4, FS | MOUNT, "capacity share kept undiscarded so rewind stays possible"),
  SCRUB_RECENT_JOURNAL_ENTRIES(
      OptionChoices.SCRUB_JOURNAL,
      0,
      FS | MOUNT,
      "after unclean shutdown verify data named by last journal entries"),
  SCRUB_JOURNAL_MAX_REWIND_SECS(
      NUMBER, 0, 3599, 10, FS | MOUNT | FORMAT, "cap for automatic rewind"),
  RECOVERY_PASSES(BITS, OptionChoices.RECOVERY_PASSES, 0, FS | MOUNT, "extra passes to run"),
  RECOVERY_PASSES_EXCLUDE(BITS, OptionChoices.RECOVERY_PASSES, 0, FS | MOUNT, "passes to skip"),
  RECOVERY_PASS_LAST(OptionChoices.RECOVERY_PASSES, 0, FS | MOUNT, "stop after this pass"),
  RECOVERY_PASSES_SKIP_SCHEDULED(
      BOOL, 0, 1, 0, FS | MOUNT, "do not run scheduled repair passes; they stay scheduled"),
  RETAIN_RECOVERY_INFO(BOOL, 0, 1, 0, 0, "keep journal/scan data after start (tools)"),
  READ_ENTIRE_JOURNAL(BOOL, 0, 1, 0, 0, "read clean entries too (tools)"),
  READ_JOURNAL_ONLY(BOOL, 0, 1, 0, 0, "stop after journal read (tools)"),
  JOURNAL_TRANSACTION_NAMES(
      BOOL, 0, 1, 1, FS | FORMAT | MOUNT | RUNTIME, "log names of transactions"),
  ALLOCATOR_STUCK_TIMEOUT(
      NUMBER, 0, 0xffff, 30, FS | FORMAT | MOUNT | RUNTIME, "secs until stuck-allocator report"),
  NOEXCL(BOOL, 0, 1, 0, FS | MOUNT, "open devices non-exclusively"),
  DIRECT_IO(BOOL, 0, 1, 1, FS | MOUNT, "O_DIRECT in userspace build"),
  SB(NUMBER, 0, Long.MAX_VALUE, 8, MOUNT, "sector of superblock to read"),
  READ_ONLY(BOOL, 0, 1, 0, FS | MOUNT | HIDDEN, "read-only"),
  NOSTART(BOOL, 0, 1, 0, 0, "open members, do not start"),
  DANGEROUSLY_RECONSTRUCT_ALLOC(BOOL, 0, 1, 0, FS | MOUNT, "throw away and rebuild alloc info"),
  VERSION_UPGRADE(
      OptionChoices.VERSION_UPGRADES, 0, FS | MOUNT | RUNTIME, "on-mount upgrade policy"),
  STDIO(NUMBER, 0, Long.MAX_VALUE, 0, 0, "kernel<->tool stdio redirect pointer"),
  PROJECT(BOOL, 0, 1, 0, INODE, "project-quota id"),
  NOCOW(
      BOOL,
      0,
      1,
      0,
      FS | FORMAT | MOUNT | RUNTIME | INODE,
      "overwrite in place (no csum/compression/EC; encryption wins over it)"),
  NOCOW_ENABLED(BOOL, 0, 1, 1, FS | MOUNT, "allow nocow locking"),
  COPYGC_ENABLED(BOOL, 0, 1, 1, FS | MOUNT | RUNTIME, "copygc on"),
  RECONCILE_ENABLED(BOOL, 0, 1, 1, FS | MOUNT | RUNTIME, "reconcile on"),
  RECONCILE_ON_AC_ONLY(BOOL, 0, 1, 0, FS | MOUNT | RUNTIME, "reconcile only on mains power"),
  AUTO_SNAPSHOT_DELETION(
      BOOL, 0, 1, 1, FS | MOUNT | RUNTIME, "background deletion of dead snapshots"),
  NO_DATA_IO(BOOL, 0, 1, 0, MOUNT, "skip data IO (benchmark)"),
  STATE(OptionChoices.MEMBER_STATES, 0, DEVICE | RUNTIME, "member state"),
  LABEL(Kind.LABEL, 0, 255, 0, DEVICE | FORMAT | RUNTIME, "position in the label tree"),
  FAILURE_DOMAIN(TEXT, 0, 0, 0, DEVICE | FORMAT | RUNTIME, "devices of one name fail together"),
  BUCKET_SIZE(SIZE, 0, Long.MAX_VALUE, 0, DEVICE, "bucket bytes"),
  DURABILITY(NUMBER, 0, 3, 1, DEVICE | RUNTIME, "replicas one copy here counts for (0 = cache)"),
  DATA_ALLOWED(
      BITS,
      OptionChoices.DATA_TYPES,
      1 << 2 | 1 << 3 | 1 << 4,
      DEVICE | FORMAT,
      "kinds of data allowed"),
  DISCARD(BOOL, 0, 1, 1, MOUNT | FS | DEVICE | RUNTIME, "TRIM"),
  ROTATIONAL(BOOL, 0, 1, 0, DEVICE | RUNTIME, "seek-aware handling"),
  BTREE_NODE_PREFETCH(BOOL, 0, 1, 1, FS | MOUNT | RUNTIME, "sequential node prefetch"),
  BTREE_CACHE_SHRINKER_SEEKS(
      NUMBER, 1, 100, 2, FS | MOUNT | RUNTIME, "how dear it is to read a btree node again"),
  DEV_READAHEAD(
      SIZE,
      0,
      ((1L << 20) - 1) << 9,
      2 << 20,
      FS | MOUNT | RUNTIME,
      "readahead per device, summed"),
  EC_STRIPE_BUF_LIMIT(NUMBER, 1, 24, 5, FS | MOUNT | RUNTIME, "RAM % for stripe buffers");

  /** What values look like. */
  public enum Kind {
    BOOL,
    NUMBER,
    /** Bytes, with k, M, G... */
    SIZE,
    /** One of a list of names. */
    CHOICE,
    /** Any of a list of names, as bits. */
    BITS,
    /** A compression type in the low four bits, its level above. */
    COMPRESSION,
    /** 0 none, then devices, then labels; see {@link Target}. */
    TARGET,
    /** Position in the label tree plus one, or 0. */
    LABEL,
    TEXT
  }

  /** Where and when an option may be set, and how its value is restricted. */
  public static final class Scope {
    /** Of the whole filesystem. */
    public static final int FS = 1;

    /** Of one member. */
    public static final int DEVICE = 1 << 1;

    /** Of one inode, inherited. */
    public static final int INODE = 1 << 2;

    public static final int FORMAT = 1 << 3;
    public static final int MOUNT = 1 << 4;
    public static final int RUNTIME = 1 << 5;

    /** Accepted at mount, without effect. */
    public static final int MOUNT_IGNORED = 1 << 6;

    public static final int POWER_OF_TWO = 1 << 7;

    /** Not offered to people. */
    public static final int HIDDEN = 1 << 8;

    private Scope() {}
  }

  private final Kind kind;
  private final OptionChoices choices;
  private final long min;
  private final long max;
  private final long defaultValue;
  private final int scope;
  private final String effect;

  FilesystemOption(Kind kind, long min, long max, long defaultValue, int scope, String effect) {
    this(kind, null, min, max, defaultValue, scope, effect);
  }

  FilesystemOption(OptionChoices choices, long defaultValue, int scope, String effect) {
    this(Kind.CHOICE, choices, 0, choices.count() - 1, defaultValue, scope, effect);
  }

  FilesystemOption(Kind kind, OptionChoices choices, long defaultValue, int scope, String effect) {
    this(kind, choices, 0, -1L >>> (64 - choices.count()), defaultValue, scope, effect);
  }

  FilesystemOption(
      Kind kind,
      OptionChoices choices,
      long min,
      long max,
      long defaultValue,
      int scope,
      String effect) {
    this.kind = kind;
    this.choices = choices;
    this.min = min;
    this.max = max;
    this.defaultValue = defaultValue;
    this.scope = scope;
    this.effect = effect;
  }

  public Kind kind() {
    return kind;
  }

  /** The names to choose from; null if it takes no names. */
  public OptionChoices choices() {
    return choices;
  }

  /** The smallest value, unsigned. */
  public long min() {
    return min;
  }

  /** The largest value, unsigned and included. */
  public long max() {
    return max;
  }

  public long defaultValue() {
    return defaultValue;
  }

  /** Whether any of those bits of {@link Scope} is set. */
  public boolean is(int scopes) {
    return (scope & scopes) != 0;
  }

  /** Whether 1.38 has it; the others came with 1.39. */
  public boolean isOfThisVersion() {
    return switch (this) {
      case MISSING_DEV_TIMEOUT,
          MOVE_WRITES_FUA,
          NO_COMMIT_VALIDATE,
          RECOVERY_PASSES_SKIP_SCHEDULED,
          LABEL,
          FAILURE_DOMAIN,
          BTREE_CACHE_SHRINKER_SEEKS ->
          false;
      default -> true;
    };
  }

  /** What it does, in a few words. */
  public String effect() {
    return effect;
  }

  /** The option of that name, with "-" for "_" too; null if there is none. */
  public static FilesystemOption of(String name) {
    String wanted = name.replace('-', '_');
    for (FilesystemOption option : values()) {
      if (option.toString().equals(wanted)) {
        return option;
      }
    }
    return null;
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
