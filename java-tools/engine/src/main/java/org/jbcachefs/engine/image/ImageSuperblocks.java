// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.image;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jbcachefs.engine.recovery.FormatPlan;
import org.jbcachefs.engine.recovery.StripAlloc;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;
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
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.MetadataVersion;

/** The superblocks of an image while it is being written, and at last. */
final class ImageSuperblocks {
  /** Of an image that has a journal. */
  static final int JOURNAL_BUCKETS = 8;

  private static final int JOURNAL_BUCKETS_MOST = 1024;
  private static final int JOURNAL_SHARE = 16;

  private final Superblock before;
  private final Member temporary;

  /**
   * @param before that of an image alone
   */
  ImageSuperblocks(Superblock before, RandomGenerator random) {
    this.before = before;
    this.temporary =
        MemberEditor.blank(ImageSession.TEMPORARY)
            .uuid(FormatPlan.randomUuid(random))
            .bucketSectors(before.members().getFirst().bucketSectors())
            .state(MemberState.RW)
            .flag(Member.DATA_ALLOWED, ImageSession.TEMPORARY_HOLDS)
            .flag(Member.DURABILITY, 2)
            .flag(Member.FREESPACE_INITIALIZED, 1)
            .build();
  }

  /**
   * That of the image while it is being written.
   *
   * @param bytes how long it is then
   */
  Superblock ofImage(long bytes, long temporaryBytes) {
    return shared(bytes, temporaryBytes)
        .deviceIndex(ImageSession.IMAGE)
        .layout(before.layout())
        .toSuperblock(Place.NOWHERE);
  }

  /** That of the temporary member. */
  Superblock ofTemporary(long imageBytes, long bytes) {
    SuperblockLayout layout =
        SuperblockLayout.forDevice(
                before.layout().maxSectorsBits(),
                before.blockBytes() >> 9,
                temporary.bucketSectors(),
                bytes >> 9)
            .withoutCopyAtEnd();
    long behind = layout.sectors().getLast() + (layout.maxBytes() >> 9);
    long first = Math.ceilDiv(behind, temporary.bucketSectors());
    long buckets = buckets(bytes, temporary);
    long count = Math.clamp(buckets / JOURNAL_SHARE, JOURNAL_BUCKETS, JOURNAL_BUCKETS_MOST);
    return shared(imageBytes, bytes)
        .deviceIndex(ImageSession.TEMPORARY)
        .layout(layout)
        .section(journal(first, count))
        .toSuperblock(Place.NOWHERE);
  }

  private static JournalSection journal(long first, long count) {
    JournalBuckets buckets = new JournalBuckets(List.of(new JournalBuckets.Range(first, count)));
    return new JournalSection(SectionType.JOURNAL_V2.number(), buckets, Bytes.EMPTY);
  }

  private static long buckets(long bytes, Member member) {
    return (bytes >> 9) / member.bucketSectors();
  }

  private SuperblockEditor shared(long imageBytes, long temporaryBytes) {
    Member image = before.members().getFirst();
    Member grown =
        new MemberEditor(image)
            .nbuckets(buckets(imageBytes, image))
            .flag(Member.DATA_ALLOWED, ImageSession.IMAGE_HOLDS)
            .flag(Member.FREESPACE_INITIALIZED, 1)
            .flag(Member.RESIZE_ON_MOUNT, 0)
            .build();
    Member second =
        new MemberEditor(temporary)
            .nbuckets(buckets(temporaryBytes, temporary))
            .seq(before.seq())
            .build();
    int version = MetadataVersion.CURRENT.number();
    return new SuperblockEditor(before)
        .version(version)
        .flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE, version)
        .remove(SectionType.JOURNAL)
        .remove(SectionType.JOURNAL_V2)
        .remove(SectionType.MEMBERS_V1)
        .remove(SectionType.REPLICAS_V0)
        .remove(SectionType.REPLICAS)
        .section(members(before, List.of(grown, second)))
        .deviceCount(2)
        .flag(SuperblockFlag.MULTI_DEVICE, 1)
        .withoutFeature(Feature.SMALL_IMAGE)
        .withoutFeature(Feature.NO_ALLOC_INFO);
  }

  /** The section with those members, all as long as the longest. */
  private static MembersSection members(Superblock superblock, List<Member> members) {
    MembersSection old =
        (MembersSection)
            superblock.decode(superblock.section(SectionType.MEMBERS_V2).orElseThrow());
    int bytes = members.stream().mapToInt(member -> member.bytes().length()).max().orElseThrow();
    List<Member> even = new ArrayList<>();
    for (Member member : members) {
      Bytes stored = member.bytes().resized(bytes);
      even.add(new Member(member.index(), stored, stored));
    }
    return new MembersSection(old.type(), bytes, old.pad(), even, Bytes.EMPTY);
  }

  /** The image alone: what both changes to that do. */
  abstract static class Alone implements SuperblockWriter.Change {
    private final SuperblockWriter superblock;
    private final long buckets;

    Alone(SuperblockWriter superblock, long buckets) {
      this.superblock = superblock;
      this.buckets = buckets;
    }

    SuperblockWriter superblock() {
      return superblock;
    }

    void alone(SuperblockEditor editor, int resizes, int space) {
      Superblock now = superblock.current();
      Member image = now.members().get(ImageSession.IMAGE);
      long holds = Member.DATA_ALLOWED.get(image.flags()) | 1L << DataType.JOURNAL.number();
      Member member =
          new MemberEditor(image)
              .nbuckets(buckets)
              .flag(Member.DATA_ALLOWED, holds)
              .flag(Member.RESIZE_ON_MOUNT, resizes)
              .flag(Member.FREESPACE_INITIALIZED, space)
              .build();
      editor
          .section(members(now, List.of(member)))
          .remove(SectionType.MEMBERS_V1)
          .deviceCount(1)
          .flag(SuperblockFlag.MULTI_DEVICE, 0);
    }
  }

  /** An ordinary filesystem, as long as what is kept about its space is made. */
  static final class WithSpace extends Alone {
    private final long journal;

    /**
     * @param journal the first of the buckets for it
     * @param buckets how many the image has
     */
    WithSpace(SuperblockWriter superblock, long journal, long buckets) {
      super(superblock, buckets);
      this.journal = journal;
    }

    @Override
    public void apply(SuperblockEditor editor) {
      StripAlloc.strip(superblock(), editor);
      editor.withoutFeature(Feature.NO_ALLOC_INFO);
      alone(editor, 0, 1);
    }

    @Override
    public void applyTo(int device, SuperblockEditor editor) {
      editor.section(journal(journal, JOURNAL_BUCKETS));
    }
  }

  /** The finished image. */
  static final class Last extends Alone {
    private final int version;
    private final boolean keepAlloc;

    /**
     * @param buckets how many the image has
     * @param version what it says unless it has what is kept about space
     * @param keepAlloc whether it has a journal and what is kept about space
     */
    Last(SuperblockWriter superblock, long buckets, int version, boolean keepAlloc) {
      super(superblock, buckets);
      this.version = version;
      this.keepAlloc = keepAlloc;
    }

    @Override
    public void apply(SuperblockEditor editor) {
      if (!keepAlloc) {
        StripAlloc.strip(superblock(), editor);
        editor
            .version(version)
            .versionMin(Math.min(superblock().current().versionMin(), version))
            .flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE, version);
      }
      alone(editor, 1, keepAlloc ? 1 : 0);
      editor.feature(Feature.SMALL_IMAGE);
    }

    @Override
    public void applyTo(int device, SuperblockEditor editor) {
      if (!keepAlloc) {
        editor.remove(SectionType.JOURNAL).remove(SectionType.JOURNAL_V2);
      }
    }
  }
}
