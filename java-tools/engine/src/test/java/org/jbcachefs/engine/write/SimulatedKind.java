// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MetadataVersion;

/** The kinds of filesystems that are simulated: a seed chooses one. */
record SimulatedKind(
    int deviceCount,
    int blockBytes,
    boolean encrypted,
    int version,
    Map<FilesystemOption, Long> options) {
  private static final int[] DEVICES = {1, 1, 2, 1, 3, 2};
  private static final byte[] KEY = "a key that nobody must know, yes".getBytes(US_ASCII);

  /** Minor number of the version that all get; 0: what the seed says. */
  private static final int FORCED = Integer.getInteger("jbcachefs.simulated.minor", 0);

  /** Whether all of them overwrite data in place; else what the seed says. */
  private static final boolean IN_PLACE = Boolean.getBoolean("jbcachefs.simulated.nocow");

  static SimulatedKind of(long seed) {
    Random random = new Random(~seed);
    int devices = DEVICES[Math.floorMod(seed, DEVICES.length)];
    Map<FilesystemOption, Long> options = new HashMap<>();
    options.put(FilesystemOption.DATA_CHECKSUM, (long) random.nextInt(4));
    int compression = random.nextInt(6);
    if (compression < 4) {
      long level = random.nextInt(3) * 3L;
      options.put(FilesystemOption.COMPRESSION, compression == 0 ? 0 : compression | level << 4);
    }
    options.put(FilesystemOption.STR_HASH, (long) random.nextInt(3));
    options.put(FilesystemOption.DATA_REPLICAS, 1L + random.nextInt(devices));
    options.put(FilesystemOption.ENCODED_EXTENT_MAX, 8192L << random.nextInt(6));
    options.put(FilesystemOption.INODES_32BIT, (long) random.nextInt(2));
    boolean encrypted = random.nextInt(4) == 0;
    int blockBytes = random.nextBoolean() ? 512 : 4096;
    options.put(FilesystemOption.NOCOW, random.nextInt(6) / 5L);
    if (IN_PLACE) {
      options.put(FilesystemOption.NOCOW, 1L);
    }
    if (options.get(FilesystemOption.NOCOW) != 0) {
      // What is overwritten in place and not synced may differ between copies after a crash.
      options.put(FilesystemOption.DATA_REPLICAS, 1L);
    }
    int version = MetadataVersion.number(1, 28);
    if (random.nextBoolean()) {
      version = MetadataVersion.CURRENT.number();
      options.put(FilesystemOption.BACKGROUND_COMPRESSION, (long) random.nextInt(4));
      options.put(FilesystemOption.ERASURE_CODE, (long) random.nextInt(2));
      options.put(FilesystemOption.BACKGROUND_TARGET, (long) random.nextInt(devices + 1));
      options.put(FilesystemOption.FOREGROUND_TARGET, (long) random.nextInt(devices + 1));
      options.put(FilesystemOption.PROMOTE_TARGET, seed % 3 == 0 ? 0 : 1 + seed % devices);
    }
    if (devices > 1) {
      options.put(FilesystemOption.METADATA_REPLICAS, 1L + random.nextInt(devices));
    }
    if (version == MetadataVersion.CURRENT.number() && random.nextInt(3) == 0) {
      version = MetadataVersion.NEWEST.number();
    }
    version = FORCED == 0 ? version : MetadataVersion.number(1, FORCED);
    return new SimulatedKind(devices, blockBytes, encrypted, version, options);
  }

  /** The same, of the newest version that is written. */
  SimulatedKind atNewest() {
    int newest = MetadataVersion.NEWEST.number();
    return new SimulatedKind(deviceCount, blockBytes, encrypted, newest, options);
  }

  boolean inPlace() {
    return options.get(FilesystemOption.NOCOW) != 0;
  }

  List<MemoryDevice> devices() {
    List<MemoryDevice> devices = new ArrayList<>();
    for (int i = 0; i < deviceCount; i++) {
      devices.add(new MemoryDevice("device" + i, 68L << 20));
    }
    return devices;
  }

  WritableFilesystem create(List<MemoryDevice> media, long seed) {
    return FilesystemFormat.create(
        SmallFilesystem.format(
            media, 16 * blockBytes, blockBytes, seed, version, options, encrypted ? KEY : null),
        encrypted ? Optional.of(new FilesystemKey(KEY)) : Optional.empty(),
        SmallFilesystem.options(seed));
  }
}
