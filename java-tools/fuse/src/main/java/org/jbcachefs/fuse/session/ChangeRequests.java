// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.write.Quotas;
import org.jbcachefs.fuse.protocol.AttrOut;
import org.jbcachefs.fuse.protocol.CopyRangeIn;
import org.jbcachefs.fuse.protocol.CreateIn;
import org.jbcachefs.fuse.protocol.EntryOut;
import org.jbcachefs.fuse.protocol.FallocateIn;
import org.jbcachefs.fuse.protocol.FsyncIn;
import org.jbcachefs.fuse.protocol.LinkIn;
import org.jbcachefs.fuse.protocol.MkdirIn;
import org.jbcachefs.fuse.protocol.MknodIn;
import org.jbcachefs.fuse.protocol.Opcode;
import org.jbcachefs.fuse.protocol.OpenOut;
import org.jbcachefs.fuse.protocol.RenameIn;
import org.jbcachefs.fuse.protocol.SetattrIn;
import org.jbcachefs.fuse.protocol.SetxattrIn;
import org.jbcachefs.fuse.protocol.Wire;
import org.jbcachefs.fuse.protocol.WriteIn;
import org.jbcachefs.fuse.protocol.WriteOut;
import org.jbcachefs.fuse.session.Changes.Attributed;
import org.jbcachefs.fuse.session.Changes.Maker;
import org.jbcachefs.fuse.transport.Request;

/**
 * The requests that change a filesystem. Thread-safe.
 *
 * <p>The kernel has no open files here (see {@code Session}): a file whose last name is gone lives
 * until the kernel forgets its node, which it does with the last close.
 */
final class ChangeRequests {
  private static final int FSYNC_DATA_ONLY = 1;
  private static final int S_IFDIR = 0040000;
  private static final long NANOS = 1_000_000_000L;

  private final Changes changes;
  private final NodeTable nodes;
  private final AttributeReply attributeReply;
  private final InstantSource clock;

  ChangeRequests(Changes changes, NodeTable nodes, AttributeReply reply, InstantSource clock) {
    this.changes = changes;
    this.nodes = nodes;
    this.attributeReply = reply;
    this.clock = clock;
    changes.useBy(file -> nodes.known(file) != 0);
  }

  /** Answers one of the operations of {@link Opcode#changes}, or one that makes them durable. */
  int answer(Request request, int opcode, FileId file) {
    // Root may exceed quotas, but what comes out of the page cache was not written by root.
    boolean exempt =
        request.uid() == 0
            && !(opcode == Opcode.WRITE
                && (request.argument32(WriteIn.WRITE_FLAGS) & WriteIn.CACHE) != 0);
    return exempt
        ? Quotas.exempt(() -> perform(request, opcode, file))
        : perform(request, opcode, file);
  }

  private int perform(Request request, int opcode, FileId file) {
    return switch (opcode) {
      case Opcode.MKNOD -> mknod(request, file);
      case Opcode.MKDIR -> mkdir(request, file);
      case Opcode.SYMLINK -> symlink(request, file);
      case Opcode.TMPFILE -> tmpfile(request, file);
      case Opcode.LINK -> link(request, file);
      case Opcode.UNLINK -> {
        changes.unlink(file, request.name());
        yield 0;
      }
      case Opcode.RMDIR -> {
        changes.rmdir(file, request.name());
        yield 0;
      }
      case Opcode.RENAME -> rename(request, file, 0);
      case Opcode.RENAME2 -> rename(request, file, request.argument32(RenameIn.FLAGS));
      case Opcode.SETATTR -> setattr(request, file);
      case Opcode.SETXATTR -> setxattr(request, file);
      case Opcode.REMOVEXATTR -> {
        changes.removeXattr(file, request.name());
        yield 0;
      }
      case Opcode.WRITE -> write(request, file);
      case Opcode.FALLOCATE -> fallocate(request, file);
      case Opcode.COPY_FILE_RANGE -> copy(request, file, WriteOut.BYTES);
      case Opcode.COPY_FILE_RANGE_64 -> copy(request, file, Long.BYTES);
      case Opcode.FSYNC, Opcode.FSYNCDIR -> fsync(request, file);
      case Opcode.SYNCFS -> {
        changes.syncAll();
        yield 0;
      }
      // CREATE: MKNOD does the same and leaves no open file behind that had to be released.
      default -> -Errno.ENOSYS;
    };
  }

  /** Whether what is written now has to wait for devices. */
  boolean mustWrite() {
    return changes.mustWrite();
  }

  /** A file was read just now. */
  void accessed(FileId file, boolean always) {
    changes.accessed(file, now(), always);
  }

  /** The kernel knows these no more. */
  void forgotten(List<FileId> files) {
    changes.forgotten(files);
  }

  /** Nobody can use anything any more: what has no name goes. */
  void endAll() {
    changes.allForgotten();
  }

  private static Maker maker(Request request, int umask) {
    return new Maker(request.uid(), request.gid(), umask);
  }

  private int mknod(Request request, FileId directory) {
    int device = request.argument32(MknodIn.DEVICE);
    return entry(
        request,
        changes.make(
            directory,
            request.name(),
            request.argument32(MknodIn.MODE),
            (device >>> 8) & 0xfff,
            (device & 0xff) | ((device >>> 12) & 0xfff00),
            maker(request, request.argument32(MknodIn.UMASK))));
  }

  private int mkdir(Request request, FileId directory) {
    int mode = (request.argument32(MkdirIn.MODE) & 07777) | S_IFDIR;
    Maker maker = maker(request, request.argument32(MkdirIn.UMASK));
    return entry(request, changes.make(directory, request.name(), mode, 0, 0, maker));
  }

  private int symlink(Request request, FileId directory) {
    byte[] name = request.name();
    byte[] target = request.nameAt(name.length + 1L);
    return entry(request, changes.symlink(directory, name, target, maker(request, 0)));
  }

  private int tmpfile(Request request, FileId directory) {
    Maker maker = maker(request, request.argument32(CreateIn.UMASK));
    Attributes made = changes.temporary(directory, request.argument32(CreateIn.MODE), maker);
    int length = entry(request, made);
    request.reply().asSlice(length, OpenOut.BYTES).fill((byte) 0);
    Wire.u32(request.reply(), (long) length + OpenOut.FLAGS, OpenOut.KEEP_CACHE);
    return length + OpenOut.BYTES;
  }

  private int link(Request request, FileId directory) {
    FileId file = nodes.file(request.argument64(LinkIn.NODE));
    if (file == null) {
      return -Errno.ESTALE;
    }
    return entry(request, changes.link(file, directory, request.name()));
  }

  private int rename(Request request, FileId directory, int flags) {
    FileId target = nodes.file(request.argument64(RenameIn.DIRECTORY));
    if (target == null) {
      return -Errno.ESTALE;
    }
    byte[] name = request.name();
    byte[] newName = request.nameAt(name.length + 1L);
    changes.rename(directory, name, target, newName, flags);
    return 0;
  }

  private int entry(Request request, Attributes made) {
    long node = nodes.remember(made.file());
    DirectoryReply.putEntry(request.reply(), 0, node, made, attributeReply);
    return EntryOut.BYTES;
  }

  private int setattr(Request request, FileId file) {
    int valid = request.argument32(SetattrIn.VALID);
    long now = (valid & (SetattrIn.ATIME_NOW | SetattrIn.MTIME_NOW)) != 0 ? now() : 0;
    Attributed what =
        new Attributed(
            (valid & SetattrIn.SETS_MODE) != 0 ? request.argument32(SetattrIn.MODE) & 07777 : null,
            (valid & SetattrIn.SETS_UID) != 0 ? request.argument32(SetattrIn.UID) : null,
            (valid & SetattrIn.SETS_GID) != 0 ? request.argument32(SetattrIn.GID) : null,
            (valid & SetattrIn.SETS_SIZE) != 0 ? request.argument64(SetattrIn.SIZE) : null,
            (valid & SetattrIn.ATIME_NOW) != 0
                ? Long.valueOf(now)
                : time(
                    request, valid & SetattrIn.SETS_ATIME, SetattrIn.ATIME, SetattrIn.ATIME_NANOS),
            (valid & SetattrIn.MTIME_NOW) != 0
                ? Long.valueOf(now)
                : time(
                    request, valid & SetattrIn.SETS_MTIME, SetattrIn.MTIME, SetattrIn.MTIME_NANOS),
            time(request, valid & SetattrIn.SETS_CTIME, SetattrIn.CTIME, SetattrIn.CTIME_NANOS),
            (valid & SetattrIn.KILL_SUIDGID) != 0);
    Attributes changed = changes.change(file, what);
    Wire.u64(request.reply(), AttrOut.VALID_SECONDS, AttributeReply.VALID_SECONDS);
    Wire.u64(request.reply(), AttrOut.VALID_NANOS, 0);
    attributeReply.put(request.reply(), AttrOut.ATTR, changed);
    return AttrOut.BYTES;
  }

  private long now() {
    Instant now = clock.instant();
    return now.getEpochSecond() * NANOS + now.getNano();
  }

  private static Long time(Request request, int isSet, int seconds, int nanos) {
    return isSet == 0
        ? null
        : (Long) (request.argument64(seconds) * NANOS + request.argument32(nanos));
  }

  private int setxattr(Request request, FileId file) {
    byte[] name = request.name();
    long size = Integer.toUnsignedLong(request.argument32(SetxattrIn.SIZE));
    if (name.length + 1L + size > request.payloadLength()) {
      return -Errno.EINVAL;
    }
    byte[] value = request.data(name.length + 1L, size).toArray(ValueLayout.JAVA_BYTE);
    boolean killSgid =
        (request.argument32(SetxattrIn.SETXATTR_FLAGS) & SetxattrIn.ACL_KILL_SGID) != 0;
    changes.setXattr(file, name, value, request.argument32(SetxattrIn.FLAGS), killSgid);
    return 0;
  }

  private int write(Request request, FileId file) {
    long offset = request.argument64(WriteIn.OFFSET);
    long size = Integer.toUnsignedLong(request.argument32(WriteIn.SIZE));
    if (offset < 0 || size > request.payloadLength()) {
      return -Errno.EINVAL;
    }
    MemorySegment data = request.data(0, size);
    int flags = request.argument32(WriteIn.WRITE_FLAGS);
    boolean killSuidgid = (flags & WriteIn.KILL_SUIDGID) != 0;
    boolean cached = (flags & WriteIn.CACHE) != 0;
    long done = size == 0 ? 0 : changes.write(file, offset, data, killSuidgid, cached);
    if (cached) {
      // Nobody would write the rest again: it is all or an error for whoever syncs.
      while (done < size) {
        done += changes.write(file, offset + done, data.asSlice(done), false, false);
      }
    }
    Wire.u64(request.reply(), WriteOut.SIZE, done);
    return WriteOut.BYTES;
  }

  private int fallocate(Request request, FileId file) {
    long offset = request.argument64(FallocateIn.OFFSET);
    long length = request.argument64(FallocateIn.LENGTH);
    if (offset < 0 || length <= 0) {
      return -Errno.EINVAL;
    }
    changes.allocate(file, request.argument32(FallocateIn.MODE), offset, length);
    return 0;
  }

  private int copy(Request request, FileId file, int replyBytes) {
    FileId target = nodes.file(request.argument64(CopyRangeIn.TARGET_NODE));
    if (target == null) {
      return -Errno.ESTALE;
    }
    long offset = request.argument64(CopyRangeIn.OFFSET);
    long toOffset = request.argument64(CopyRangeIn.TARGET_OFFSET);
    long length = request.argument64(CopyRangeIn.LENGTH);
    if (offset < 0 || toOffset < 0 || length < 0) {
      return -Errno.EINVAL;
    }
    long copied = changes.copy(file, offset, target, toOffset, Math.min(length, 1L << 30));
    Wire.u64(request.reply(), WriteOut.SIZE, copied);
    return replyBytes;
  }

  private int fsync(Request request, FileId file) {
    changes.sync(file, (request.argument32(FsyncIn.FLAGS) & FSYNC_DATA_ONLY) != 0);
    return 0;
  }
}
