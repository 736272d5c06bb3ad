// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FilesystemOption;

/**
 * One copy of a superblock, checked and decoded. Source: {@code struct bch_sb}.
 *
 * <p>{@link #parse} accepts whatever can be shown; {@link #refuseUnreadable} refuses what must not
 * be read on from.
 */
public final class Superblock {
  /** Bytes of the fixed part. */
  public static final int BYTES = 752;

  public static final int OFFSET_CSUM = 0;
  public static final int OFFSET_VERSION = 16;
  public static final int OFFSET_VERSION_MIN = 18;
  public static final int OFFSET_PAD = 20;
  public static final int OFFSET_MAGIC = 24;
  public static final int OFFSET_UUID = 40;
  public static final int OFFSET_USER_UUID = 56;
  public static final int OFFSET_LABEL = 72;
  public static final int OFFSET_OFFSET = 104;
  public static final int OFFSET_SEQ = 112;
  public static final int OFFSET_BLOCK_SIZE = 120;
  public static final int OFFSET_DEV_IDX = 122;
  public static final int OFFSET_NR_DEVICES = 123;
  public static final int OFFSET_U64S = 124;
  public static final int OFFSET_TIME_BASE_LO = 128;
  public static final int OFFSET_TIME_BASE_HI = 136;
  public static final int OFFSET_TIME_PRECISION = 140;
  public static final int OFFSET_FLAGS = 144;
  public static final int OFFSET_WRITE_TIME = 200;
  public static final int OFFSET_FEATURES = 208;
  public static final int OFFSET_COMPAT = 224;
  public static final int OFFSET_LAYOUT = 240;
  public static final int OFFSET_SECTIONS = 752;
  public static final int LABEL_BYTES = 32;

  /** Sector of the primary copy. */
  public static final long SECTOR = 8;

  /** The shift of backpointer positions where the superblock has none. */
  public static final int EXTENT_BP_SHIFT_DEFAULT = 10;

  public static final UUID MAGIC = UUID.fromString("c68573f6-66ce-90a9-d96a-60cf803df7ef");

  /** The first four bytes of both magics. */
  private static final int MAGIC_START = 0xf67385c6;

  /** The magic that the format's forerunner used; old filesystems carry it. */
  public static final UUID BCACHE_MAGIC = UUID.fromString("c68573f6-4e1a-45ca-8265-f57f48ba6d81");

  private final Bytes bytes;
  private final Place place;
  private final SuperblockLayout layout;
  private final SectionTable sections;

  private Superblock(Bytes bytes, Place place) {
    this.bytes = bytes;
    this.place = place;
    SuperblockChecks checks = new SuperblockChecks(this);
    checks.fixedPart();
    this.layout = SuperblockLayout.parse(bytes, OFFSET_LAYOUT, place);
    this.sections = new SectionTable(bytes, deviceCount(), deviceIndex(), version(), place);
    checks.members();
  }

  static boolean isMagic(UUID magic) {
    return magic.equals(MAGIC) || magic.equals(BCACHE_MAGIC);
  }

  /** Whether the bytes from that offset on carry a superblock's magic where one has it. */
  public static boolean hasMagic(MemorySegment segment, long offset) {
    long at = offset + OFFSET_MAGIC;
    return at + 16 <= segment.byteSize()
        && Le.u32(segment, at) == MAGIC_START
        && isMagic(Bytes.copyOf(segment, at, 16).uuid(0));
  }

  /**
   * How many bytes a superblock takes, judged by its first {@link #BYTES}; throws {@link
   * CorruptionException} if they begin no superblock, or one larger than its layout allows.
   */
  public static int sizeOf(MemorySegment head, Place place) {
    Place where = place.in("superblock");
    if (head.byteSize() < BYTES) {
      throw new CorruptionException(
          "invalid_sb_too_small", where, "only " + head.byteSize() + " bytes");
    }
    Bytes fixed = Bytes.copyOf(head, 0, BYTES);
    UUID magic = fixed.uuid(OFFSET_MAGIC);
    if (!isMagic(magic)) {
      throw new CorruptionException(
          "invalid_sb_magic", where, "not a bcachefs superblock (magic " + magic + ")");
    }
    long size = BYTES + 8 * Integer.toUnsignedLong(fixed.u32(OFFSET_U64S));
    int bits = fixed.u8(OFFSET_LAYOUT + SuperblockLayout.OFFSET_SB_MAX_SIZE_BITS);
    long most = 512L << Math.min(bits, SuperblockLayout.MAX_SIZE_BITS);
    if (size > most) {
      throw new CorruptionException(
          "invalid_sb_too_big", where, size + " bytes are more than the layout's " + most);
    }
    return (int) size;
  }

  /**
   * Decodes and checks one copy. If the place has an offset, the copy must say that it belongs
   * there.
   *
   * @throws CorruptionException if the bytes are no valid superblock
   * @throws RefusedException if it is of a byte order that is not supported
   */
  public static Superblock parse(MemorySegment segment, Place place) {
    int size = sizeOf(segment, place);
    Place where = place.in("superblock");
    if (segment.byteSize() < size) {
      throw new CorruptionException(
          "invalid_sb_too_big",
          where,
          size + " bytes, of which only " + segment.byteSize() + " are there");
    }
    Bytes bytes = Bytes.copyOf(segment, 0, size);
    long flags0 = bytes.u64(OFFSET_FLAGS);
    int checksumType = SuperblockFlag.CSUM_TYPE.bits().getInt(flags0);
    SuperblockChecksum.verify(bytes, SuperblockChecksum.type(checksumType, where), where);
    if (SuperblockFlag.BIG_ENDIAN.bits().isSet(flags0)) {
      throw new RefusedException(
          "big_endian",
          where,
          "the filesystem was made on a big-endian machine, which is not supported");
    }
    return new Superblock(bytes, where);
  }

  /** Throws {@link RefusedException} by name if it needs what this version does not know. */
  public void refuseUnreadable() {
    new SuperblockChecks(this).readable();
  }

  /** Where this copy was read. */
  public Place place() {
    return place;
  }

  /** The whole superblock as it was read, checksum and all. */
  public byte[] raw() {
    return bytes.toArray();
  }

  /** Size of the whole superblock. */
  public int sizeBytes() {
    return bytes.length();
  }

  /** Number of the metadata version. */
  public int version() {
    return bytes.u16(OFFSET_VERSION);
  }

  /** Number of the oldest version of anything that is still on disk. */
  public int versionMin() {
    return bytes.u16(OFFSET_VERSION_MIN);
  }

  /** Number of the newest version whose incompatible features are in use. */
  public int versionIncompat() {
    return (int) flag(SuperblockFlag.VERSION_INCOMPAT);
  }

  /**
   * Number of the newest version whose incompatible features may be used. Corrected as every reader
   * does: never above {@link #version}, never below {@link #versionIncompat}.
   */
  public int versionIncompatAllowed() {
    int stored = (int) flag(SuperblockFlag.VERSION_INCOMPAT_ALLOWED);
    return Math.max(Math.min(stored, version()), versionIncompat());
  }

  public UUID magic() {
    return bytes.uuid(OFFSET_MAGIC);
  }

  public UUID internalUuid() {
    return bytes.uuid(OFFSET_UUID);
  }

  public UUID userUuid() {
    return bytes.uuid(OFFSET_USER_UUID);
  }

  /** The first eight bytes of the internal UUID: what journal and btree magics are mixed with. */
  public long magicWord() {
    return bytes.u64(OFFSET_UUID);
  }

  public String label() {
    return bytes.text(OFFSET_LABEL, LABEL_BYTES, UTF_8);
  }

  /** The sector this copy was written to. */
  public long offsetSector() {
    return bytes.u64(OFFSET_OFFSET);
  }

  /** Grows with every write of the superblock. */
  public long seq() {
    return bytes.u64(OFFSET_SEQ);
  }

  public int blockSectors() {
    return bytes.u16(OFFSET_BLOCK_SIZE);
  }

  public int blockBytes() {
    return blockSectors() << 9;
  }

  public int btreeNodeBytes() {
    return (int) flag(SuperblockFlag.BTREE_NODE_SIZE) << 9;
  }

  /** Index of the device that this copy belongs to. */
  public int deviceIndex() {
    return bytes.u8(OFFSET_DEV_IDX);
  }

  /** Number of member slots, free ones included. */
  public int deviceCount() {
    return bytes.u8(OFFSET_NR_DEVICES);
  }

  /** Low 64 bits of the time that inode times count from, in nanoseconds. */
  public long timeBaseLo() {
    return bytes.u64(OFFSET_TIME_BASE_LO);
  }

  public int timeBaseHi() {
    return bytes.u32(OFFSET_TIME_BASE_HI);
  }

  /** Unit of inode times in nanoseconds. */
  public int timePrecision() {
    return bytes.u32(OFFSET_TIME_PRECISION);
  }

  /** When this superblock was written, in seconds since 1970. */
  public long writeTime() {
    return bytes.u64(OFFSET_WRITE_TIME);
  }

  public long flag(SuperblockFlag flag) {
    return flag.bits().get(bytes.u64(OFFSET_FLAGS + 8 * flag.word()));
  }

  public boolean isSet(SuperblockFlag flag) {
    return flag(flag) != 0;
  }

  /** Whether it was shut down cleanly: the journal need not be read. */
  public boolean clean() {
    return isSet(SuperblockFlag.CLEAN);
  }

  public boolean encrypted() {
    return isSet(SuperblockFlag.ENCRYPTION_TYPE);
  }

  /** The two words of incompatible features. */
  public long[] features() {
    return new long[] {bytes.u64(OFFSET_FEATURES), bytes.u64(OFFSET_FEATURES + 8)};
  }

  public boolean has(Feature feature) {
    return (bytes.u64(OFFSET_FEATURES) >>> feature.number() & 1) != 0;
  }

  /** The two words of compatible features. */
  public long[] compat() {
    return new long[] {bytes.u64(OFFSET_COMPAT), bytes.u64(OFFSET_COMPAT + 8)};
  }

  /** Shift of sectors in backpointer positions. */
  public int extentBpShift() {
    int shift = (int) flag(SuperblockFlag.EXTENT_BP_SHIFT);
    return shift == 0 ? EXTENT_BP_SHIFT_DEFAULT : shift;
  }

  /** Number of the checksum option for metadata: 0 none, 1 crc32c, 2 crc64, 3 xxhash. */
  public int metadataChecksumType() {
    return (int) flag(SuperblockFlag.META_CSUM_TYPE);
  }

  public SuperblockLayout layout() {
    return layout;
  }

  /** All member slots by index; see {@link Member#exists}. */
  public List<Member> members() {
    return sections.members();
  }

  /** Number of members, free slots not counted. */
  public int memberCount() {
    return (int) members().stream().filter(Member::exists).count();
  }

  /** Where the journal is on the device that this copy belongs to. */
  public JournalBuckets journalBuckets() {
    return sections
        .decoded(SectionType.JOURNAL_V2, JournalSection.class)
        .or(() -> sections.decoded(SectionType.JOURNAL, JournalSection.class))
        .map(JournalSection::buckets)
        .orElse(JournalBuckets.NONE);
  }

  public Optional<CleanSection> cleanSection() {
    return sections.decoded(SectionType.CLEAN, CleanSection.class);
  }

  public BlacklistSection blacklist() {
    return sections
        .decoded(SectionType.JOURNAL_SEQ_BLACKLIST, BlacklistSection.class)
        .orElse(BlacklistSection.NONE);
  }

  public ReplicasSection replicas() {
    return sections
        .decoded(SectionType.REPLICAS, ReplicasSection.class)
        .or(() -> sections.decoded(SectionType.REPLICAS_V0, ReplicasSection.class))
        .orElse(ReplicasSection.NONE);
  }

  public DiskGroupsSection diskGroups() {
    return sections
        .decoded(SectionType.DISK_GROUPS, DiskGroupsSection.class)
        .orElse(DiskGroupsSection.NONE);
  }

  /** Present if the filesystem is encrypted, or once was. */
  public Optional<CryptSection> crypt() {
    return sections.decoded(SectionType.CRYPT, CryptSection.class);
  }

  /** Grace times of quotas. */
  public Optional<QuotaSection> quotas() {
    return sections.decoded(SectionType.QUOTA, QuotaSection.class);
  }

  public Optional<ExtSection> ext() {
    return sections.decoded(SectionType.EXT, ExtSection.class);
  }

  /** All sections in the order in which they are stored. */
  public List<RawSection> sections() {
    return sections.stored();
  }

  /** The first section of that type as it is stored. */
  public Optional<RawSection> section(SectionType type) {
    return sections.find(type);
  }

  /** The content of one of {@link #sections}; of an unknown type, the section itself. */
  public Section decode(RawSection section) {
    return sections.decode(section);
  }

  /** An option of the whole filesystem; empty if superblocks do not keep it. */
  public OptionalLong option(FilesystemOption option) {
    return OptionStorage.read(this, option);
  }

  /**
   * Size in 8-byte words of an extent entry of that type, if the superblock says; 0 otherwise.
   * Types that newer versions add can be skipped this way.
   */
  public int extentTypeU64s(int entryType) {
    return sections
        .decoded(SectionType.EXTENT_TYPE_U64S, ExtentTypesSection.class)
        .map(types -> types.u64s(entryType))
        .orElse(0);
  }
}
