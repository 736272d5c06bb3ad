// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.FormatOptions;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.crypto.EncryptedKey;
import org.jbcachefs.format.sb.CryptSection;
import org.jbcachefs.format.sb.DiskGroupsSection;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.MetadataVersion;

/** New filesystems with small buckets and nodes, the same from the same seed. */
final class SmallFilesystem {
  static final int BUCKET_BYTES = 64 << 10;

  private SmallFilesystem() {}

  /**
   * Time and randomness from a seed. A filesystem that is opened again needs another seed: what is
   * drawn tells its nodes apart.
   */
  static WriteOptions options(long seed) {
    Instant start = Instant.ofEpochSecond(1_700_000_000);
    return WriteOptions.defaults()
        .withClock(InstantSource.fixed(start))
        .withRandom(new Random(seed));
  }

  static WriteOptions options(long seed, WriteRules rules) {
    return options(seed).withRules(rules);
  }

  static FormatOptions format(List<? extends BlockDevice> devices, int nodeBytes, long seed) {
    return format(devices, nodeBytes, 512, seed, MetadataVersion.number(1, 28), Map.of(), null);
  }

  /**
   * What is to be made.
   *
   * @param allowed the newest version whose incompatible features may be used
   * @param more options; without a number of metadata's replicas that is two where there are two
   *     devices
   * @param key what it is encrypted with, kept without a passphrase; null for none
   */
  static FormatOptions format(
      List<? extends BlockDevice> devices,
      int nodeBytes,
      int blockBytes,
      long seed,
      int allowed,
      Map<FilesystemOption, Long> more,
      byte[] key) {
    Random random = new Random(seed);
    List<FormatOptions.MemberFormat> members = new ArrayList<>();
    int data = 0;
    for (DataType type : List.of(DataType.JOURNAL, DataType.BTREE, DataType.USER)) {
      data |= 1 << type.number();
    }
    for (BlockDevice device : devices) {
      members.add(
          new FormatOptions.MemberFormat(
              device,
              uuid(random),
              device.size(),
              Math.max(BUCKET_BYTES, 32 * blockBytes),
              -1,
              1,
              true,
              false,
              data,
              MemberState.RW));
    }
    Map<FilesystemOption, Long> options = new HashMap<>(more);
    options.putIfAbsent(FilesystemOption.METADATA_REPLICAS, (long) Math.min(2, devices.size()));
    return new FormatOptions(
        uuid(random),
        uuid(random),
        "small",
        allowed,
        blockBytes,
        nodeBytes,
        extentBpShift(more),
        2048,
        options,
        DiskGroupsSection.NONE,
        Optional.ofNullable(key).map(SmallFilesystem::crypt),
        members);
  }

  /** Large extents need more room between backpointers. */
  private static int extentBpShift(Map<FilesystemOption, Long> options) {
    return options.getOrDefault(FilesystemOption.ENCODED_EXTENT_MAX, 0L) > 256 << 10 ? 16 : 10;
  }

  private static CryptSection crypt(byte[] key) {
    byte[] bytes = new byte[Long.BYTES + key.length];
    Le.putU64(MemorySegment.ofArray(bytes), 0, EncryptedKey.MAGIC);
    System.arraycopy(key, 0, bytes, Long.BYTES, key.length);
    return new CryptSection(0, 0, Bytes.copyOf(bytes), Bytes.EMPTY);
  }

  private static UUID uuid(Random random) {
    return new UUID(random.nextLong(), random.nextLong());
  }

  /** Makes one and leaves it open. */
  static WritableFilesystem create(
      List<? extends BlockDevice> devices, int nodeBytes, WriteOptions options) {
    return FilesystemFormat.create(format(devices, nodeBytes, 1), Optional.empty(), options);
  }
}
