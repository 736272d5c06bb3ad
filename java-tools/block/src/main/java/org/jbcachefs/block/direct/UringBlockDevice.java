// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.IoFlags;
import org.jbcachefs.block.IoQueue;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.jni.NativeLibrary;
import org.jbcachefs.format.error.DeviceException;

/**
 * A file or block node by system calls of its own: io_uring for queues, pread(2) and pwritev2(2)
 * for single operations, which they do with less.
 *
 * <p>Opened for writing it goes past the page cache (O_DIRECT) where the file can: an error is told
 * by the write that it befell, and nothing is kept twice. Opened for reading it goes through the
 * page cache. A block node that is opened for writing must not be mounted or in use otherwise; it,
 * or the file, is locked against other programs of ours.
 */
public final class UringBlockDevice extends NativeBlockDevice {
  private static final long DESCRIPTION_BYTES = 24;

  private final int fd;
  private final boolean direct;
  private final boolean blockNode;

  private record Description(
      long bytes, int block, int memory, boolean blockNode, boolean readOnly) {}

  private UringBlockDevice(
      String name, int fd, Description description, boolean direct, boolean readOnly) {
    super(name, description.bytes, description.block, description.memory, readOnly);
    this.fd = fd;
    this.direct = direct;
    this.blockNode = description.blockNode;
  }

  /**
   * Whether io_uring can be used here.
   *
   * @throws DeviceException if not: forbidden by sysctl kernel.io_uring_disabled or a seccomp
   *     filter, or too old a kernel
   * @throws org.jbcachefs.format.error.RefusedException if there is no native library
   */
  public static void checkUsable() {
    NativeLibrary.load();
    NativeQueue.checkUring();
  }

  /** Opens an existing file or block node for reading, through the page cache. */
  public static UringBlockDevice openReadOnly(Path path) {
    return open(path, true, false);
  }

  /** The same past the page cache, if the file can do that. */
  public static UringBlockDevice openReadOnlyDirect(Path path) {
    return open(path, true, true);
  }

  /** Opens an existing file or block node for reading and writing, and locks it. */
  public static UringBlockDevice openReadWrite(Path path) {
    return open(path, false, true);
  }

  private static UringBlockDevice open(Path path, boolean readOnly, boolean wantsDirect) {
    NativeLibrary.load();
    UringBlockDevice device = wantsDirect ? openDirect(path, readOnly) : null;
    return device != null ? device : open(path, readOnly ? 0 : BlockNative.OPEN_WRITE);
  }

  /** Null if the file cannot be used like that as a whole. */
  private static UringBlockDevice openDirect(Path path, boolean readOnly) {
    UringBlockDevice device;
    try {
      device = open(path, BlockNative.OPEN_DIRECT | (readOnly ? 0 : BlockNative.OPEN_WRITE));
    } catch (DeviceException e) {
      if (e.getCause() instanceof NativeException cause && cause.errno() == Errno.EINVAL) {
        return null;
      }
      throw e;
    }
    if (device.size() % device.blockSize() == 0) {
      return device;
    }
    device.close();
    return null;
  }

  private static UringBlockDevice open(Path path, int flags) {
    boolean direct = (flags & BlockNative.OPEN_DIRECT) != 0;
    boolean readOnly = (flags & BlockNative.OPEN_WRITE) == 0;
    String name = path.toString();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cPath = arena.allocateFrom(name);
      int fd = checkOpen(name, "open", BlockNative.open(cPath.address(), flags));
      UringBlockDevice device = null;
      try {
        if (!readOnly) {
          checkOpen(name, "lock", BlockNative.lock(fd));
        }
        Description description = describe(name, fd, direct, arena);
        if (!readOnly && description.readOnly) {
          throw OpeningErrors.of(name, new NativeException("open", Errno.EROFS));
        }
        device = new UringBlockDevice(name, fd, description, direct, readOnly);
        return device;
      } finally {
        if (device == null) {
          BlockNative.close(fd);
        }
      }
    }
  }

  private static Description describe(String name, int fd, boolean direct, Arena arena) {
    MemorySegment memory = arena.allocate(DESCRIPTION_BYTES, 8);
    checkOpen(name, "describe", BlockNative.describe(fd, direct, memory.address()));
    return new Description(
        memory.get(ValueLayout.JAVA_LONG, 0),
        memory.get(ValueLayout.JAVA_INT, 8),
        memory.get(ValueLayout.JAVA_INT, 12),
        memory.get(ValueLayout.JAVA_INT, 16) != 0,
        memory.get(ValueLayout.JAVA_INT, 20) != 0);
  }

  private static int checkOpen(String name, String operation, int result) {
    if (result < 0) {
      throw OpeningErrors.of(name, new NativeException(operation, -result));
    }
    return result;
  }

  @Override
  public String transport() {
    return direct ? "io_uring, past the page cache" : "io_uring, through the page cache";
  }

  @Override
  int readAt(long offset, long address, long length) {
    return BlockNative.read(fd, offset, address, length);
  }

  @Override
  int writeAt(long offset, long address, long length, int flags) {
    if ((flags & IoFlags.PREFLUSH) != 0) {
      int flushed = BlockNative.flush(fd);
      if (flushed < 0) {
        return flushed;
      }
    }
    return BlockNative.write(fd, offset, address, length, (flags & IoFlags.FUA) != 0);
  }

  @Override
  int flushAll() {
    return BlockNative.flush(fd);
  }

  @Override
  int discardRange(long offset, long length) {
    return BlockNative.discard(fd, offset, length);
  }

  @Override
  int zeroRange(long offset, long length) {
    return BlockNative.writeZeroes(fd, offset, length);
  }

  @Override
  void release() {
    BlockNative.close(fd);
  }

  @Override
  boolean isDirect() {
    return direct;
  }

  @Override
  boolean isBlockNode() {
    return blockNode;
  }

  @Override
  int number() {
    return fd;
  }

  /** By io_uring if that is allowed here and all devices can; else a virtual thread each. */
  @Override
  public IoQueue queue(List<? extends BlockDevice> devices, int capacity) {
    return NativeQueue.overDescriptors(devices, capacity)
        .orElseGet(() -> IoQueue.threaded(capacity));
  }
}
