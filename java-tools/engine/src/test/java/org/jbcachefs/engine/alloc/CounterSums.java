// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;
import org.jbcachefs.format.value.AllocV4;

/** Adds up what keys contribute, by counter. */
final class CounterSums implements ContributionSink {
  private final Map<String, long[]> sums = new HashMap<>();
  private final Map<Long, String> stripes = new HashMap<>();
  private final Map<Long, Map<Integer, Long>> inStripes = new HashMap<>();
  private final ReadFilesystem filesystem;
  private final Bkey scratch = new Bkey();

  CounterSums(ReadFilesystem filesystem) {
    this.filesystem = filesystem;
  }

  /** A counter's name, the same for the key on disk and for what is summed here. */
  static String name(AccountingKey key, AccountingType type) {
    return switch (type) {
      case REPLICAS -> "replicas " + key.replicas();
      case SNAPSHOT -> "snapshot " + Integer.toUnsignedString(key.id()) + " " + key.btree();
      case BTREE -> type + " " + Integer.toUnsignedString(key.id());
      case INUM -> "inum " + Long.toUnsignedString(key.inode());
      case NR_INODES -> "nr_inodes";
      default -> type + " " + key.number();
    };
  }

  Map<String, List<Long>> nonZero() {
    inStripes.forEach((stripe, byType) ->
        byType.forEach((type, sectors) ->
            add("replicas " + stripes.get(stripe).replace("TYPE", "" + type), sectors)));
    inStripes.clear();
    Map<String, List<Long>> result = new TreeMap<>();
    sums.forEach((name, values) -> {
      if (Arrays.stream(values).anyMatch(value -> value != 0)) {
        result.put(name, Arrays.stream(values).boxed().toList());
      }
    });
    return result;
  }

  private void add(String name, long... values) {
    long[] sum = sums.computeIfAbsent(name, _ -> new long[values.length]);
    for (int i = 0; i < values.length; i++) {
      sum[i] += values[i];
    }
  }

  private static String set(String dataType, int required, int[] devices, int count) {
    List<Integer> list = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      list.add(devices[i]);
    }
    return "Replicas[dataType=" + dataType + ", required=" + required + ", devices=" + list + "]";
  }

  @Override
  public void inode() {
    add("nr_inodes", 1);
  }

  @Override
  public void reserved(int replicas, long sectors) {
    add("persistent_reserved " + replicas, sectors);
  }

  @Override
  public void replicas(int dataType, int required, int[] devices, int count, long sectors) {
    add("replicas " + set("" + dataType, required, devices, count), sectors);
  }

  @Override
  public void compressed(int type, long extents, long uncompressed, long compressed) {
    add("compression " + type, extents, uncompressed, compressed);
  }

  @Override
  public void snapshot(int id, long sectors) {
    add("snapshot " + Integer.toUnsignedString(id) + " 0", sectors);
  }

  @Override
  public void snapshotKey(int id, int btree, long bytes, long sectors) {
    add("snapshot " + Integer.toUnsignedString(id) + " " + btree, 1, bytes, sectors);
  }

  @Override
  public void node(int btree, boolean interior, long sectors) {
    add("btree " + btree, sectors, 1, interior ? 1 : 0);
  }

  @Override
  public void extent(long inode, long length, long sectors) {
    add("inum " + Long.toUnsignedString(inode), 1, length, sectors);
  }

  @Override
  public void pointer(
      int device, long sector, int generation, Share share, int dataType, long sectors) {}

  @Override
  public void stripe(long stripe, int required, int[] devices, int count) {
    stripes.put(stripe, set("TYPE", required, devices, count));
  }

  @Override
  public void stripeBlock(long stripe, int block, int dataType, long sectors) {
    inStripes.computeIfAbsent(stripe, _ -> new HashMap<>()).merge(dataType, sectors, Long::sum);
  }

  @Override
  public void stripeBucket(
      long stripe,
      int block,
      int device,
      long sector,
      int generation,
      boolean parity,
      long sectors) {}

  @Override
  public boolean stale(int device, long sector, int generation) {
    long bucket = sector / filesystem.devices().member(device).bucketSectors();
    boolean found =
        filesystem.btrees().lookup(BtreeId.ALLOC.number(), Bpos.of(device, bucket), scratch);
    return found && (byte) (AllocV4.generation(scratch) - generation) > 0;
  }
}
