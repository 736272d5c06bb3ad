// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Predicate;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.AllocateMode;
import org.jbcachefs.engine.fs.write.AttributeChange;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.RenameMode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.fs.write.XattrMode;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;

/** Changes of a filesystem that is open for writing. Thread-safe. */
public final class TreeChanges implements Changes {
  private static final int RENAME_NOREPLACE = 1;
  private static final int RENAME_EXCHANGE = 2;
  private static final int RENAME_WHITEOUT = 4;

  private static final int SET_USER_ID = 04000;
  private static final int SET_GROUP_ID = 02000;
  private static final int GROUP_EXECUTE = 010;

  private static final int FALLOC_KEEP_SIZE = 1;
  private static final int FALLOC_PUNCH_HOLE = 2;
  private static final int FALLOC_ZERO_RANGE = 16;

  /** What is copied at once where nothing can be shared. */
  private static final long COPY_BYTES = 1 << 20;

  private final WritableTree tree;
  private final int blockBytes;

  public TreeChanges(WritableTree tree, int blockBytes) {
    this.tree = tree;
    this.blockBytes = blockBytes;
  }

  static InodeId id(FileId file) {
    return new InodeId(file.subvolume(), file.inode());
  }

  @Override
  public void useBy(Predicate<FileId> user) {
    tree.holdBy(id -> user.test(new FileId(id.subvolume(), 0, id.number())));
  }

  private static NewInode inode(int mode, Maker maker) {
    return NewInode.of(mode, maker.uid(), maker.gid()).withUmask(maker.umask());
  }

  @Override
  public Attributes make(
      FileId directory, byte[] name, int mode, int majorDevice, int minorDevice, Maker maker) {
    NewInode what = inode(mode, maker).withDevice(majorDevice, minorDevice);
    return tree.create(id(directory), name, what).attributes();
  }

  @Override
  public Attributes symlink(FileId directory, byte[] name, byte[] target, Maker maker) {
    NewInode what = NewInode.symlink(target, maker.uid(), maker.gid());
    return tree.create(id(directory), name, what).attributes();
  }

  @Override
  public Attributes temporary(FileId directory, int mode, Maker maker) {
    return tree.createTemporary(id(directory), inode(mode, maker)).attributes();
  }

  @Override
  public Attributes link(FileId file, FileId directory, byte[] name) {
    return tree.link(id(file), id(directory), name).attributes();
  }

  @Override
  public void unlink(FileId directory, byte[] name) {
    tree.unlink(id(directory), name);
  }

  @Override
  public void rmdir(FileId directory, byte[] name) {
    tree.rmdir(id(directory), name);
  }

  @Override
  public void rename(
      FileId directory, byte[] name, FileId newDirectory, byte[] newName, int flags) {
    RenameMode mode =
        switch (flags) {
          case 0 -> RenameMode.REPLACE;
          case RENAME_NOREPLACE -> RenameMode.NOREPLACE;
          case RENAME_EXCHANGE -> RenameMode.EXCHANGE;
          case RENAME_WHITEOUT -> RenameMode.WHITEOUT;
          default -> throw new PosixException(PosixError.EINVAL, "rename flags " + flags);
        };
    tree.rename(id(directory), name, id(newDirectory), newName, mode);
  }

  @Override
  public Attributes change(FileId file, Attributed what) {
    AttributeChange change = AttributeChange.NONE;
    Integer mode = what.mode();
    if (what.uid() != null || what.gid() != null || what.killSuidgid()) {
      mode = withoutSetId(file, mode);
    }
    change = mode == null ? change : change.withMode(mode);
    change = what.uid() == null ? change : change.withUid(what.uid());
    change = what.gid() == null ? change : change.withGid(what.gid());
    change = what.size() == null ? change : change.withSize(what.size());
    change = what.atime() == null ? change : change.withAtime(what.atime());
    change = what.mtime() == null ? change : change.withMtime(what.mtime());
    change = what.ctime() == null ? change : change.withCtime(what.ctime());
    return tree.setAttributes(id(file), change).attributes();
  }

  /**
   * What is left of a file's mode when somebody else gets it or its contents; {@code wanted} if
   * nothing has to go.
   */
  private Integer withoutSetId(FileId file, Integer wanted) {
    Attributes now = tree.attributes(id(file));
    int mode = wanted == null ? now.mode() & 07777 : wanted;
    int left = mode & ~SET_USER_ID & ~((mode & GROUP_EXECUTE) != 0 ? SET_GROUP_ID : 0);
    return now.isDirectory() || left == mode ? wanted : Integer.valueOf(left);
  }

  @Override
  public void setXattr(FileId file, byte[] name, byte[] value, int flags, boolean killSgid) {
    XattrMode mode =
        switch (flags) {
          case 0 -> XattrMode.ANY;
          case XATTR_CREATE -> XattrMode.CREATE;
          case XATTR_REPLACE -> XattrMode.REPLACE;
          default -> throw new PosixException(PosixError.EINVAL, "setxattr flags " + flags);
        };
    tree.setXattr(id(file), name, value, mode);
    if (killSgid) {
      int permissions = tree.attributes(id(file)).mode() & 07777;
      if ((permissions & SET_GROUP_ID) != 0) {
        tree.setAttributes(id(file), AttributeChange.NONE.withMode(permissions & ~SET_GROUP_ID));
      }
    }
  }

  @Override
  public void removeXattr(FileId file, byte[] name) {
    tree.removeXattr(id(file), name);
  }

  @Override
  public void setFlags(FileId file, Integer chattrFlags, Integer project) {
    AttributeChange change = AttributeChange.NONE;
    change = chattrFlags == null ? change : change.withFlags(chattrFlags);
    change = project == null ? change : change.withProject(project);
    tree.setAttributes(id(file), change);
  }

  @Override
  public long write(
      FileId file, long offset, MemorySegment data, boolean killSuidgid, boolean later) {
    if (killSuidgid) {
      Integer mode = withoutSetId(file, null);
      if (mode != null) {
        tree.setAttributes(id(file), AttributeChange.NONE.withMode(mode));
      }
    }
    return later ? tree.writeLater(id(file), offset, data) : tree.write(id(file), offset, data);
  }

  @Override
  public boolean mustWrite() {
    return tree.mustWrite();
  }

  @Override
  public void allocate(FileId file, int mode, long offset, long length) {
    AllocateMode how =
        switch (mode) {
          case 0 -> AllocateMode.ALLOCATE;
          case FALLOC_KEEP_SIZE -> AllocateMode.ALLOCATE_KEEP_SIZE;
          case FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE -> AllocateMode.PUNCH_HOLE;
          case FALLOC_ZERO_RANGE -> AllocateMode.ZERO_RANGE;
          case FALLOC_ZERO_RANGE | FALLOC_KEEP_SIZE -> AllocateMode.ZERO_RANGE_KEEP_SIZE;
          default -> throw new PosixException(PosixError.EOPNOTSUPP, "fallocate mode " + mode);
        };
    tree.allocate(id(file), how, offset, length);
  }

  /** Whole blocks are shared, all others copied. */
  @Override
  public long copy(FileId from, long offset, FileId to, long toOffset, long length) {
    long there = Math.max(0, tree.attributes(id(from)).size() - offset);
    long wanted = Math.min(length, there);
    long blocks = wanted / blockBytes * blockBytes;
    if (blocks > 0 && offset % blockBytes == 0 && toOffset % blockBytes == 0) {
      tree.clone(id(from), offset, id(to), toOffset, blocks);
      return blocks;
    }
    return copyBytes(from, offset, to, toOffset, Math.min(wanted, COPY_BYTES));
  }

  private long copyBytes(FileId from, long offset, FileId to, long toOffset, long length) {
    if (length == 0) {
      return 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(length);
      int read = tree.read(id(from), offset, buffer);
      return read == 0 ? 0 : tree.write(id(to), toOffset, buffer.asSlice(0, read));
    }
  }

  @Override
  public void accessed(FileId file, long now, boolean always) {
    tree.accessed(id(file), now, always);
  }

  @Override
  public void sync(FileId file, boolean dataOnly) {
    tree.sync(id(file));
  }

  @Override
  public void syncAll() {
    tree.syncAll();
  }

  @Override
  public void forgotten(List<FileId> files) {
    tree.release(files.stream().map(TreeChanges::id).toList());
  }

  @Override
  public void allForgotten() {
    tree.close();
  }
}
