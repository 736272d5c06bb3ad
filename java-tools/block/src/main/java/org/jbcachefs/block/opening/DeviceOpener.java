// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.opening;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.DeviceEvent;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.direct.ShimSession;
import org.jbcachefs.block.direct.UringBlockDevice;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.jni.NativeLibrary;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.DeviceException;

/**
 * Opens the devices of one filesystem or command. Devices that go through the kernel shim share one
 * session, so that a queue can write to several of them at once; it ends with the last of them.
 * Thread-safe.
 *
 * <p>In mode {@link IoMode#AUTO} a way that is not there is passed over, with a remark. A device
 * that somebody else holds is not opened for writing in any other way; for reading it is.
 */
public final class DeviceOpener {
  private final IoMode mode;
  private final Consumer<String> remarks;
  private ShimSession session;
  private Consumer<DeviceEvent> listener;
  private boolean shimFailed;
  private Boolean uring;

  /**
   * @param remarks told, in a sentence each, which way a device was opened and why not another; for
   *     --debug
   */
  public DeviceOpener(IoMode mode, Consumer<String> remarks) {
    this.mode = mode;
    this.remarks = remarks;
  }

  /**
   * Has a thread of its own tell what happens to devices that are opened from now on. Only the
   * kernel shim tells; of devices that are opened in another way failures are all that is noticed.
   * Before the first device, once.
   */
  public synchronized void watch(Consumer<DeviceEvent> newListener) {
    if (session != null || listener != null) {
      throw new IllegalStateException("devices are open, or watched already");
    }
    listener = newListener;
  }

  public IoMode mode() {
    return mode;
  }

  /** Opens an existing file or block node for reading; it is never written to. */
  public BlockDevice openReadOnly(Path path) {
    return told(open(path, true));
  }

  /** Opens an existing file or block node for reading and writing, and keeps others from it. */
  public BlockDevice openReadWrite(Path path) {
    return told(open(path, false));
  }

  private BlockDevice told(BlockDevice device) {
    remarks.accept(device.name() + ": opened: " + device.transport());
    return device;
  }

  private BlockDevice open(Path path, boolean readOnly) {
    return switch (mode) {
      case SHIM -> claim(session(), path, readOnly);
      case URING -> {
        UringBlockDevice.checkUsable();
        yield openByUring(path, readOnly);
      }
      case PLAIN -> openPlainly(path, readOnly);
      case AUTO -> openBest(path, readOnly);
    };
  }

  private BlockDevice openBest(Path path, boolean readOnly) {
    BlockDevice claimed = tryShim(path, readOnly);
    if (claimed != null) {
      return claimed;
    }
    return isUringUsable() ? openByUring(path, readOnly) : openPlainly(path, readOnly);
  }

  private static BlockDevice openPlainly(Path path, boolean readOnly) {
    return readOnly ? FileBlockDevice.openReadOnly(path) : FileBlockDevice.openReadWrite(path);
  }

  private static BlockDevice openByUring(Path path, boolean readOnly) {
    return readOnly ? UringBlockDevice.openReadOnly(path) : UringBlockDevice.openReadWrite(path);
  }

  private static BlockDevice claim(ShimSession session, Path path, boolean readOnly) {
    return readOnly ? session.openReadOnly(path) : session.openReadWrite(path);
  }

  /** Null if the shim is not to be had, or not for that device. */
  private BlockDevice tryShim(Path path, boolean readOnly) {
    if (!ShimNode.isPresent() || shimHasFailed()) {
      return null;
    }
    ShimSession found;
    try {
      found = session();
    } catch (BcachefsException e) {
      failShim(e.sentence());
      return null;
    }
    try {
      return claim(found, path, readOnly);
    } catch (DeviceException e) {
      if (!canDoWithout(e, readOnly)) {
        throw e;
      }
      remarks.accept(e.sentence() + "; not through the kernel shim");
      return null;
    }
  }

  /**
   * Whether the other ways are open: it is nothing that the shim takes, or reading needs no claim.
   */
  private static boolean canDoWithout(DeviceException e, boolean readOnly) {
    if (!(e.getCause() instanceof NativeException cause)) {
      return false;
    }
    return switch (cause.errno()) {
      case Errno.ENOTBLK, Errno.EOPNOTSUPP -> true;
      case Errno.EBUSY, Errno.EACCES, Errno.EPERM -> readOnly;
      default -> false;
    };
  }

  private synchronized ShimSession session() {
    if (session == null || !session.isOpen()) {
      session = ShimSession.open();
      if (listener != null) {
        session.watch(listener);
      }
    }
    return session;
  }

  private synchronized boolean shimHasFailed() {
    return shimFailed;
  }

  private synchronized void failShim(String why) {
    shimFailed = true;
    remarks.accept(why + "; doing without the kernel shim");
  }

  private synchronized boolean isUringUsable() {
    if (uring == null) {
      uring = findUring();
    }
    return uring;
  }

  private boolean findUring() {
    if (!NativeLibrary.isPresent()) {
      remarks.accept("libjbcachefs.so is not there; doing without io_uring");
      return false;
    }
    try {
      UringBlockDevice.checkUsable();
      return true;
    } catch (BcachefsException e) {
      remarks.accept(e.sentence() + "; doing without it");
    } catch (UnsatisfiedLinkError e) {
      remarks.accept("libjbcachefs.so is not of this version: " + e.getMessage());
    }
    return false;
  }
}
