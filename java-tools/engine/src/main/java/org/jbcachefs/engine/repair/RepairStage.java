// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

/** The order of repairs: each stage may rely on what those before it put right. */
public enum RepairStage {
  /** Roots and interior nodes: what is there to be read at all. */
  TOPOLOGY,
  /**
   * What is kept about space follows from all other keys; from here on buckets are safe to take.
   */
  SPACE,
  /** Nodes and keys that are wrong by themselves. */
  NODES,
  /** Pointers to data. */
  POINTERS,
  /** Snapshots and subvolumes. */
  SNAPSHOTS,
  /** Inodes, and keys that belong to none. */
  INODES,
  /** Names. */
  NAMES,
  /** Link counts and whatever else follows from names and extents. */
  COUNTS,
  /** Lists of work that is to be done. */
  WORK,
  /** The superblock. */
  SUPERBLOCK
}
