// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.NativeLong;
import org.jbcachefs.block.jni.NativeException;

/**
 * Tells when mounts of this process's mount namespace change: remounts that go past us among them.
 * Source: poll(2) of {@code /proc/self/mountinfo}, proc(5).
 */
final class MountWatch {
  private static final String MOUNTS = "/proc/self/mountinfo";
  private static final int POLLFD_BYTES = 8;
  private static final int OFFSET_EVENTS = 4;

  private final LibC libc;
  private final int descriptor;

  MountWatch(LibC libc) throws NativeException {
    this.libc = libc;
    try {
      this.descriptor = libc.open(MOUNTS, LibC.O_RDONLY);
    } catch (LastErrorException e) {
      throw new NativeException("open " + MOUNTS, e.getErrorCode());
    }
  }

  void start(Runnable changed) {
    Thread.ofPlatform().name("mounts").daemon().start(() -> watch(changed));
  }

  private void watch(Runnable changed) {
    try (Memory entry = new Memory(POLLFD_BYTES)) {
      while (true) {
        entry.setInt(0, descriptor);
        entry.setInt(OFFSET_EVENTS, LibC.POLLPRI);
        if (libc.poll(entry, new NativeLong(1), -1) > 0) {
          changed.run();
        }
      }
    } catch (LastErrorException e) {
      // Changes that go past us are noticed by the requests that they bring, then.
      libc.close(descriptor);
    }
  }
}
