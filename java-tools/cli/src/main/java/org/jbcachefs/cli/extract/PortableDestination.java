// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jbcachefs.cli.files.FileType;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.platform.Errno;
import org.jbcachefs.engine.fs.Attributes;

/**
 * A destination with what the JDK has: contents, permissions, times, symbolic and hard links, user
 * xattrs. Neither owners nor special files; names must be text that the system takes.
 */
final class PortableDestination implements Destination {
  private static final String USER_XATTR = "user.";
  private static final int PERMISSION_BITS = 9;

  private record Folder(Path at) implements Directory {
    @Override
    public String path() {
      return at.toString();
    }
  }

  private final Folder root;

  /** The destination must exist. */
  PortableDestination(Path path) {
    root = new Folder(path);
  }

  private interface Step {
    void run() throws IOException;
  }

  private static void attempt(Path path, Step step) throws DestinationException {
    try {
      step.run();
    } catch (FileAlreadyExistsException e) {
      throw new DestinationException(path.toString(), Errno.EEXIST);
    } catch (NoSuchFileException e) {
      throw new DestinationException(path.toString(), Errno.ENOENT);
    } catch (AccessDeniedException e) {
      throw new DestinationException(path.toString(), Errno.EACCES);
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  private static DestinationException failed(Path path, IOException e) {
    String what =
        e instanceof FileSystemException f && f.getReason() != null
            ? f.getReason()
            : String.valueOf(e.getMessage());
    int errno = what.contains("No space") ? Errno.ENOSPC : 0;
    return new DestinationException(path.toString(), errno, what);
  }

  private static Path resolve(Directory parent, byte[] name) throws DestinationException {
    Path in = ((Folder) parent).at;
    String text = Names.printableString(name);
    if (!Names.isUtf8(name)) {
      throw new DestinationException(in + "/" + text, 0, "this name is no text");
    }
    try {
      Path path = in.resolve(Names.decode(name));
      if (!in.equals(path.getParent())) {
        throw new DestinationException(in + "/" + text, 0, "this name leads elsewhere");
      }
      return path;
    } catch (InvalidPathException e) {
      throw new DestinationException(in + "/" + text, 0, "this name is not allowed there");
    }
  }

  @Override
  public Directory root() {
    return root;
  }

  @Override
  public Directory directory(Directory parent, byte[] name) throws DestinationException {
    Path path = resolve(parent, name);
    if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      attempt(path, () -> Files.createDirectory(path));
    }
    return new Folder(path);
  }

  @Override
  public void finish(Directory directory, Attributes attributes, Keep keep)
      throws DestinationException {
    set(((Folder) directory).at, attributes, keep);
  }

  @Override
  public void xattr(Directory directory, byte[] name, byte[] value) throws DestinationException {
    xattr(((Folder) directory).at, name, value);
  }

  @Override
  public void xattr(Directory parent, byte[] name, byte[] xattr, byte[] value)
      throws DestinationException {
    throw new DestinationException(resolve(parent, name).toString(), Errno.EOPNOTSUPP);
  }

  private static void xattr(Path path, byte[] name, byte[] value) throws DestinationException {
    String text = Names.decode(name);
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(path, UserDefinedFileAttributeView.class);
    if (view == null || !text.startsWith(USER_XATTR)) {
      throw new DestinationException(path.toString(), Errno.EOPNOTSUPP);
    }
    attempt(path, () -> view.write(text.substring(USER_XATTR.length()), ByteBuffer.wrap(value)));
  }

  @Override
  public Sink create(Directory parent, byte[] name) throws DestinationException {
    Path path = resolve(parent, name);
    FileChannel[] made = new FileChannel[1];
    attempt(
        path,
        () ->
            made[0] =
                FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
    return new Channel(path, made[0]);
  }

  @Override
  public void symlink(Directory parent, byte[] name, byte[] target) throws DestinationException {
    Path path = resolve(parent, name);
    if (!Names.isUtf8(target)) {
      throw new DestinationException(path.toString(), 0, "its target is no text");
    }
    attempt(path, () -> Files.createSymbolicLink(path, Path.of(Names.decode(target))));
  }

  @Override
  public void special(Directory parent, byte[] name, Attributes attributes)
      throws DestinationException {
    throw new DestinationException(
        resolve(parent, name).toString(), Errno.EPERM, "special files cannot be made here");
  }

  @Override
  public void owner(Directory parent, byte[] name, Attributes attributes)
      throws DestinationException {
    throw new DestinationException(resolve(parent, name).toString(), Errno.EPERM);
  }

  @Override
  public void attributes(Directory parent, byte[] name, Attributes attributes, Keep keep)
      throws DestinationException {
    Path path = resolve(parent, name);
    if (!attributes.isSymlink()) {
      set(path, attributes, keep);
    }
  }

  private static void set(Path path, Attributes attributes, Keep keep) throws DestinationException {
    attempt(
        path,
        () -> {
          if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(path, permissions(keep.mode(attributes)));
          }
          Files.getFileAttributeView(path, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
              .setTimes(
                  FileTime.from(attributes.mtime(), TimeUnit.NANOSECONDS),
                  FileTime.from(attributes.atime(), TimeUnit.NANOSECONDS),
                  null);
        });
  }

  private static Set<PosixFilePermission> permissions(int mode) {
    Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
    PosixFilePermission[] fromHighest = PosixFilePermission.values();
    for (int i = 0; i < PERMISSION_BITS; i++) {
      if ((mode & (1 << (PERMISSION_BITS - 1 - i))) != 0) {
        set.add(fromHighest[i]);
      }
    }
    return set;
  }

  @Override
  public void link(Directory fromParent, byte[] from, Directory parent, byte[] name)
      throws DestinationException {
    Path existing = resolve(fromParent, from);
    Path path = resolve(parent, name);
    attempt(path, () -> Files.createLink(path, existing));
  }

  @Override
  public void rename(Directory parent, byte[] from, byte[] to) throws DestinationException {
    Path source = resolve(parent, from);
    Path target = resolve(parent, to);
    attempt(
        target,
        () -> Files.move(source, target, java.nio.file.StandardCopyOption.REPLACE_EXISTING));
  }

  @Override
  public void remove(Directory parent, byte[] name) throws DestinationException {
    Path path = resolve(parent, name);
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new DestinationException(path.toString(), Errno.EISDIR);
    }
    attempt(path, () -> Files.delete(path));
  }

  @Override
  public Existing existing(Directory parent, byte[] name) throws DestinationException {
    Path path = resolve(parent, name);
    try {
      BasicFileAttributes found =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return new Existing(
          type(found), found.size(), found.lastModifiedTime().to(TimeUnit.NANOSECONDS));
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  private static FileType type(BasicFileAttributes found) {
    if (found.isDirectory()) {
      return FileType.DIRECTORY;
    }
    if (found.isSymbolicLink()) {
      return FileType.SYMLINK;
    }
    return found.isRegularFile() ? FileType.REGULAR : FileType.UNKNOWN;
  }

  /** The JDK can make single files durable only; a resumed extraction does more again instead. */
  @Override
  public void sync() throws DestinationException {
    throw new DestinationException(root.path(), Errno.EOPNOTSUPP);
  }

  @Override
  public void close() {}

  private record Channel(Path path, FileChannel channel) implements Sink {
    @Override
    public void write(long offset, MemorySegment bytes) throws DestinationException {
      attempt(
          path,
          () -> {
            ByteBuffer buffer = bytes.asByteBuffer();
            long at = offset;
            while (buffer.hasRemaining()) {
              at += channel.write(buffer, at);
            }
          });
    }

    /** A file grows by its last byte; the JDK has no other way. */
    @Override
    public void setSize(long bytes) throws DestinationException {
      attempt(
          path,
          () -> {
            if (bytes > channel.size()) {
              channel.write(ByteBuffer.allocate(1), bytes - 1);
            }
          });
    }

    @Override
    public void xattr(byte[] name, byte[] value) throws DestinationException {
      PortableDestination.xattr(path, name, value);
    }

    @Override
    public void owner(Attributes attributes) throws DestinationException {
      throw new DestinationException(path.toString(), Errno.EPERM);
    }

    @Override
    public void attributes(Attributes attributes, Keep keep) throws DestinationException {
      set(path, attributes, keep);
    }

    @Override
    public void close() throws DestinationException {
      attempt(path, channel::close);
    }
  }
}
