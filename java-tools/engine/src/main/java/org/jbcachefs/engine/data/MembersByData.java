// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;

/**
 * Which members some devices were, told by the data on them: a pointer says on which member at
 * which sector data lies, and which checksum it has; the device that has data of that checksum at
 * that sector is the one meant. For devices without btree nodes, which would say more. Belongs to
 * one thread.
 */
public final class MembersByData {
  /** So many pointers to each member are tried. */
  private static final int SAMPLES = 64;

  private static final int MEMBERS = 256;

  private final DeviceSet set;
  private final ExtentEntrySizes sizes;
  private final ExtentDecoder decoder;
  private final Scratch scratch = new Scratch();
  private final int[] tried = new int[MEMBERS];
  private final Map<BlockDevice, Map<Integer, Long>> hits = new LinkedHashMap<>();

  /**
   * @param set what is known of the filesystem
   * @param candidates the devices in question
   * @param key null where nothing is encrypted
   */
  public MembersByData(DeviceSet set, Collection<BlockDevice> candidates, FilesystemKey key) {
    this.set = set;
    this.sizes = ExtentEntrySizes.of(set.superblock()::extentTypeU64s);
    this.decoder = new ExtentDecoder(key);
    candidates.forEach(device -> hits.put(device, new TreeMap<>()));
  }

  /**
   * Tries pointers of files' data to members that the caller looks for.
   *
   * @param wanted whether that member is looked for
   */
  public void look(Btrees btrees, IntPredicate wanted) {
    for (BtreeId btree : List.of(BtreeId.EXTENTS, BtreeId.REFLINK)) {
      try (KeyIterator keys = btrees.iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
        while (keys.next()) {
          Bkey key = keys.key();
          if (key.type() == KeyType.EXTENT.number() || key.type() == KeyType.REFLINK_V.number()) {
            look(key, wanted);
          }
        }
      } catch (CorruptionException | DeviceException _) {
        // What came before it has been tried; the other btree may have more.
      }
    }
  }

  private void look(Bkey key, IntPredicate wanted) {
    Replicas replicas = scratch.replicas;
    replicas.collect(set, key, scratch.entries.of(key, sizes));
    if (replicas.unwritten()) {
      return;
    }
    for (int i = 0; i < replicas.size(); i++) {
      Replicas.Replica replica = replicas.get(i);
      boolean tells =
          !replica.cached()
              && replica.crc.checksumType() != ChecksumType.NONE.number()
              && replica.dev() != ExtentPtr.NO_DEVICE
              && wanted.test(replica.dev())
              && tried[replica.dev()] < SAMPLES;
      if (tells && consistent(key, replica)) {
        tried[replica.dev()]++;
        hits.forEach((device, counts) -> {
          if (holds(device, key, replica)) {
            counts.merge(replica.dev(), 1L, Long::sum);
          }
        });
      }
    }
  }

  private static boolean consistent(Bkey key, Replicas.Replica replica) {
    try {
      ExtentDecoder.check(key, replica.crc, replica);
      return true;
    } catch (CorruptionException _) {
      return false;
    }
  }

  private boolean holds(BlockDevice device, Bkey key, Replicas.Replica replica) {
    long bytes = (long) replica.crc.compressedSectors() << ExtentDecoder.SECTOR_SHIFT;
    long offset = replica.sector() << ExtentDecoder.SECTOR_SHIFT;
    if (offset < 0 || offset > device.size() - bytes) {
      return false;
    }
    MemorySegment stored = scratch.stored.atLeast(bytes).asSlice(0, bytes);
    try {
      device.read(offset, stored);
      return decoder.verify(key, replica.crc, stored, 0);
    } catch (DeviceException _) {
      return false;
    }
  }

  /**
   * How many pointers to each member lead to their data on that device. A few by chance are none: a
   * member counts if most that were tried do.
   */
  public Map<Integer, Long> hits(BlockDevice device) {
    Map<Integer, Long> likely = new TreeMap<>(hits.get(device));
    likely.entrySet().removeIf(entry -> entry.getValue() * 2 < tried[entry.getKey()]);
    return likely;
  }
}
