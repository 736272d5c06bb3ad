// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.qcow2;

import java.nio.ByteBuffer;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;

/**
 * What an image says of itself at its start.
 *
 * @param version 2 or 3
 * @param clusterBits the size of a cluster as a power of two: 9 to 21
 * @param size of the device that it shows, in bytes
 * @param l1Entries of the first table
 * @param l1Offset where the first table is in the file
 */
record Qcow2Header(int version, int clusterBits, long size, int l1Entries, long l1Offset) {
  static final int MAGIC = 0x514649fb;
  static final int BYTES_V2 = 72;
  static final int BYTES_V3 = 104;
  static final int OFFSET_VERSION = 4;
  static final int OFFSET_BACKING_FILE = 8;
  static final int OFFSET_CLUSTER_BITS = 20;
  static final int OFFSET_SIZE = 24;
  static final int OFFSET_CRYPT_METHOD = 32;
  static final int OFFSET_L1_SIZE = 36;
  static final int OFFSET_L1_TABLE = 40;
  static final int OFFSET_REFCOUNT_TABLE = 48;
  static final int OFFSET_REFCOUNT_CLUSTERS = 56;
  static final int OFFSET_INCOMPATIBLE = 72;
  static final int OFFSET_REFCOUNT_ORDER = 96;
  static final int OFFSET_HEADER_LENGTH = 100;

  /** The only incompatible feature that does not change what reads give: refcounts may be off. */
  static final long INCOMPATIBLE_DIRTY = 1;

  private static final int MIN_CLUSTER_BITS = 9;
  private static final int MAX_CLUSTER_BITS = 21;
  private static final int L1_ENTRIES_LIMIT = 1 << 25;

  /** Entries of a table of the second level, as a power of two. */
  int l2Bits() {
    return clusterBits - 3;
  }

  int clusterBytes() {
    return 1 << clusterBits;
  }

  /** How many entries the first table needs for a device of that size. */
  static long l1EntriesFor(long size, int clusterBits) {
    long covered = 1L << (2 * clusterBits - 3);
    return (size + covered - 1) / covered;
  }

  /**
   * Reads a header.
   *
   * @param bytes at least {@link #BYTES_V3} of them, zeros behind the end of the file
   * @throws RefusedException {@code bad_qcow2} if it is none, or one that needs what is not known
   */
  static Qcow2Header parse(ByteBuffer bytes, Place place) {
    if (bytes.getInt(0) != MAGIC) {
      throw bad(place, "it does not begin like a qcow2 image");
    }
    int version = bytes.getInt(OFFSET_VERSION);
    if (version != 2 && version != 3) {
      throw bad(place, "version " + Integer.toUnsignedString(version) + ", expected 2 or 3");
    }
    if (bytes.getLong(OFFSET_BACKING_FILE) != 0) {
      throw bad(place, "it needs a backing file; convert it with qemu-img first");
    }
    if (bytes.getInt(OFFSET_CRYPT_METHOD) != 0) {
      throw bad(place, "it is encrypted; convert it with qemu-img first");
    }
    long features = version == 2 ? 0 : bytes.getLong(OFFSET_INCOMPATIBLE) & ~INCOMPATIBLE_DIRTY;
    if (features != 0) {
      throw bad(
          place,
          "incompatible features 0x" + Long.toHexString(features) + "; convert it with qemu-img");
    }
    int clusterBits = bytes.getInt(OFFSET_CLUSTER_BITS);
    if (clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS) {
      throw bad(place, "clusters of 2^" + clusterBits + " bytes, expected 2^9 to 2^21");
    }
    long size = bytes.getLong(OFFSET_SIZE);
    int l1 = bytes.getInt(OFFSET_L1_SIZE);
    if (size < 0 || l1 < 0 || l1 > L1_ENTRIES_LIMIT || l1 < l1EntriesFor(size, clusterBits)) {
      throw bad(place, "a first table of " + l1 + " entries for " + size + " bytes");
    }
    return new Qcow2Header(version, clusterBits, size, l1, bytes.getLong(OFFSET_L1_TABLE));
  }

  static RefusedException bad(Place place, String what) {
    return new RefusedException("bad_qcow2", place, what);
  }
}
