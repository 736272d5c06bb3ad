// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.sb.CryptSection;
import org.jbcachefs.format.sb.DiskGroupsSection;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MemberState;

/**
 * What a new filesystem is to be like. Everything is decided: whoever makes it has looked at the
 * devices and chosen sizes.
 *
 * @param internalUuid seeds all magic numbers
 * @param userUuid what people know it by
 * @param label at most 32 bytes
 * @param versionAllowed number of the newest version whose incompatible features may be used; 1.28
 *     or later
 * @param blockBytes a power of two from 512 on
 * @param btreeNodeBytes a power of two, more than a block, no more than any bucket
 * @param extentBpShift of backpointer positions: 16, or 10 for kernels that know no other
 * @param superblockSectors room for each copy of the superblock, a power of two
 * @param options of the whole filesystem, as {@code Superblock.option} gives them; those that are
 *     not named get their defaults
 * @param diskGroups the labels that members have
 * @param crypt present if it is encrypted
 * @param members in order of their index
 * @param copyAtEnd whether members have a copy of the superblock at their end
 */
public record FormatOptions(
    UUID internalUuid,
    UUID userUuid,
    String label,
    int versionAllowed,
    int blockBytes,
    int btreeNodeBytes,
    int extentBpShift,
    int superblockSectors,
    Map<FilesystemOption, Long> options,
    DiskGroupsSection diskGroups,
    Optional<CryptSection> crypt,
    List<MemberFormat> members,
    boolean copyAtEnd) {

  /**
   * A member.
   *
   * @param device open for writing; its content is lost
   * @param sizeBytes how much of it is used
   * @param labelIndex index of its label, or -1
   * @param durability how many replicas a copy on it counts for; 0 for a cache
   * @param dataAllowed bits by data type's number
   */
  public record MemberFormat(
      BlockDevice device,
      UUID uuid,
      long sizeBytes,
      int bucketBytes,
      int labelIndex,
      int durability,
      boolean discard,
      boolean rotational,
      int dataAllowed,
      MemberState state) {
    /** The same, reached in another way. */
    public MemberFormat on(BlockDevice other) {
      return new MemberFormat(
          other,
          uuid,
          sizeBytes,
          bucketBytes,
          labelIndex,
          durability,
          discard,
          rotational,
          dataAllowed,
          state);
    }

    /** Buckets that fit. */
    public long buckets() {
      return sizeBytes / bucketBytes;
    }
  }

  public FormatOptions {
    options = Map.copyOf(options);
    members = List.copyOf(members);
  }

  /** With a copy of the superblock at the end of each member. */
  public FormatOptions(
      UUID internalUuid,
      UUID userUuid,
      String label,
      int versionAllowed,
      int blockBytes,
      int btreeNodeBytes,
      int extentBpShift,
      int superblockSectors,
      Map<FilesystemOption, Long> options,
      DiskGroupsSection diskGroups,
      Optional<CryptSection> crypt,
      List<MemberFormat> members) {
    this(
        internalUuid,
        userUuid,
        label,
        versionAllowed,
        blockBytes,
        btreeNodeBytes,
        extentBpShift,
        superblockSectors,
        options,
        diskGroups,
        crypt,
        members,
        true);
  }

  /** The same with other members. */
  public FormatOptions withMembers(List<MemberFormat> others) {
    return with(others, copyAtEnd);
  }

  /** The same without a copy of the superblock at the end: members can be cut there later. */
  public FormatOptions withoutCopyAtEnd() {
    return with(members, false);
  }

  private FormatOptions with(List<MemberFormat> others, boolean copy) {
    return new FormatOptions(
        internalUuid,
        userUuid,
        label,
        versionAllowed,
        blockBytes,
        btreeNodeBytes,
        extentBpShift,
        superblockSectors,
        options,
        diskGroups,
        crypt,
        others,
        copy);
  }
}
