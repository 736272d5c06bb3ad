// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/** The errors that every device tells in the same words. */
public final class DeviceErrors {
  private DeviceErrors() {}

  /** Whether a range does not lie inside of a device of that size. */
  public static boolean isOutside(long offset, long length, long size) {
    return offset < 0 || length < 0 || offset > size - length;
  }

  public static DeviceException outside(
      BlockDevice device, String operation, long offset, long length) {
    return new DeviceException(
        Place.device(device.name(), offset),
        operation
            + " of "
            + length
            + " bytes is outside of the device of "
            + device.size()
            + " bytes");
  }

  public static DeviceException readOnly(BlockDevice device, long offset) {
    return new DeviceException(Place.device(device.name(), offset), "is open read-only");
  }

  public static DeviceException unaligned(
      BlockDevice device, String operation, long offset, long length) {
    return new DeviceException(
        Place.device(device.name(), offset),
        operation
            + " of "
            + length
            + " bytes is not aligned to the device's blocks of "
            + device.blockSize()
            + " bytes");
  }

  public static DeviceException failed(
      BlockDevice device, String operation, long offset, long length, String why, Exception cause) {
    return new DeviceException(
        Place.device(device.name(), offset),
        operation + " of " + length + " bytes failed: " + why,
        cause);
  }

  public static DeviceException closed(BlockDevice device, String operation, long offset) {
    return new DeviceException(
        Place.device(device.name(), offset), operation + " failed: the device is closed");
  }
}
