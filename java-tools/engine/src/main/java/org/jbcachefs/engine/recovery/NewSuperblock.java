// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.ExtentTypesSection;
import org.jbcachefs.format.sb.JournalBuckets;
import org.jbcachefs.format.sb.JournalSection;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.MemberEditor;
import org.jbcachefs.format.sb.MembersSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.sb.SuperblockLayout;
import org.jbcachefs.format.tables.CompatFeature;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MetadataVersion;

/** The superblocks of a new filesystem, before anything is in it: not yet marked as initialized. */
final class NewSuperblock {
  private static final List<Feature> FEATURES =
      List.of(
          Feature.NEW_EXTENT_OVERWRITE,
          Feature.EXTENTS_ABOVE_BTREE_UPDATES,
          Feature.BTREE_UPDATES_JOURNALLED,
          Feature.ALLOC_V2,
          Feature.EXTENTS_ACROSS_BTREE_NODES,
          Feature.NEW_SIPHASH,
          Feature.BTREE_PTR_V2,
          Feature.NEW_VARINT,
          Feature.JOURNAL_NO_FLUSH,
          Feature.INCOMPAT_VERSION_FIELD);

  /** Values of the options that name a compression; the level is above. */
  private static final int COMPRESSION_TYPE_MASK = 15;

  private static final int COMPRESSION_LZ4 = 1;
  private static final int COMPRESSION_GZIP = 2;
  private static final int COMPRESSION_ZSTD = 3;

  private static final long NANOS = 1_000_000_000L;

  /** Fewest journal buckets of a member. */
  private static final int JOURNAL_BUCKETS_LEAST = 8;

  private static final long JOURNAL_BYTES_MOST = 1L << 30;

  private final FormatOptions options;
  private final Instant now;

  NewSuperblock(FormatOptions options, Instant now) {
    this.options = options;
    this.now = now;
  }

  /** The superblock of one member. */
  Superblock of(int index) {
    SuperblockEditor editor = new SuperblockEditor();
    int version = MetadataVersion.writtenAs(options.versionAllowed());
    editor.version(version).versionMin(options.versionAllowed()).magic(Superblock.MAGIC);
    editor.internalUuid(options.internalUuid()).userUuid(options.userUuid());
    editor.label(options.label()).deviceIndex(index).deviceCount(options.members().size());
    editor.blockSectors(options.blockBytes() >> 9).seq(1).layout(layout(index));
    editor.timeBase(now.getEpochSecond() * NANOS + now.getNano(), 0, 1);
    editor.writeTime(now.getEpochSecond()).offsetSector(Superblock.SECTOR);
    FEATURES.forEach(editor::feature);
    optionFeatures().forEach(editor::feature);
    editor.compat(CompatFeature.EXTENTS_ABOVE_BTREE_UPDATES_DONE);
    editor.compat(CompatFeature.BFORMAT_OVERFLOW_DONE);
    editor.compat(CompatFeature.NO_STALE_PTRS);
    flags(editor, version);
    filesystemOptions(editor);
    sections(editor, index);
    return editor.toSuperblock(Place.NOWHERE);
  }

  private void flags(SuperblockEditor editor, int version) {
    editor.flag(SuperblockFlag.CSUM_TYPE, 1);
    editor.flag(SuperblockFlag.CLEAN, 1);
    editor.flag(SuperblockFlag.META_REPLICAS_REQ, 1);
    editor.flag(SuperblockFlag.DATA_REPLICAS_REQ, 1);
    editor.flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE, version);
    editor.flag(SuperblockFlag.VERSION_INCOMPAT_ALLOWED, options.versionAllowed());
    int withoutUserReplicas = MetadataVersion.NO_SB_USER_DATA_REPLICAS.number();
    if (options.versionAllowed() >= withoutUserReplicas) {
      editor.flag(SuperblockFlag.VERSION_INCOMPAT, withoutUserReplicas);
    }
    editor.flag(SuperblockFlag.EXTENT_BP_SHIFT, options.extentBpShift());
    editor.flag(SuperblockFlag.MULTI_DEVICE, options.members().size() > 1 ? 1 : 0);
    editor.flag(SuperblockFlag.ENCRYPTION_TYPE, options.crypt().isPresent() ? 1 : 0);
  }

  /** What options let files make use of is announced before the first of them does. */
  private List<Feature> optionFeatures() {
    List<Feature> features = new ArrayList<>();
    for (FilesystemOption option :
        List.of(FilesystemOption.COMPRESSION, FilesystemOption.BACKGROUND_COMPRESSION)) {
      switch ((int) value(option) & COMPRESSION_TYPE_MASK) {
        case COMPRESSION_LZ4 -> features.add(Feature.LZ4);
        case COMPRESSION_GZIP -> features.add(Feature.GZIP);
        case COMPRESSION_ZSTD -> features.add(Feature.ZSTD);
        default -> {}
      }
    }
    if (value(FilesystemOption.ERASURE_CODE) != 0) {
      features.add(Feature.EC);
    }
    return features;
  }

  private long value(FilesystemOption option) {
    return options.options().getOrDefault(option, option.defaultValue());
  }

  private void filesystemOptions(SuperblockEditor editor) {
    for (FilesystemOption option : FilesystemOption.values()) {
      boolean wanted = option.is(FilesystemOption.Scope.FS) && option.isOfThisVersion();
      if (wanted && SuperblockEditor.keeps(option)) {
        editor.option(option, value(option));
      }
    }
    editor.option(FilesystemOption.BLOCK_SIZE, options.blockBytes());
    editor.option(FilesystemOption.BTREE_NODE_SIZE, options.btreeNodeBytes());
  }

  private void sections(SuperblockEditor editor, int index) {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < options.members().size(); i++) {
      members.add(member(i));
    }
    Bytes pad =
        Bytes.EMPTY.resized(MembersSection.V2_OFFSET_MEMBERS - MembersSection.V2_OFFSET_PAD);
    editor.section(
        new MembersSection(
            SectionType.MEMBERS_V2.number(), Member.BYTES, pad, members, Bytes.EMPTY));
    if (!options.diskGroups().labels().isEmpty()) {
      editor.section(options.diskGroups());
    }
    options.crypt().ifPresent(editor::section);
    editor.section(ExtentTypesSection.known());
    if ((options.members().get(index).dataAllowed() >>> DataType.JOURNAL.number() & 1) != 0) {
      JournalBuckets journal = new JournalBuckets(List.of(journalRange(index)));
      editor.section(new JournalSection(SectionType.JOURNAL_V2.number(), journal, Bytes.EMPTY));
    }
  }

  private Member member(int index) {
    FormatOptions.MemberFormat format = options.members().get(index);
    return MemberEditor.blank(index)
        .uuid(format.uuid())
        .nbuckets(format.buckets())
        .firstBucket(0)
        .bucketSectors(format.bucketBytes() >> 9)
        .state(format.state())
        .flag(Member.DISCARD, format.discard() ? 1 : 0)
        .flag(Member.DATA_ALLOWED, format.dataAllowed())
        .flag(Member.GROUP, format.labelIndex() + 1L)
        .flag(Member.DURABILITY, format.durability() + 1L)
        .flag(Member.ROTATIONAL, format.rotational() ? 1 : 0)
        .flag(Member.ROTATIONAL_SET, 1)
        .flag(Member.FREESPACE_INITIALIZED, 1)
        .build();
  }

  SuperblockLayout layout(int index) {
    FormatOptions.MemberFormat member = options.members().get(index);
    int bits = 31 - Integer.numberOfLeadingZeros(options.superblockSectors());
    SuperblockLayout layout =
        SuperblockLayout.forDevice(
            bits,
            options.blockBytes() >> 9,
            member.bucketBytes() >> 9,
            (member.buckets() * member.bucketBytes()) >> 9);
    return options.copyAtEnd() ? layout : layout.withoutCopyAtEnd();
  }

  /** The journal lies behind the superblocks at the beginning. */
  JournalBuckets.Range journalRange(int index) {
    FormatOptions.MemberFormat member = options.members().get(index);
    List<Long> copies = layout(index).sectors();
    long behind = copies.get(1) + options.superblockSectors();
    long first = Math.ceilDiv(behind, member.bucketBytes() >> 9);
    long most = Math.max(JOURNAL_BUCKETS_LEAST, JOURNAL_BYTES_MOST / member.bucketBytes());
    long count = Math.clamp(member.buckets() >> 7, JOURNAL_BUCKETS_LEAST, (int) most);
    return new JournalBuckets.Range(first, count);
  }
}
