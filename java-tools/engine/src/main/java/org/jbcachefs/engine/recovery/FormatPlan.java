// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jbcachefs.engine.recovery.FormatOptions.MemberFormat;
import org.jbcachefs.engine.recovery.FormatRequest.MemberRequest;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.Target;

/**
 * Chooses everything about a new filesystem that nobody asked for: sizes of blocks, buckets and
 * nodes by those of the devices, as mkfs does. Looks at nothing but its arguments.
 */
public final class FormatPlan {
  /** Fewest buckets of a member; four times as many are better. */
  private static final int BUCKETS_LEAST = 512;

  private static final int BUCKETS_WANTED = 4 * BUCKETS_LEAST;

  /** From that size on blocks are those of the media, 4 KiB at least. */
  private static final long SMALL_FILESYSTEM_BYTES = 1L << 30;

  private static final int SMALL_BLOCK_BYTES = 512;
  private static final int LARGE_BLOCK_BYTES = 4096;
  private static final int BLOCK_BYTES_MOST = 32 << 10;
  private static final long BUCKET_BYTES_AT_LEAST = 256 << 10;
  private static final long BUCKET_BYTES_OF_LARGE = 2 << 20;

  /** A member has 16 bits for the size of its buckets in sectors. */
  private static final long BUCKET_BYTES_MOST = 16 << 20;

  /** Bytes that an fsck of the kernel's needs for a bucket, with its reserve. */
  private static final int FSCK_BYTES_PER_BUCKET = 24;

  private static final int FSCK_SHARE_OF_MEMORY = 8;

  /** Kernels before this version count backpointers in sectors times 2^10 whatever is said. */
  private static final int VERSION_WITH_BP_SHIFT = MetadataVersion.number(1, 36);

  private static final int OLDEST_VERSION = MetadataVersion.number(1, 28);
  private static final int OLD_BP_SHIFT = 10;
  private static final int BP_SHIFT = 16;
  private static final int MEMBERS_MOST = 255;
  private static final int SHARD_BITS_MOST = 8;
  private static final long NODE_SHARE = 400;
  private static final int SUPERBLOCK_SECTORS_LEAST = 128;
  private static final int SUPERBLOCK_SECTORS_MOST = 1 << 16;

  private final FormatRequest request;
  private final FormatRequest.Machine machine;
  private final long totalBytes;

  private FormatPlan(FormatRequest request, FormatRequest.Machine machine) {
    this.request = request;
    this.machine = machine;
    this.totalBytes = request.members().stream().mapToLong(MemberRequest::bytes).sum();
  }

  /**
   * Decides.
   *
   * @param random where the members' UUIDs come from
   * @throws RefusedException by name, for what cannot be
   */
  public static FormatOptions decide(
      FormatRequest request, FormatRequest.Machine machine, RandomGenerator random) {
    return new FormatPlan(request, machine).decide(random);
  }

  private FormatOptions decide(RandomGenerator random) {
    checkRequest();
    int blockBytes = blockBytes();
    List<Integer> buckets = bucketSizes(blockBytes);
    int nodeBytes = nodeBytes(blockBytes, buckets);
    DiskLabels labels = new DiskLabels();
    List<MemberFormat> members = new ArrayList<>();
    for (int index = 0; index < request.members().size(); index++) {
      MemberRequest member = request.members().get(index);
      UUID uuid = randomUuid(random);
      members.add(memberFormat(member, uuid, buckets.get(index), labels));
    }
    checkMembers(members);
    int shift = backpointerShift();
    return new FormatOptions(
        request.internalUuid(),
        request.userUuid(),
        request.label(),
        request.versionAllowed(),
        blockBytes,
        nodeBytes,
        shift,
        superblockSectors(),
        options(nodeBytes, labels),
        labels.section(),
        request.crypt(),
        members);
  }

  /** A random (version 4) UUID. */
  public static UUID randomUuid(RandomGenerator random) {
    long high = (random.nextLong() & ~0xf000L) | 0x4000L;
    long low = (random.nextLong() & ~(3L << 62)) | 1L << 63;
    return new UUID(high, low);
  }

  private void checkRequest() {
    int count = request.members().size();
    if (count == 0 || count > MEMBERS_MOST) {
      throw refused("bad_member_count", count + " members; a filesystem has 1 to " + MEMBERS_MOST);
    }
    if (request.versionAllowed() < OLDEST_VERSION
        || request.versionAllowed() > MetadataVersion.NEWEST.number()) {
      throw refused(
          "bad_version",
          "version "
              + MetadataVersion.describe(request.versionAllowed())
              + " is not made; "
              + MetadataVersion.describe(OLDEST_VERSION)
              + " to "
              + MetadataVersion.describe(MetadataVersion.NEWEST.number())
              + " are");
    }
    if (request.label().getBytes(UTF_8).length >= Superblock.LABEL_BYTES) {
      throw refused(
          "label_too_long",
          "the label '"
              + request.label()
              + "' is too long; up to "
              + (Superblock.LABEL_BYTES - 1)
              + " bytes fit");
    }
    for (MemberRequest member : request.members()) {
      if (member.bytes() > member.device().size()) {
        throw new RefusedException(
            "device_too_small",
            Place.device(member.name(), -1),
            "the device has "
                + member.device().size()
                + " bytes, and "
                + member.bytes()
                + " were asked for");
      }
    }
  }

  private static RefusedException refused(String reason, String what) {
    return new RefusedException(reason, Place.NOWHERE, what);
  }

  private int blockBytes() {
    if (request.options().containsKey(FilesystemOption.BLOCK_SIZE)) {
      return (int) request.option(FilesystemOption.BLOCK_SIZE);
    }
    if (totalBytes < SMALL_FILESYSTEM_BYTES) {
      return SMALL_BLOCK_BYTES;
    }
    int bytes = LARGE_BLOCK_BYTES;
    for (MemberRequest member : request.members()) {
      bytes = Math.max(bytes, member.physicalBlockBytes());
    }
    return Math.min(bytes, BLOCK_BYTES_MOST);
  }

  private List<Integer> bucketSizes(int blockBytes) {
    long preferred = preferredBucketBytes(blockBytes);
    List<Integer> sizes = new ArrayList<>();
    for (MemberRequest member : request.members()) {
      long bytes = member.option(FilesystemOption.BUCKET_SIZE);
      sizes.add(checkedBucket(member, bytes == 0 ? fitted(member, preferred) : bytes, blockBytes));
    }
    return sizes;
  }

  private long preferredBucketBytes(int blockBytes) {
    long least = Math.max(blockBytes, givenNodeBytes());
    for (MemberRequest member : request.members()) {
      if (member.bytes() < BUCKETS_LEAST * least) {
        throw new RefusedException(
            "device_too_small",
            Place.device(member.name(), -1),
            member.bytes() + " bytes are too few; " + BUCKETS_LEAST * least + " are needed");
      }
    }
    long bytes = Math.max(least, BUCKET_BYTES_AT_LEAST);
    bytes = Math.max(bytes, 4 * request.option(FilesystemOption.ENCODED_EXTENT_MAX));
    bytes = Math.max(bytes, Math.min(BUCKET_BYTES_OF_LARGE, totalBytes >> 20));
    long checkable = machine.memoryBytes() / FSCK_SHARE_OF_MEMORY / FSCK_BYTES_PER_BUCKET;
    bytes = Math.max(bytes, roundedUp(totalBytes / Math.max(1, checkable)));
    return Math.min(roundedUp(bytes), BUCKET_BYTES_MOST);
  }

  private long givenNodeBytes() {
    return request.options().getOrDefault(FilesystemOption.BTREE_NODE_SIZE, 0L);
  }

  private static long roundedUp(long value) {
    return value <= 1 ? 1 : Long.highestOneBit(value - 1) << 1;
  }

  /** Smaller on a small device, so that it has enough of them, but room for whole extents. */
  private long fitted(MemberRequest member, long preferred) {
    long most = Long.highestOneBit(member.bytes() / BUCKETS_WANTED);
    most = Math.max(most, givenNodeBytes());
    long bytes = Math.min(most, preferred);
    while (bytes < request.option(FilesystemOption.ENCODED_EXTENT_MAX) && bytes < most) {
      bytes *= 2;
    }
    return bytes;
  }

  private int checkedBucket(MemberRequest member, long bytes, int blockBytes) {
    Place place = Place.device(member.name(), -1);
    if (bytes > BUCKET_BYTES_MOST || bytes % blockBytes != 0 || bytes < blockBytes) {
      throw new RefusedException(
          "bad_bucket_size",
          place,
          "buckets of "
              + bytes
              + " bytes are not possible; multiples of the block size "
              + blockBytes
              + " up to "
              + BUCKET_BYTES_MOST
              + " are");
    }
    if (bytes < givenNodeBytes()) {
      throw new RefusedException(
          "bad_bucket_size",
          place,
          "buckets of " + bytes + " bytes cannot hold btree nodes of " + givenNodeBytes());
    }
    if (member.bytes() / bytes < BUCKETS_LEAST) {
      throw new RefusedException(
          "device_too_small",
          place,
          member.bytes() / bytes
              + " buckets of "
              + bytes
              + " bytes are too few; "
              + BUCKETS_LEAST
              + " are needed");
    }
    return (int) bytes;
  }

  private int nodeBytes(int blockBytes, List<Integer> buckets) {
    long bytes = givenNodeBytes();
    if (bytes == 0) {
      bytes = FilesystemOption.BTREE_NODE_SIZE.defaultValue();
      for (int bucket : buckets) {
        bytes = Math.min(bytes, Integer.highestOneBit(bucket));
      }
    }
    if (bytes <= blockBytes) {
      throw refused(
          "bad_btree_node_size",
          "btree nodes of " + bytes + " bytes must be larger than a block of " + blockBytes);
    }
    return (int) bytes;
  }

  private static MemberFormat memberFormat(
      MemberRequest member, UUID uuid, int bucketBytes, DiskLabels labels) {
    return new MemberFormat(
        member.device(),
        uuid,
        member.bytes(),
        bucketBytes,
        member.label() == null ? -1 : labels.findOrCreate(member.label()),
        (int) member.option(FilesystemOption.DURABILITY),
        member.option(FilesystemOption.DISCARD) != 0,
        member.options().containsKey(FilesystemOption.ROTATIONAL)
            ? member.option(FilesystemOption.ROTATIONAL) != 0
            : member.rotational(),
        (int) member.option(FilesystemOption.DATA_ALLOWED),
        MemberState.of((int) member.option(FilesystemOption.STATE)));
  }

  /** There must be room for every copy that is wanted. */
  private void checkMembers(List<MemberFormat> members) {
    checkCopies(members, DataType.JOURNAL, 1);
    checkCopies(members, DataType.BTREE, request.option(FilesystemOption.METADATA_REPLICAS));
    checkCopies(members, DataType.USER, request.option(FilesystemOption.DATA_REPLICAS));
  }

  private static void checkCopies(List<MemberFormat> members, DataType type, long copies) {
    long found = 0;
    for (MemberFormat member : members) {
      boolean allowed = (member.dataAllowed() >>> type.number() & 1) != 0;
      if (allowed && member.state() == MemberState.RW) {
        found += type == DataType.JOURNAL ? 1 : member.durability();
      }
    }
    if (found < copies) {
      throw refused(
          "too_few_members",
          copies
              + " copies of "
              + type
              + " are wanted, and "
              + found
              + " can be had from members of state rw, by their durability, whose data_allowed has "
              + type);
    }
  }

  private int backpointerShift() {
    long extentSectors = request.option(FilesystemOption.ENCODED_EXTENT_MAX) >> 9;
    int needed = 64 - Long.numberOfLeadingZeros(extentSectors);
    if (request.versionAllowed() >= VERSION_WITH_BP_SHIFT) {
      return BP_SHIFT;
    }
    if (needed > OLD_BP_SHIFT) {
      throw refused(
          "bad_encoded_extent_max",
          "implementations of version "
              + MetadataVersion.describe(request.versionAllowed())
              + " know extents of up to 256 KiB; encoded_extent_max is "
              + (extentSectors << 9)
              + " bytes");
    }
    return OLD_BP_SHIFT;
  }

  private int superblockSectors() {
    long sectors = request.superblockBytes() >> 9;
    if (sectors < SUPERBLOCK_SECTORS_LEAST || sectors > SUPERBLOCK_SECTORS_MOST) {
      throw refused(
          "bad_superblock_size",
          "superblocks of "
              + request.superblockBytes()
              + " bytes are not possible; "
              + (SUPERBLOCK_SECTORS_LEAST << 9)
              + " to "
              + ((long) SUPERBLOCK_SECTORS_MOST << 9)
              + " are");
    }
    return (int) Long.highestOneBit(sectors);
  }

  private Map<FilesystemOption, Long> options(int nodeBytes, DiskLabels labels) {
    Map<FilesystemOption, Long> options = new EnumMap<>(FilesystemOption.class);
    options.putAll(request.options());
    options.putIfAbsent(FilesystemOption.SHARD_INODE_NUMBERS_BITS, shardBits(nodeBytes));
    request.targets().forEach((option, name) -> options.put(option, target(option, name, labels)));
    return options;
  }

  /** Enough shards for the processors, as long as their btree nodes are few for the device. */
  private long shardBits(int nodeBytes) {
    int byProcessors = 64 - Long.numberOfLeadingZeros(2L * Math.max(1, machine.processors()) - 1);
    long nodes = totalBytes / (NODE_SHARE * nodeBytes);
    int bySize = nodes == 0 ? 0 : 63 - Long.numberOfLeadingZeros(nodes);
    return Math.min(Math.min(byProcessors, bySize), SHARD_BITS_MOST);
  }

  private long target(FilesystemOption option, String name, DiskLabels labels) {
    if (name.isEmpty() || name.equals("none")) {
      return 0;
    }
    for (int index = 0; index < request.members().size(); index++) {
      if (request.members().get(index).name().equals(name)) {
        return new Target(Target.Kind.DEVICE, index).number();
      }
    }
    int label = labels.find(name);
    if (label < 0) {
      throw refused(
          "bad_target", option + ": '" + name + "' is neither one of the devices nor a label");
    }
    return new Target(Target.Kind.LABEL, label).number();
  }
}
