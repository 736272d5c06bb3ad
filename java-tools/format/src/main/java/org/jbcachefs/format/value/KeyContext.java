// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.MetadataVersion;

/** What keys can be shown better with, if it is known. Implementations are thread-safe. */
public interface KeyContext {
  /** Nothing known: devices and targets by number, sectors instead of buckets. */
  KeyContext PLAIN = new KeyContext() {};

  /** Size of that device's buckets in sectors, or 0 if there is no such device. */
  default int bucketSectors(int device) {
    return 0;
  }

  /** The device's name; asked only for devices with a bucket size. */
  default String deviceName(int device) {
    return "dev-" + device;
  }

  /** How many replicas a copy on that device counts for. */
  default int durability(int device) {
    return 1;
  }

  default String targetName(int target) {
    return Integer.toString(target);
  }

  /** The path of a label by its index. */
  default String labelName(int label) {
    return "label " + label;
  }

  /** By how much backpointers' sectors are shifted. */
  default int extentBpShift() {
    return 0;
  }

  /** How many bits of inode numbers choose a shard. */
  default int shardInodeNumbersBits() {
    return 0;
  }

  /** The filesystem's version. */
  default int version() {
    return MetadataVersion.DISK_ACCOUNTING_BIG_ENDIAN.number();
  }

  default ExtentEntrySizes entrySizes() {
    return ExtentEntrySizes.KNOWN;
  }
}
