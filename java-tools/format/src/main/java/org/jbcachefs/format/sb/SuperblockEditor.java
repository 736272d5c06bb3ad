// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.function.LongUnaryOperator;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.tables.CompatFeature;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FilesystemOption;

/**
 * Makes a superblock out of another one: fields and sections changed, everything else as it was.
 * Not thread-safe.
 */
public final class SuperblockEditor {
  /** Length of the ext section, without its header, up to the word of options. */
  private static final int EXT_BYTES = ExtSection.OFFSET_FLAGS0;

  private final byte[] fixed;
  private final MemorySegment fields;
  private final List<RawSection> sections;

  /** Begins with nothing but zeros and no section. */
  public SuperblockEditor() {
    this.fixed = new byte[Superblock.BYTES];
    this.fields = MemorySegment.ofArray(fixed);
    this.sections = new ArrayList<>();
  }

  public SuperblockEditor(Superblock from) {
    this.fixed = Arrays.copyOf(from.raw(), Superblock.BYTES);
    this.fields = MemorySegment.ofArray(fixed);
    this.sections = new ArrayList<>(from.sections());
  }

  /** The device that the superblock will belong to. */
  public SuperblockEditor deviceIndex(int index) {
    Le.putU8(fields, Superblock.OFFSET_DEV_IDX, index);
    return this;
  }

  /** The sector that it will be written to. */
  public SuperblockEditor offsetSector(long sector) {
    Le.putU64(fields, Superblock.OFFSET_OFFSET, sector);
    return this;
  }

  public SuperblockEditor seq(long seq) {
    Le.putU64(fields, Superblock.OFFSET_SEQ, seq);
    return this;
  }

  /** Seconds since 1970. */
  public SuperblockEditor writeTime(long seconds) {
    Le.putU64(fields, Superblock.OFFSET_WRITE_TIME, seconds);
    return this;
  }

  public SuperblockEditor flag(SuperblockFlag flag, long value) {
    long offset = Superblock.OFFSET_FLAGS + 8L * flag.word();
    Le.putU64(fields, offset, flag.bits().set(Le.u64(fields, offset), value));
    return this;
  }

  public SuperblockEditor version(int version) {
    Le.putU16(fields, Superblock.OFFSET_VERSION, version);
    return this;
  }

  /** The oldest version of anything that is on disk. */
  public SuperblockEditor versionMin(int version) {
    Le.putU16(fields, Superblock.OFFSET_VERSION_MIN, version);
    return this;
  }

  public SuperblockEditor magic(UUID magic) {
    return uuid(Superblock.OFFSET_MAGIC, magic);
  }

  public SuperblockEditor internalUuid(UUID uuid) {
    return uuid(Superblock.OFFSET_UUID, uuid);
  }

  public SuperblockEditor userUuid(UUID uuid) {
    return uuid(Superblock.OFFSET_USER_UUID, uuid);
  }

  private SuperblockEditor uuid(int offset, UUID uuid) {
    Le.putU64(fields, offset, Long.reverseBytes(uuid.getMostSignificantBits()));
    Le.putU64(fields, offset + 8L, Long.reverseBytes(uuid.getLeastSignificantBits()));
    return this;
  }

  /** Cut to 32 bytes. */
  public SuperblockEditor label(String label) {
    byte[] bytes = label.getBytes(UTF_8);
    Arrays.fill(
        fixed, Superblock.OFFSET_LABEL, Superblock.OFFSET_LABEL + Superblock.LABEL_BYTES, (byte) 0);
    System.arraycopy(
        bytes, 0, fixed, Superblock.OFFSET_LABEL, Math.min(bytes.length, Superblock.LABEL_BYTES));
    return this;
  }

  public SuperblockEditor blockSectors(int sectors) {
    Le.putU16(fields, Superblock.OFFSET_BLOCK_SIZE, sectors);
    return this;
  }

  public SuperblockEditor deviceCount(int count) {
    Le.putU8(fields, Superblock.OFFSET_NR_DEVICES, count);
    return this;
  }

  /** Where inode times count from, in nanoseconds, and their unit. */
  public SuperblockEditor timeBase(long low, int high, int precision) {
    Le.putU64(fields, Superblock.OFFSET_TIME_BASE_LO, low);
    Le.putU32(fields, Superblock.OFFSET_TIME_BASE_HI, high);
    Le.putU32(fields, Superblock.OFFSET_TIME_PRECISION, precision);
    return this;
  }

  /** A field of the first word of incompatible features. */
  public SuperblockEditor feature(Feature feature) {
    Le.putU64(
        fields,
        Superblock.OFFSET_FEATURES,
        Le.u64(fields, Superblock.OFFSET_FEATURES) | 1L << feature.number());
    return this;
  }

  /** Takes one of these away. */
  public SuperblockEditor withoutFeature(Feature feature) {
    Le.putU64(
        fields,
        Superblock.OFFSET_FEATURES,
        Le.u64(fields, Superblock.OFFSET_FEATURES) & ~(1L << feature.number()));
    return this;
  }

  /**
   * Sets an option of the whole filesystem.
   *
   * @param value as {@link Superblock#option} gives it
   * @throws IllegalArgumentException if superblocks have no place for it
   */
  public SuperblockEditor option(FilesystemOption option, long value) {
    if (!OptionStorage.write(this, option, value)) {
      throw new IllegalArgumentException("superblocks do not keep " + option);
    }
    return this;
  }

  /** Whether superblocks have a place for an option. */
  public static boolean keeps(FilesystemOption option) {
    return OptionStorage.keeps(option);
  }

  /** Sets bits of the word of options in the ext section, which is made if it is not there. */
  SuperblockEditor extFlags(BitRange bits, long value) {
    return extWord(ExtSection.OFFSET_FLAGS0, word -> bits.set(word, value));
  }

  /** Stable numbers of passes to run at the next mount, as bits. */
  public SuperblockEditor recoveryPassesRequired(long passes) {
    return extWord(ExtSection.OFFSET_RECOVERY_PASSES_REQUIRED, _ -> passes);
  }

  /** Numbers of errors that are to be repaired in silence: these and no others. */
  public SuperblockEditor errorsSilent(Collection<Integer> errors) {
    long[] words = new long[ExtSection.ERRORS_SILENT_BITS / Long.SIZE];
    for (int error : errors) {
      if (error < ExtSection.ERRORS_SILENT_BITS) {
        words[error / Long.SIZE] |= 1L << error;
      }
    }
    for (int index = 0; index < words.length; index++) {
      long word = words[index];
      extWord(ExtSection.OFFSET_ERRORS_SILENT + index * Long.BYTES, now -> word);
    }
    return this;
  }

  /** Btree numbers as bits: those that were found consistent and have not been changed since. */
  public SuperblockEditor btreesClean(long btrees) {
    return extWord(ExtSection.OFFSET_BTREES_CLEAN, _ -> btrees);
  }

  private SuperblockEditor extWord(int offset, LongUnaryOperator change) {
    byte[] stored = new byte[Math.max(EXT_BYTES, offset - RawSection.HEADER_BYTES + Long.BYTES)];
    for (RawSection section : sections) {
      if (section.type() == SectionType.EXT.number()) {
        byte[] now = section.payload().toArray();
        stored = Arrays.copyOf(now, Math.max(now.length, stored.length));
      }
    }
    MemorySegment words = MemorySegment.ofArray(stored);
    int at = offset - RawSection.HEADER_BYTES;
    Le.putU64(words, at, change.applyAsLong(Le.u64(words, at)));
    return section(new ExtSection(Bytes.copyOf(stored)));
  }

  public SuperblockEditor compat(CompatFeature feature) {
    Le.putU64(
        fields,
        Superblock.OFFSET_COMPAT,
        Le.u64(fields, Superblock.OFFSET_COMPAT) | 1L << feature.number());
    return this;
  }

  public SuperblockEditor layout(SuperblockLayout layout) {
    byte[] bytes = layout.encode().toArray();
    System.arraycopy(bytes, 0, fixed, Superblock.OFFSET_LAYOUT, bytes.length);
    return this;
  }

  /** Puts a section in the place of the one of its type, or behind all others. */
  public SuperblockEditor section(Section section) {
    Bytes payload = section.encode();
    if (payload.length() % 8 != 0) {
      throw new IllegalArgumentException("a section of " + payload.length() + " bytes");
    }
    RawSection stored = new RawSection(section.type(), payload);
    for (int index = 0; index < sections.size(); index++) {
      if (sections.get(index).type() == stored.type()) {
        sections.set(index, stored);
        return this;
      }
    }
    sections.add(stored);
    return this;
  }

  public SuperblockEditor remove(SectionType type) {
    sections.removeIf(section -> section.type() == type.number());
    return this;
  }

  /** The whole superblock, with its size and checksum. */
  public byte[] build() {
    SectionWriter out = new SectionWriter();
    int sectionBytes = sections.stream().mapToInt(RawSection::totalBytes).sum();
    Le.putU32(fields, Superblock.OFFSET_U64S, sectionBytes / 8);
    out.bytes(Bytes.copyOf(fixed));
    for (RawSection section : sections) {
      out.u32(section.totalBytes() / 8).u32(section.type()).bytes(section.payload());
    }
    Bytes bytes = out.done();
    int type = SuperblockFlag.CSUM_TYPE.bits().getInt(bytes.u64(Superblock.OFFSET_FLAGS));
    ChecksumType checksum = SuperblockChecksum.type(type, Place.NOWHERE);
    byte[] whole = bytes.toArray();
    restamp(checksum, whole);
    return whole;
  }

  /**
   * Makes the checksum of a whole superblock right after its bytes were changed. A checksum type
   * that superblocks cannot have is left alone.
   */
  public static void restamp(byte[] superblock) {
    Bytes bytes = Bytes.copyOf(superblock);
    int number = SuperblockFlag.CSUM_TYPE.bits().getInt(bytes.u64(Superblock.OFFSET_FLAGS));
    ChecksumType type = ChecksumType.of(number);
    if (type != null && !type.isMac()) {
      restamp(type, superblock);
    }
  }

  private static void restamp(ChecksumType type, byte[] superblock) {
    MemorySegment segment = MemorySegment.ofArray(superblock);
    long checksum = SuperblockChecksum.compute(type, Bytes.copyOf(superblock));
    Le.putU64(segment, SuperblockChecksum.OFFSET_LO, checksum);
    Le.putU64(segment, SuperblockChecksum.OFFSET_HI, 0);
  }

  /** The same, decoded and checked; it has not been read from anywhere. */
  public Superblock toSuperblock(Place place) {
    return Superblock.parse(MemorySegment.ofArray(build()), place);
  }
}
