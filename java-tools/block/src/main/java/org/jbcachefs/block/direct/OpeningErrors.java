// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/** Why a device could not be opened, in words. */
final class OpeningErrors {
  private OpeningErrors() {}

  static DeviceException of(String name, NativeException e) {
    return of(name, e, ": mounted, or held by another program");
  }

  /**
   * @param holder who has the device, after "is in use"
   */
  static DeviceException of(String name, NativeException e, String holder) {
    String why =
        switch (e.errno()) {
          case Errno.EISDIR -> "is a directory; expected a device or an image file";
          case Errno.EAGAIN -> "is in use: another process has it open for writing";
          case Errno.EBUSY -> "is in use" + holder;
          case Errno.ENOENT -> "cannot open: no such file or device";
          case Errno.ENOTBLK -> "is no block device; the kernel shim takes nothing else";
          default -> "cannot " + e.operation() + ": " + Errno.text(e.errno());
        };
    return new DeviceException(Place.device(name, -1), why, e);
  }
}
