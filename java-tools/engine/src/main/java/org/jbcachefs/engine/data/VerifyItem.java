// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.util.Comparator;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.node.BtreePointer;

/** One run of sectors on one device that is to be read and checked. Reusable. */
final class VerifyItem {
  /** By device, then by place: the order in which a disk likes to be read. */
  static final Comparator<VerifyItem> DEVICE_ORDER =
      Comparator.<VerifyItem>comparingInt(item -> item.dev).thenComparingLong(item -> item.sector);

  /** What the run is checked against; without checksum it is only read. */
  final ExtentCrc crc = new ExtentCrc();

  /** The key that points here. */
  VerifyKey key;

  int dev;
  long sector;
  int sectors;

  /** The node that is here; null if it is data. */
  BtreePointer node;

  /** Which of a stripe's blocks it is, else 0. */
  int stripeBlock;

  boolean cached;

  /** Generation of the bucket when it was written. */
  int gen;

  long end() {
    return sector + sectors;
  }

  /** Whether both are the same sectors checked against the same checksum. */
  boolean sameAs(VerifyItem other) {
    return dev == other.dev
        && sector == other.sector
        && sectors == other.sectors
        && node == null
        && other.node == null
        && crc.checksumType() == other.crc.checksumType()
        && crc.checksumLo() == other.crc.checksumLo()
        && crc.checksumHi() == other.crc.checksumHi();
  }
}
