// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;

/** What a commit adds to counters, summed by key. Belongs to one thread. */
public final class Counters {
  private static final int KEY_BYTES = Bpos.BYTES - 1;

  private final TreeMap<Bpos, long[]> deltas = new TreeMap<>();
  private final Set<Bpos> made = new HashSet<>();

  /** Forgets everything. */
  public void clear() {
    deltas.clear();
    made.clear();
  }

  /** An inode's counter is to be there though it is zero. */
  public void make(long inode) {
    inode(inode, 0, 0, 0);
    byte[] what = new byte[KEY_BYTES];
    Le.putU64(what, 0, inode);
    made.add(new AccountingKey(AccountingType.INUM.number(), what).pos());
  }

  /** Whether the key is to be written: something is added to it, or it is to be there. */
  public boolean isNeeded(Bpos pos, long[] values) {
    return !isZero(values) || made.contains(pos);
  }

  /** Adds to the counter at a position, as many numbers as are given. */
  public void correct(Bpos pos, long[] differences) {
    long[] sum = deltas.computeIfAbsent(pos, _ -> new long[differences.length]);
    for (int i = 0; i < Math.min(sum.length, differences.length); i++) {
      sum[i] += differences[i];
    }
  }

  /** Adds to a counter key. */
  public void add(AccountingType type, byte[] what, long... values) {
    Bpos pos = new AccountingKey(type.number(), what).pos();
    long[] sum = deltas.computeIfAbsent(pos, _ -> new long[type.counters()]);
    for (int i = 0; i < values.length; i++) {
      sum[i] += values[i];
    }
  }

  /** Inodes. */
  public void inodes(long count) {
    add(AccountingType.NR_INODES, new byte[KEY_BYTES], count);
  }

  /** Sectors that reservations keep free. */
  public void reserved(int replicas, long sectors) {
    add(AccountingType.PERSISTENT_RESERVED, bytes(replicas), sectors);
  }

  /** Sectors of a data type on a set of devices, ascending. */
  public void replicas(int dataType, int required, int[] devices, int count, long sectors) {
    byte[] what = new byte[KEY_BYTES];
    what[0] = (byte) dataType;
    what[1] = (byte) count;
    what[2] = (byte) required;
    for (int i = 0; i < count; i++) {
      what[3 + i] = (byte) devices[i];
    }
    add(AccountingType.REPLICAS, what, sectors);
  }

  /** Buckets of a data type on a device, their live sectors, and sectors lost in them. */
  public void device(int device, int dataType, long buckets, long sectors, long fragmented) {
    byte[] what = bytes(device);
    what[1] = (byte) dataType;
    add(AccountingType.DEV_DATA_TYPE, what, buckets, sectors, fragmented);
  }

  /** Extents of a compression type, with their sizes before and after in sectors. */
  public void compression(int type, long extents, long uncompressed, long compressed) {
    add(AccountingType.COMPRESSION, bytes(type), extents, uncompressed, compressed);
  }

  /** Keys of a snapshot in a btree, their bytes and the sectors of their data; since 1.39. */
  public void snapshot(int id, int btree, long keys, long bytes, long sectors) {
    byte[] what = u32(id);
    Le.putU32(what, Integer.BYTES, btree);
    correct(
        new AccountingKey(AccountingType.SNAPSHOT.number(), what).pos(),
        new long[] {keys, bytes, sectors});
  }

  /** Sectors of a snapshot; up to 1.38. */
  public void snapshot(int id, long sectors) {
    add(AccountingType.SNAPSHOT, u32(id), sectors);
  }

  /** Sectors, nodes and interior nodes of a btree. */
  public void btree(int btree, long sectors, long nodes, long interior) {
    add(AccountingType.BTREE, u32(btree), sectors, nodes, interior);
  }

  /** Extents of an inode, the sum of their lengths, and sectors on disk. */
  public void inode(long inode, long extents, long length, long sectors) {
    byte[] what = new byte[KEY_BYTES];
    Le.putU64(what, 0, inode);
    add(AccountingType.INUM, what, extents, length, sectors);
  }

  /** Sectors that background work has to do something about, for a reason. */
  public void reconcileWork(int reason, boolean metadata, long sectors) {
    add(
        AccountingType.RECONCILE_WORK,
        bytes(reason),
        metadata ? 0 : sectors,
        metadata ? sectors : 0);
  }

  /** Sectors that are to leave a device. */
  public void leaving(int device, long sectors) {
    add(AccountingType.DEV_LEAVING, u32(device), sectors);
  }

  private static byte[] bytes(int first) {
    byte[] what = new byte[KEY_BYTES];
    what[0] = (byte) first;
    return what;
  }

  private static byte[] u32(int id) {
    byte[] what = new byte[KEY_BYTES];
    Le.putU32(what, 0, id);
    return what;
  }

  /** Key positions and what is to be added there, zeros among them. */
  public Map<Bpos, long[]> deltas() {
    return deltas;
  }

  /** Whether nothing is to be added. */
  private static boolean isZero(long[] values) {
    for (long value : values) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }
}
