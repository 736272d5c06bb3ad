// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * What an accounting key counts: its position read as 20 bytes, most significant first. The first
 * byte is the type, the others depend on it. Source: {@code struct disk_accounting_pos}.
 *
 * @param type number of an {@link AccountingType}, or one that is not known
 * @param bytes the 19 bytes after the type
 */
public record AccountingKey(int type, byte[] bytes) {
  private static final int REPLICAS_DATA_TYPE = 0;
  private static final int REPLICAS_NR_DEVS = 1;
  private static final int REPLICAS_NR_REQUIRED = 2;
  private static final int REPLICAS_DEVS = 3;

  /** Devices that fit behind a replicas entry's head. */
  public static final int MAX_DEVICES = Bpos.BYTES - 1 - REPLICAS_DEVS;

  /** Copies of a data type on a set of devices. */
  public record Replicas(int dataType, int required, List<Integer> devices) {
    public Replicas {
      devices = List.copyOf(devices);
    }
  }

  /**
   * What a key counts.
   *
   * @param version of the filesystem: before 1.15 the position was read least significant first
   */
  public static AccountingKey of(Bpos pos, int version) {
    ByteBuffer all = ByteBuffer.allocate(Bpos.BYTES);
    all.putLong(pos.inode()).putLong(pos.offset()).putInt(pos.snapshot());
    byte[] bytes = all.array();
    if (isLittleEndian(version)) {
      for (int i = 0; i < bytes.length / 2; i++) {
        byte other = bytes[bytes.length - 1 - i];
        bytes[bytes.length - 1 - i] = bytes[i];
        bytes[i] = other;
      }
    }
    return new AccountingKey(bytes[0] & 0xff, Arrays.copyOfRange(bytes, 1, bytes.length));
  }

  /** What a key of version 1.15 or later counts. */
  public static AccountingKey of(Bpos pos) {
    return of(pos, MetadataVersion.DISK_ACCOUNTING_BIG_ENDIAN.number());
  }

  private static boolean isLittleEndian(int version) {
    return version < MetadataVersion.DISK_ACCOUNTING_BIG_ENDIAN.number();
  }

  /** The type that such a key has: allocation-free. */
  public static int typeOf(Bkey key, int version) {
    return isLittleEndian(version) ? key.snapshot() & 0xff : (int) (key.inode() >>> 56);
  }

  /** The key's position, as of version 1.15 or later. */
  public Bpos pos() {
    ByteBuffer all = ByteBuffer.allocate(Bpos.BYTES);
    all.put((byte) type).put(bytes).flip();
    return new Bpos(all.getLong(), all.getLong(), all.getInt());
  }

  /** The first byte: number of replicas, device, compression or reconcile type. */
  public int number() {
    return bytes[0] & 0xff;
  }

  /** Of {@link AccountingType#DEV_DATA_TYPE}. */
  public int dataType() {
    return bytes[1] & 0xff;
  }

  /** Of {@link AccountingType#SNAPSHOT}, {@link AccountingType#BTREE}, a leaving device. */
  public int id() {
    return Le.u32(bytes, 0);
  }

  /**
   * Of {@link AccountingType#SNAPSHOT} since 1.39, where keys are of a snapshot and a btree; 0
   * before.
   */
  public int btree() {
    return Le.u32(bytes, Integer.BYTES);
  }

  /** Of {@link AccountingType#INUM}. */
  public long inode() {
    return Le.u64(bytes, 0);
  }

  /** Of {@link AccountingType#REPLICAS}; devices that do not fit are left out. */
  public Replicas replicas() {
    List<Integer> devices = new ArrayList<>();
    int count = Math.min(bytes[REPLICAS_NR_DEVS] & 0xff, MAX_DEVICES);
    for (int i = 0; i < count; i++) {
      devices.add(bytes[REPLICAS_DEVS + i] & 0xff);
    }
    return new Replicas(
        bytes[REPLICAS_DATA_TYPE] & 0xff, bytes[REPLICAS_NR_REQUIRED] & 0xff, devices);
  }

  /** How many bytes after the type a replicas entry takes. */
  int replicasBytes() {
    return Math.min(REPLICAS_DEVS + (bytes[REPLICAS_NR_DEVS] & 0xff), bytes.length);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AccountingKey key && key.pos().equals(pos());
  }

  @Override
  public int hashCode() {
    return pos().hashCode();
  }
}
