// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc;

import java.util.List;

/**
 * What a filesystem's space is used for, in sectors of 512 bytes, from its accounting keys.
 *
 * @param capacity what can be used, after reserves, superblocks and journals
 * @param used of it
 * @param reserved reservations of files, by number of replicas, ascending
 * @param replicas data by type and set of devices, in the order of the keys
 * @param compression by compression type
 * @param btrees by btree
 * @param rebalance sectors that reconcile's forerunner has to move; 0 if none
 * @param reconcile what reconcile has to work on
 * @param devices by device index, members only
 */
public record FilesystemUsage(
    long capacity,
    long used,
    List<Reserved> reserved,
    List<Replicas> replicas,
    List<Compressed> compression,
    List<Btree> btrees,
    long rebalance,
    List<Reconcile> reconcile,
    List<DeviceUsage> devices) {
  /** Reservations that will be written that often. */
  public record Reserved(int replicas, long sectors) {}

  /**
   * Data of one type on one set of devices.
   *
   * @param dataType number of the type
   * @param required how many of the devices are needed to read it; more than 1 of stripes
   */
  public record Replicas(int dataType, int required, List<Integer> devices, long sectors) {
    public Replicas {
      devices = List.copyOf(devices);
    }
  }

  /**
   * Extents of one compression type.
   *
   * @param type number of the type
   */
  public record Compressed(
      int type, long extents, long uncompressedSectors, long compressedSectors) {}

  /**
   * Nodes of one btree.
   *
   * @param btree number of the btree
   */
  public record Btree(int btree, long sectors) {}

  /**
   * What is to be done for one reason.
   *
   * @param reason number of the reason
   */
  public record Reconcile(int reason, long dataSectors, long metadataSectors) {}

  public FilesystemUsage {
    reserved = List.copyOf(reserved);
    replicas = List.copyOf(replicas);
    compression = List.copyOf(compression);
    btrees = List.copyOf(btrees);
    reconcile = List.copyOf(reconcile);
    devices = List.copyOf(devices);
  }
}
