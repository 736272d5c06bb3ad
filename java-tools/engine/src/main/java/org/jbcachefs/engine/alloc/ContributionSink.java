// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc;

/**
 * Takes what keys add; see {@link Contributions}. Sectors are of 512 bytes, on the device. Arrays
 * belong to the caller and are overwritten after the call.
 */
public interface ContributionSink {
  /** One inode, in whatever snapshot. */
  void inode();

  /** Sectors that a reservation keeps free, each of them {@code replicas} times. */
  void reserved(int replicas, long sectors);

  /**
   * Copies of data or metadata.
   *
   * @param dataType number of a data type: btree, user, cached or parity
   * @param required how many of the devices are needed to read it: 1, the data blocks of a stripe,
   *     or 0 if a stripe has it too
   * @param devices ascending, the first {@code count} are meant
   * @param sectors the sum over all of them
   */
  void replicas(int dataType, int required, int[] devices, int count, long sectors);

  /** Extents of one compression type; sizes before and after in sectors. */
  void compressed(int type, long extents, long uncompressed, long compressed);

  /** Copies of data that belong to a snapshot; up to 1.38. */
  void snapshot(int id, long sectors);

  /** A key of a snapshot in a btree, the bytes that it takes, and those of its data; since 1.39. */
  void snapshotKey(int id, int btree, long bytes, long sectors);

  /** One node of a btree. */
  void node(int btree, boolean interior, long sectors);

  /** One extent of an inode: its length and what all its copies take. */
  void extent(long inode, long length, long sectors);

  /**
   * A pointer into a bucket.
   *
   * @param sector where it points to
   * @param share {@link Share}
   * @param dataType number of the data type that it makes the bucket be
   */
  void pointer(int device, long sector, int generation, Share share, int dataType, long sectors);

  /**
   * A stripe, before its buckets: the devices that it lies on, ascending, and how many of its
   * blocks are data.
   */
  void stripe(long stripe, int required, int[] devices, int count);

  /** Live data in a block of a stripe, which counts as copies on the stripe's devices. */
  void stripeBlock(long stripe, int block, int dataType, long sectors);

  /** A block of a stripe takes a whole bucket, data or parity. */
  void stripeBucket(
      long stripe,
      int block,
      int device,
      long sector,
      int generation,
      boolean parity,
      long sectors);

  /**
   * Sectors of an extent, node or stripe that background work has to do something about.
   *
   * @param reason number of a {@link org.jbcachefs.format.tables.ReconcileWork reason}
   */
  default void reconcileWork(int reason, boolean metadata, long sectors) {}

  /** Sectors of a copy that is to leave that device. */
  default void leaving(int device, long sectors) {}

  /** Whether a cached pointer's bucket has been used again: then it adds nothing. */
  boolean stale(int device, long sector, int generation);

  /** Which of a bucket's counts a pointer adds to. */
  enum Share {
    DIRTY,
    CACHED,
    STRIPE
  }
}
