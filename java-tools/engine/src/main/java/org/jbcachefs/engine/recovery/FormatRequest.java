// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.sb.CryptSection;
import org.jbcachefs.format.tables.FilesystemOption;

/**
 * What somebody asks of a new filesystem; {@link FormatPlan} chooses the rest.
 *
 * @param internalUuid seeds all magic numbers; the crypt section is encrypted with it
 * @param userUuid what people know it by
 * @param label of the filesystem, fewer than 32 bytes
 * @param versionAllowed number of the newest version whose incompatible features may be used
 * @param superblockBytes room for each copy of the superblock
 * @param options of the whole filesystem, those that were given
 * @param targets the four options that name devices or labels, those that were given: a member's
 *     name, a label, or "none"
 * @param crypt present if it is to be encrypted
 * @param members in order of their index
 */
public record FormatRequest(
    UUID internalUuid,
    UUID userUuid,
    String label,
    int versionAllowed,
    long superblockBytes,
    Map<FilesystemOption, Long> options,
    Map<FilesystemOption, String> targets,
    Optional<CryptSection> crypt,
    List<MemberRequest> members) {

  /**
   * A member.
   *
   * @param device what it is; only its name and size are looked at
   * @param sizeBytes how much of it is to be used; 0 for all
   * @param label e.g. "ssd.fast"; null if it has none
   * @param options of the member, those that were given
   * @param physicalBlockBytes what the medium writes at once
   */
  public record MemberRequest(
      BlockDevice device,
      long sizeBytes,
      String label,
      Map<FilesystemOption, Long> options,
      int physicalBlockBytes,
      boolean rotational) {
    public MemberRequest {
      options = Map.copyOf(options);
    }

    long bytes() {
      return sizeBytes == 0 ? device.size() : sizeBytes;
    }

    String name() {
      return device.name();
    }

    long option(FilesystemOption option) {
      return options.getOrDefault(option, option.defaultValue());
    }
  }

  /**
   * The machine that will use it, as far as sizes depend on it.
   *
   * @param memoryBytes of main memory: how many buckets an fsck can hold in it
   */
  public record Machine(int processors, long memoryBytes) {}

  public FormatRequest {
    options = Map.copyOf(options);
    targets = Map.copyOf(targets);
    members = List.copyOf(members);
  }

  long option(FilesystemOption option) {
    return options.getOrDefault(option, option.defaultValue());
  }
}
