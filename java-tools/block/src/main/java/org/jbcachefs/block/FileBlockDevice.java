// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/**
 * A plain file or a block node, through the operating system's page cache and without any native
 * code of ours.
 *
 * <p>A device opened for writing holds an advisory lock on the whole file, so that two of our
 * processes cannot write to one device. A thread that is interrupted while it is in one of these
 * methods closes the device (a property of {@link FileChannel}); owners must not interrupt threads
 * that do I/O.
 */
public final class FileBlockDevice implements BlockDevice {
  /** The JDK copies heap buffers through a native one that it keeps per thread; this bounds it. */
  private static final int HEAP_STEP = 256 << 10;

  /** A buffer of {@link ByteBuffer} holds less than 2 GiB. */
  private static final int NATIVE_STEP = 1 << 30;

  private static final int ZERO_STEP = 1 << 20;

  private final String name;
  private final FileChannel channel;
  private final long size;
  private final int blockSize;
  private final boolean readOnly;

  private FileBlockDevice(
      String name, FileChannel channel, long size, int blockSize, boolean readOnly) {
    this.name = name;
    this.channel = channel;
    this.size = size;
    this.blockSize = blockSize;
    this.readOnly = readOnly;
  }

  /** Opens an existing file or block node for reading; the device is never written to. */
  public static FileBlockDevice openReadOnly(Path path) {
    return open(path, true, Set.of(StandardOpenOption.READ));
  }

  /** Opens an existing file or block node for reading and writing and locks it. */
  public static FileBlockDevice openReadWrite(Path path) {
    return open(path, false, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  /** Makes a new sparse image file of that many bytes; an existing file is a DeviceException. */
  public static FileBlockDevice create(Path path, long bytes) {
    try (FileChannel made =
        FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      if (bytes > 0) {
        made.write(ByteBuffer.allocate(1), bytes - 1);
      }
    } catch (IOException e) {
      throw new DeviceException(Place.device(path.toString(), -1), "cannot create: " + why(e), e);
    }
    return openReadWrite(path);
  }

  private static FileBlockDevice open(Path path, boolean readOnly, Set<? extends OpenOption> how) {
    String name = path.toString();
    if (Files.isDirectory(path)) {
      throw new DeviceException(
          Place.device(name, -1), "is a directory; expected a device or an image file");
    }
    FileChannel channel = null;
    FileBlockDevice device = null;
    try {
      channel = FileChannel.open(path, how);
      if (!readOnly) {
        lock(channel, name);
      }
      device =
          new FileBlockDevice(
              name, channel, channel.size(), SectorSize.of(path).orElse(512), readOnly);
      return device;
    } catch (IOException e) {
      throw new DeviceException(Place.device(name, -1), "cannot open: " + why(e), e);
    } finally {
      if (device == null && channel != null) {
        closeQuietlyAfterFailure(channel);
      }
    }
  }

  private static void lock(FileChannel channel, String name) throws IOException {
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      throw new DeviceException(
          Place.device(name, -1), "is in use: another process has it open for writing");
    }
  }

  private static void closeQuietlyAfterFailure(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // The failure that brought us here is already on its way and says more.
      return;
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int blockSize() {
    return blockSize;
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public void read(long offset, MemorySegment into) {
    checkRange("read", offset, into.byteSize());
    try {
      long done = 0;
      while (done < into.byteSize()) {
        int step = step(into, done);
        int got = channel.read(into.asSlice(done, step).asByteBuffer(), offset + done);
        if (got <= 0) {
          throw new DeviceException(
              Place.device(name, offset + done), "ends here; expected " + size + " bytes");
        }
        done += got;
      }
    } catch (IOException | NonReadableChannelException e) {
      throw failed("read", offset, into.byteSize(), e);
    }
  }

  @Override
  public void write(long offset, MemorySegment from) {
    checkWritable(offset);
    checkRange("write", offset, from.byteSize());
    try {
      long done = 0;
      while (done < from.byteSize()) {
        int step = step(from, done);
        done += channel.write(from.asSlice(done, step).asByteBuffer(), offset + done);
      }
    } catch (IOException | NonWritableChannelException e) {
      throw failed("write", offset, from.byteSize(), e);
    }
  }

  private static int step(MemorySegment segment, long done) {
    return (int) Math.min(segment.byteSize() - done, segment.isNative() ? NATIVE_STEP : HEAP_STEP);
  }

  @Override
  public void flush() {
    if (readOnly) {
      return;
    }
    try {
      channel.force(false);
    } catch (IOException e) {
      throw failed("flush", 0, size, e);
    }
  }

  @Override
  public void discard(long offset, long length) {
    checkWritable(offset);
    checkRange("discard", offset, length);
  }

  @Override
  public void writeZeroes(long offset, long length) {
    checkWritable(offset);
    checkRange("write zeroes", offset, length);
    ByteBuffer zeroes = ByteBuffer.allocateDirect((int) Math.min(length, ZERO_STEP));
    try {
      long done = 0;
      while (done < length) {
        zeroes.clear().limit((int) Math.min(length - done, ZERO_STEP));
        done += channel.write(zeroes, offset + done);
      }
    } catch (IOException e) {
      throw failed("write zeroes", offset, length, e);
    }
  }

  /** Requests are done in a virtual thread each. */
  @Override
  public IoQueue queue(List<? extends BlockDevice> devices, int capacity) {
    return IoQueue.threaded(capacity);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new DeviceException(Place.device(name, -1), "close failed: " + why(e), e);
    }
  }

  private void checkRange(String operation, long offset, long length) {
    if (DeviceErrors.isOutside(offset, length, size)) {
      throw DeviceErrors.outside(this, operation, offset, length);
    }
  }

  private void checkWritable(long offset) {
    if (readOnly) {
      throw DeviceErrors.readOnly(this, offset);
    }
  }

  private DeviceException failed(String operation, long offset, long length, Exception e) {
    return DeviceErrors.failed(this, operation, offset, length, why(e), e);
  }

  private static String why(Exception e) {
    return switch (e) {
      case NoSuchFileException _ -> "no such file or device";
      case AccessDeniedException _ -> "permission denied";
      case java.nio.channels.ClosedChannelException _ -> "the device is closed";
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }
}
