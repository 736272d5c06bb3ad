// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.block.jni.NativeException;

/**
 * An open /dev/fuse. Closing the last descriptor of a connection ends it: the kernel fails all
 * requests on the mount with ENOTCONN. Not thread-safe; each thread clones its own.
 */
public final class FuseDescriptor implements AutoCloseable {
  private final int fd;
  private boolean closed;

  private FuseDescriptor(int fd) {
    this.fd = fd;
  }

  /** Opens /dev/fuse, to be mounted by its number. */
  public static FuseDescriptor open() throws NativeException {
    return new FuseDescriptor(NativeException.check("open /dev/fuse", FuseNative.openDevice()));
  }

  /**
   * Has fusermount3 mount for an ordinary user. It prints its own complaints on standard error.
   *
   * @param helper path or name of the setuid program
   * @param options comma-separated, as fusermount3 takes them
   */
  public static FuseDescriptor mountByHelper(String helper, String options, String mountpoint)
      throws NativeException {
    try (Arena arena = Arena.ofConfined()) {
      int fd =
          FuseNative.mountByHelper(
              arena.allocateFrom(helper).address(),
              arena.allocateFrom(options).address(),
              arena.allocateFrom(mountpoint).address());
      return new FuseDescriptor(NativeException.check("mount through " + helper, fd));
    }
  }

  public int number() {
    return fd;
  }

  /** Another descriptor of the same, mounted, connection. */
  public FuseDescriptor cloned() throws NativeException {
    return new FuseDescriptor(NativeException.check("clone /dev/fuse", FuseNative.cloneDevice(fd)));
  }

  /**
   * Waits for one request and reads it.
   *
   * @param spinNanos how long to look for one before sleeping, if the descriptor is non-blocking
   * @return its length in bytes
   * @throws NativeException ENODEV once the filesystem is unmounted
   */
  int receive(MemorySegment buffer, long spinNanos) throws NativeException {
    return NativeException.check(
        "read /dev/fuse",
        FuseNative.receive(fd, buffer.address(), (int) buffer.byteSize(), spinNanos));
  }

  /**
   * Sends one whole reply.
   *
   * @throws NativeException ENOENT if nobody waits for it any more
   */
  void reply(MemorySegment buffer, int length) throws NativeException {
    NativeException.check("write /dev/fuse", FuseNative.reply(fd, buffer.address(), length));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      // close(2) of /dev/fuse cannot fail in a way that anyone could act on.
      int ignored = FuseNative.close(fd);
      assert ignored <= 0;
    }
  }
}
