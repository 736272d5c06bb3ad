// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.util.Optional;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.fuse.protocol.AttrOut;
import org.jbcachefs.fuse.protocol.EntryOut;
import org.jbcachefs.fuse.protocol.LseekIn;
import org.jbcachefs.fuse.protocol.Opcode;
import org.jbcachefs.fuse.protocol.ReadIn;
import org.jbcachefs.fuse.protocol.StatfsOut;
import org.jbcachefs.fuse.protocol.StatxOut;
import org.jbcachefs.fuse.protocol.Wire;
import org.jbcachefs.fuse.transport.Request;

/** The requests that change nothing. Thread-safe. */
final class ReadRequests {
  private static final int NAME_MAX = 512;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;

  private final Served served;
  private final NodeTable nodes;
  private final AttributeReply attributeReply;
  private final DirectoryRequests directories;
  private final XattrRequests xattrs;
  private final IoctlRequests ioctls;

  ReadRequests(
      Served served, InodeNumbers numbers, NodeTable nodes, AttributeReply reply, Changes changes) {
    this.served = served;
    this.nodes = nodes;
    this.attributeReply = reply;
    this.directories =
        new DirectoryRequests(served.namespace(), served.root(), nodes, numbers, attributeReply);
    this.xattrs = new XattrRequests(served.namespace());
    this.ioctls = new IoctlRequests(served.namespace(), changes);
  }

  int answer(Request request, int opcode, FileId file) {
    return switch (opcode) {
      case Opcode.LOOKUP -> lookup(request, file);
      case Opcode.GETATTR -> getattr(request, file);
      case Opcode.STATX -> statx(request, file);
      case Opcode.READLINK -> readlink(request, file);
      case Opcode.READ -> read(request, file);
      case Opcode.LSEEK -> lseek(request, file);
      case Opcode.READDIR -> directories.read(request, file, false);
      case Opcode.READDIRPLUS -> directories.read(request, file, true);
      case Opcode.GETXATTR -> xattrs.get(request, file);
      case Opcode.LISTXATTR -> xattrs.list(request, file);
      case Opcode.IOCTL -> ioctls.handle(request, file);
      case Opcode.STATFS -> statfs(request);
      case Opcode.RELEASE, Opcode.RELEASEDIR, Opcode.DESTROY -> 0;
      // OPEN and OPENDIR: "not implemented" tells the kernel never to ask, and to keep what it
      // read. FLUSH: there is nothing to do when a file is closed.
      default -> -Errno.ENOSYS;
    };
  }

  private int lookup(Request request, FileId directory) {
    byte[] name = request.name();
    if (name.length > NAME_MAX) {
      return -Errno.ENAMETOOLONG;
    }
    Optional<DirectoryEntry> entry = served.namespace().lookup(directory, name);
    if (entry.isEmpty()) {
      return absent(request);
    }
    Attributes attributes = served.namespace().attributes(entry.get().target());
    long node = nodes.remember(attributes.file());
    DirectoryReply.putEntry(request.reply(), 0, node, attributes, attributeReply);
    return EntryOut.BYTES;
  }

  /** A name that is not there, to be kept as such. */
  private static int absent(Request request) {
    request.reply().asSlice(0, EntryOut.BYTES).fill((byte) 0);
    Wire.u64(request.reply(), EntryOut.ENTRY_SECONDS, AttributeReply.VALID_SECONDS);
    return EntryOut.BYTES;
  }

  private int getattr(Request request, FileId file) {
    Wire.u64(request.reply(), AttrOut.VALID_SECONDS, AttributeReply.VALID_SECONDS);
    Wire.u64(request.reply(), AttrOut.VALID_NANOS, 0);
    attributeReply.put(request.reply(), AttrOut.ATTR, served.namespace().attributes(file));
    return AttrOut.BYTES;
  }

  private int statx(Request request, FileId file) {
    attributeReply.putStatx(request.reply(), served.namespace().attributes(file));
    return StatxOut.BYTES;
  }

  private int readlink(Request request, FileId file) {
    byte[] target = served.namespace().readlink(file);
    if (target.length > request.reply().byteSize()) {
      return -Errno.EIO;
    }
    Wire.bytes(request.reply(), 0, target);
    return target.length;
  }

  private int read(Request request, FileId file) {
    long offset = request.argument64(ReadIn.OFFSET);
    long size = Integer.toUnsignedLong(request.argument32(ReadIn.SIZE));
    if (offset < 0 || size > request.reply().byteSize()) {
      return -Errno.EINVAL;
    }
    return served.data().read(file, offset, request.reply().asSlice(0, size));
  }

  private int lseek(Request request, FileId file) {
    long offset = request.argument64(LseekIn.OFFSET);
    int whence = request.argument32(LseekIn.WHENCE);
    if (whence != SEEK_DATA && whence != SEEK_HOLE) {
      return -Errno.EINVAL;
    }
    if (offset < 0) {
      return -Errno.ENXIO;
    }
    long found =
        whence == SEEK_DATA
            ? served.data().nextData(file, offset)
            : served.data().nextHole(file, offset);
    if (found < 0) {
      return -Errno.ENXIO;
    }
    Wire.u64(request.reply(), 0, found);
    return Long.BYTES;
  }

  private int statfs(Request request) {
    Served.Usage usage = served.usage().get();
    int unit = served.blockBytes();
    request.reply().asSlice(0, StatfsOut.BYTES).fill((byte) 0);
    Wire.u64(request.reply(), StatfsOut.BLOCKS, usage.capacityBytes() / unit);
    Wire.u64(request.reply(), StatfsOut.FREE, usage.freeBytes() / unit);
    Wire.u64(request.reply(), StatfsOut.AVAILABLE, usage.availableBytes() / unit);
    Wire.u64(request.reply(), StatfsOut.FILES, usage.files());
    Wire.u64(request.reply(), StatfsOut.FILES_FREE, usage.filesFree());
    Wire.u32(request.reply(), StatfsOut.BLOCK_BYTES, unit);
    Wire.u32(request.reply(), StatfsOut.FRAGMENT_BYTES, unit);
    Wire.u32(request.reply(), StatfsOut.NAME_MAX, NAME_MAX);
    return StatfsOut.BYTES;
  }
}
