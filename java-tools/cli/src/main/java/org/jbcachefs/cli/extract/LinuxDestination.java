// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jbcachefs.cli.files.BytePath;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.platform.Errno;
import org.jbcachefs.cli.platform.LibC;
import org.jbcachefs.engine.fs.Attributes;

/**
 * A destination on Linux: system calls relative to the directory's descriptor, on raw names, so
 * that neither odd bytes nor deep trees nor links in the way matter.
 */
final class LinuxDestination implements Destination {
  private static final int MOST_DESCRIPTORS = 400;
  private static final int CREATE =
      LibC.O_WRONLY | LibC.O_CREAT | LibC.O_EXCL | LibC.O_NOFOLLOW | LibC.O_CLOEXEC;
  private static final int MINOR_LOW_BITS = 8;

  private final DirectoryDescriptors descriptors = new DirectoryDescriptors(MOST_DESCRIPTORS);
  private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);
  private final LinuxDirectory root;

  /** The destination must exist. */
  LinuxDestination(Path path) throws DestinationException {
    root = new LinuxDirectory(null, Names.encode(path.toString()));
    int flags = LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC;
    root.descriptor = LibC.openat(LibC.AT_FDCWD, scratch.get().first(root.name()), flags, 0);
    check(root.descriptor, root, null);
    root.users = 1;
  }

  @Override
  public Directory root() {
    return root;
  }

  @Override
  public Directory directory(Directory parent, byte[] name) throws DestinationException {
    LinuxDirectory in = (LinuxDirectory) parent;
    Scratch s = scratch.get();
    int at = descriptors.acquire(in, s);
    try {
      int made = LibC.mkdirat(at, s.first(name), 0700);
      if (made < 0 && LibC.errno() != Errno.EEXIST) {
        throw failure(in, name);
      }
    } finally {
      descriptors.release(in);
    }
    LinuxDirectory directory = new LinuxDirectory(in, name);
    descriptors.acquire(directory, s);
    descriptors.release(directory);
    return directory;
  }

  @Override
  public void finish(Directory directory, Attributes attributes, Keep keep)
      throws DestinationException {
    LinuxDirectory in = (LinuxDirectory) directory;
    Scratch s = scratch.get();
    int descriptor = descriptors.acquire(in, s);
    try {
      Descriptor open = new Descriptor(in, null, descriptor, s);
      if (keep.owners()) {
        open.owner(attributes);
      }
      open.attributes(attributes, keep);
    } finally {
      descriptors.release(in);
      if (in != root) {
        descriptors.forget(in);
      }
    }
  }

  @Override
  public void xattr(Directory directory, byte[] name, byte[] value) throws DestinationException {
    LinuxDirectory in = (LinuxDirectory) directory;
    Scratch s = scratch.get();
    int descriptor = descriptors.acquire(in, s);
    try {
      new Descriptor(in, null, descriptor, s).xattr(name, value);
    } finally {
      descriptors.release(in);
    }
  }

  @Override
  public void xattr(Directory parent, byte[] name, byte[] xattr, byte[] value)
      throws DestinationException {
    in(
        parent,
        name,
        (at, s) -> {
          byte[] way = ("/proc/self/fd/" + at).getBytes(StandardCharsets.US_ASCII);
          long path = s.first(BytePath.join(way, name));
          return LibC.lsetxattr(path, s.second(xattr), s.value(value), value.length, 0);
        });
  }

  @Override
  public Sink create(Directory parent, byte[] name) throws DestinationException {
    int descriptor = in(parent, name, (at, s) -> LibC.openat(at, s.first(name), CREATE, 0600));
    return new Descriptor((LinuxDirectory) parent, name, descriptor, scratch.get());
  }

  @Override
  public void symlink(Directory parent, byte[] name, byte[] target) throws DestinationException {
    in(parent, name, (at, s) -> LibC.symlinkat(s.second(target), at, s.first(name)));
  }

  @Override
  public void special(Directory parent, byte[] name, Attributes attributes)
      throws DestinationException {
    int mode = (attributes.mode() & Attributes.TYPE_MASK) | 0600;
    long device = device(attributes.majorDevice(), attributes.minorDevice());
    in(parent, name, (at, s) -> LibC.mknodat(at, s.first(name), mode, device));
  }

  /** dev_t as the C library packs it. */
  private static long device(int major, int minor) {
    long high = ((long) (major & ~0xfff) << 32) | ((long) (minor & ~0xff) << 12);
    return high | ((long) (major & 0xfff) << MINOR_LOW_BITS) | (minor & 0xff);
  }

  @Override
  public void owner(Directory parent, byte[] name, Attributes attributes)
      throws DestinationException {
    int nofollow = LibC.AT_SYMLINK_NOFOLLOW;
    in(
        parent,
        name,
        (at, s) -> LibC.fchownat(at, s.first(name), attributes.uid(), attributes.gid(), nofollow));
  }

  @Override
  public void attributes(Directory parent, byte[] name, Attributes attributes, Keep keep)
      throws DestinationException {
    if (!attributes.isSymlink()) {
      in(parent, name, (at, s) -> LibC.fchmodat(at, s.first(name), keep.mode(attributes), 0));
    }
    in(
        parent,
        name,
        (at, s) -> {
          long times = s.times(attributes.atime(), attributes.mtime());
          return LibC.utimensat(at, s.first(name), times, LibC.AT_SYMLINK_NOFOLLOW);
        });
  }

  @Override
  public void link(Directory fromParent, byte[] from, Directory parent, byte[] name)
      throws DestinationException {
    LinuxDirectory source = (LinuxDirectory) fromParent;
    int fromAt = descriptors.acquire(source, scratch.get());
    try {
      in(parent, name, (at, s) -> LibC.linkat(fromAt, s.second(from), at, s.first(name), 0));
    } finally {
      descriptors.release(source);
    }
  }

  @Override
  public void rename(Directory parent, byte[] from, byte[] to) throws DestinationException {
    in(parent, to, (at, s) -> LibC.renameat(at, s.second(from), at, s.first(to)));
  }

  @Override
  public void remove(Directory parent, byte[] name) throws DestinationException {
    in(parent, name, (at, s) -> LibC.unlinkat(at, s.first(name), 0));
  }

  @Override
  public Existing existing(Directory parent, byte[] name) throws DestinationException {
    LinuxDirectory in = (LinuxDirectory) parent;
    Scratch s = scratch.get();
    int at = descriptors.acquire(in, s);
    try {
      int result =
          LibC.statx(
              at,
              s.first(name),
              LibC.AT_SYMLINK_NOFOLLOW,
              LibC.STATX_BASIC_STATS,
              s.stat().address());
      if (result < 0 && LibC.errno() == Errno.ENOENT) {
        return null;
      }
      check(result, in, name);
      return StatAnswer.existing(s.stat());
    } finally {
      descriptors.release(in);
    }
  }

  @Override
  public void sync() throws DestinationException {
    check(LibC.syncfs(root.descriptor), root, null);
  }

  @Override
  public void close() {
    descriptors.closeAll();
    LibC.close(root.descriptor);
  }

  private interface Call {
    int at(int directory, Scratch scratch);
  }

  private int in(Directory parent, byte[] name, Call call) throws DestinationException {
    LinuxDirectory in = (LinuxDirectory) parent;
    Scratch s = scratch.get();
    int at = descriptors.acquire(in, s);
    try {
      int result = call.at(at, s);
      check(result, in, name);
      return result;
    } finally {
      descriptors.release(in);
    }
  }

  private static void check(int result, LinuxDirectory in, byte[] name)
      throws DestinationException {
    if (result < 0) {
      throw failure(in, name);
    }
  }

  private static DestinationException failure(LinuxDirectory in, byte[] name) {
    int errno = LibC.errno();
    String path = name == null ? in.path() : in.path() + "/" + Names.printableString(name);
    return new DestinationException(path, errno);
  }

  /** An open file or directory. */
  private record Descriptor(LinuxDirectory in, byte[] name, int descriptor, Scratch scratch)
      implements Sink {
    @Override
    public void write(long offset, MemorySegment bytes) throws DestinationException {
      long done = 0;
      while (done < bytes.byteSize()) {
        long written =
            LibC.pwrite(descriptor, bytes.address() + done, bytes.byteSize() - done, offset + done);
        if (written < 0) {
          throw failure(in, name);
        }
        done += written;
      }
    }

    @Override
    public void setSize(long bytes) throws DestinationException {
      check(LibC.ftruncate(descriptor, bytes), in, name);
    }

    @Override
    public void xattr(byte[] xattr, byte[] value) throws DestinationException {
      long key = scratch.first(xattr);
      check(LibC.fsetxattr(descriptor, key, scratch.value(value), value.length, 0), in, name);
    }

    @Override
    public void owner(Attributes attributes) throws DestinationException {
      check(LibC.fchown(descriptor, attributes.uid(), attributes.gid()), in, name);
    }

    @Override
    public void attributes(Attributes attributes, Keep keep) throws DestinationException {
      check(LibC.fchmod(descriptor, keep.mode(attributes)), in, name);
      long times = scratch.times(attributes.atime(), attributes.mtime());
      check(LibC.futimens(descriptor, times), in, name);
    }

    @Override
    public void close() throws DestinationException {
      check(LibC.close(descriptor), in, name);
    }
  }
}
