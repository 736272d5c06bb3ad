// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.cli.output.Names;

/**
 * A directory of this machine, read as Linux has it: names and xattrs are bytes, links are not
 * followed. Belongs to one thread; needs {@link LibC#isAvailable}.
 */
public final class HostDirectory implements AutoCloseable {
  private static final int PATH_MOST = 4096;
  private static final int XATTR_MOST = 64 << 10;
  private static final long NANOS = 1_000_000_000L;
  private static final int ENXIO = 6;
  private static final int WIDTH = 32;

  private final String path;
  private final int descriptor;

  private HostDirectory(String path, int descriptor) {
    this.path = path;
    this.descriptor = descriptor;
  }

  /** Opens a directory by its path. */
  public static HostDirectory open(byte[] path) throws IOException {
    return open(LibC.AT_FDCWD, path, Names.printableString(path));
  }

  /** Opens a directory in this one. */
  public HostDirectory directory(byte[] name) throws IOException {
    return open(descriptor, name, pathOf(name));
  }

  private static HostDirectory open(int at, byte[] name, String path) throws IOException {
    return new HostDirectory(path, open(at, name, path, LibC.O_DIRECTORY));
  }

  private static int open(int at, byte[] name, String path, int more) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      int flags = LibC.O_RDONLY | LibC.O_CLOEXEC | more;
      int opened = LibC.openat(at, terminated(arena, name).address(), flags, 0);
      if (opened < 0) {
        throw failed(path);
      }
      return opened;
    }
  }

  private static MemorySegment terminated(Arena arena, byte[] bytes) {
    MemorySegment segment = arena.allocate(bytes.length + 1L);
    MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
    return segment;
  }

  private static IOException failed(String path) {
    return new FileSystemException(path, null, Errno.text(LibC.errno()));
  }

  /** For messages. */
  public String pathOf(byte[] name) {
    return path + "/" + Names.printableString(name);
  }

  /** All names but "." and "..", in the order of their bytes. */
  public List<byte[]> names() throws IOException {
    long stream = LibC.fdopendir(open(descriptor, new byte[] {'.'}, path, LibC.O_DIRECTORY));
    if (stream == 0) {
      throw failed(path);
    }
    List<byte[]> names = new ArrayList<>();
    try {
      for (long at = LibC.readdir(stream); at != 0; at = LibC.readdir(stream)) {
        byte[] name = nameAt(at);
        boolean isDots =
            name[0] == '.' && (name.length == 1 || (name.length == 2 && name[1] == '.'));
        if (!isDots) {
          names.add(name);
        }
      }
    } finally {
      LibC.closedir(stream);
    }
    names.sort(java.util.Arrays::compareUnsigned);
    return names;
  }

  private static byte[] nameAt(long address) {
    MemorySegment head = MemorySegment.ofAddress(address).reinterpret(LibC.DIRENT_NAME);
    int length = Short.toUnsignedInt(head.get(ValueLayout.JAVA_SHORT, LibC.DIRENT_LENGTH));
    MemorySegment entry = MemorySegment.ofAddress(address).reinterpret(length);
    int end = LibC.DIRENT_NAME;
    while (entry.get(ValueLayout.JAVA_BYTE, end) != 0) {
      end++;
    }
    return entry.asSlice(LibC.DIRENT_NAME, end - LibC.DIRENT_NAME).toArray(ValueLayout.JAVA_BYTE);
  }

  /** What is known of a file, or of the directory itself if the name is empty. */
  public HostFile stat(byte[] name) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(LibC.STATX_BYTES, Long.BYTES);
      int flags = LibC.AT_SYMLINK_NOFOLLOW | LibC.AT_EMPTY_PATH;
      long at = terminated(arena, name).address();
      if (LibC.statx(descriptor, at, flags, LibC.STATX_BASIC_STATS, out.address()) != 0) {
        throw failed(pathOf(name));
      }
      return new HostFile(
          Short.toUnsignedInt(out.get(ValueLayout.JAVA_SHORT, LibC.STATX_MODE)),
          u32(out, LibC.STATX_UID),
          u32(out, LibC.STATX_GID),
          Integer.toUnsignedLong(u32(out, LibC.STATX_LINKS)),
          u64(out, LibC.STATX_INODE),
          (long) u32(out, LibC.STATX_DEVICE_MAJOR) << WIDTH
              | Integer.toUnsignedLong(u32(out, LibC.STATX_DEVICE_MINOR)),
          u32(out, LibC.STATX_NODE_MAJOR),
          u32(out, LibC.STATX_NODE_MINOR),
          u64(out, LibC.STATX_SIZE),
          u64(out, LibC.STATX_ATIME_SECONDS) * NANOS + u32(out, LibC.STATX_ATIME_NANOS),
          u64(out, LibC.STATX_MTIME_SECONDS) * NANOS + u32(out, LibC.STATX_MTIME_NANOS));
    }
  }

  private static int u32(MemorySegment out, int offset) {
    return out.get(ValueLayout.JAVA_INT, offset);
  }

  private static long u64(MemorySegment out, int offset) {
    return out.get(ValueLayout.JAVA_LONG, offset);
  }

  /** Where a symbolic link points to. */
  public byte[] readlink(byte[] name) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(PATH_MOST);
      long at = terminated(arena, name).address();
      long length = LibC.readlinkat(descriptor, at, out.address(), PATH_MOST);
      if (length < 0) {
        throw failed(pathOf(name));
      }
      return out.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** Full names of a file's xattrs; none where the filesystem has no such thing. */
  public List<byte[]> xattrs(byte[] name) throws IOException {
    List<byte[]> names = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(XATTR_MOST);
      long length = LibC.llistxattr(way(arena, name), out.address(), XATTR_MOST);
      if (length < 0 && LibC.errno() != Errno.EOPNOTSUPP) {
        throw failed(pathOf(name));
      }
      for (long from = 0, at = 0; at < length; at++) {
        if (out.get(ValueLayout.JAVA_BYTE, at) == 0) {
          names.add(out.asSlice(from, at - from).toArray(ValueLayout.JAVA_BYTE));
          from = at + 1;
        }
      }
    }
    return names;
  }

  /** The value of an xattr. */
  public byte[] xattr(byte[] name, byte[] xattr) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(XATTR_MOST);
      long attribute = terminated(arena, xattr).address();
      long length = LibC.lgetxattr(way(arena, name), attribute, out.address(), XATTR_MOST);
      if (length < 0) {
        throw failed(pathOf(name) + " " + Names.printableString(xattr));
      }
      return out.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** A path to the file that no name above it has a part in. */
  private long way(Arena arena, byte[] name) {
    byte[] above = ("/proc/self/fd/" + descriptor + "/").getBytes(US_ASCII);
    byte[] whole = java.util.Arrays.copyOf(above, above.length + name.length);
    System.arraycopy(name, 0, whole, above.length, name.length);
    return terminated(arena, whole).address();
  }

  /** Takes a file's bytes, range by range. */
  @FunctionalInterface
  public interface Ranges {
    void take(long offset, MemorySegment bytes) throws IOException;
  }

  /**
   * Hands over what a file holds; holes are left out.
   *
   * @param buffer native
   */
  public void read(byte[] name, MemorySegment buffer, Ranges into) throws IOException {
    int file = open(descriptor, name, pathOf(name), LibC.O_NOFOLLOW);
    try {
      long at = LibC.lseek(file, 0, LibC.SEEK_DATA);
      while (at >= 0) {
        long end = LibC.lseek(file, at, LibC.SEEK_HOLE);
        while (at < end) {
          long wanted = Math.min(buffer.byteSize(), end - at);
          long got = LibC.pread(file, buffer.address(), wanted, at);
          if (got <= 0) {
            throw got < 0 ? failed(pathOf(name)) : shorter(name);
          }
          into.take(at, buffer.asSlice(0, got));
          at += got;
        }
        at = LibC.lseek(file, at, LibC.SEEK_DATA);
      }
      if (LibC.errno() != ENXIO) {
        throw failed(pathOf(name));
      }
    } finally {
      LibC.close(file);
    }
  }

  /** How many bytes of a file are data and no holes. */
  public long dataBytes(byte[] name) throws IOException {
    int file = open(descriptor, name, pathOf(name), LibC.O_NOFOLLOW);
    try {
      long bytes = 0;
      long at = LibC.lseek(file, 0, LibC.SEEK_DATA);
      while (at >= 0) {
        long end = LibC.lseek(file, at, LibC.SEEK_HOLE);
        bytes += Math.max(0, end - at);
        at = LibC.lseek(file, Math.max(end, at + 1), LibC.SEEK_DATA);
      }
      if (LibC.errno() != ENXIO) {
        throw failed(pathOf(name));
      }
      return bytes;
    } finally {
      LibC.close(file);
    }
  }

  private IOException shorter(byte[] name) {
    return new FileSystemException(pathOf(name), null, "the file was cut while it was read");
  }

  @Override
  public void close() {
    LibC.close(descriptor);
  }
}
