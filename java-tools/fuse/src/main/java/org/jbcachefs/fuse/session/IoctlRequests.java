// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.fuse.protocol.IoctlIn;
import org.jbcachefs.fuse.protocol.IoctlOut;
import org.jbcachefs.fuse.protocol.Wire;
import org.jbcachefs.fuse.transport.Request;

/** IOCTL: the flags of lsattr(1), its project and its generation. */
final class IoctlRequests {
  private static final int FS_IOC_GETFLAGS = 0x80086601;
  private static final int FS_IOC32_GETFLAGS = 0x80046601;
  private static final int FS_IOC_GETVERSION = 0x80087601;
  private static final int FS_IOC32_GETVERSION = 0x80047601;
  private static final int FS_IOC_FSGETXATTR = 0x801c581f;
  private static final int FS_IOC_SETFLAGS = 0x40086602;
  private static final int FS_IOC32_SETFLAGS = 0x40046602;
  private static final int FS_IOC_FSSETXATTR = 0x401c5820;

  /**
   * {@code struct fsxattr}: xflags, extent size, extent count, project, cow extent size, padding.
   */
  private static final int FSXATTR_BYTES = 28;

  private static final int FSXATTR_PROJECT = 12;

  /** FS_*_FL to FS_XFLAG_*: sync, immutable, append, nodump, noatime. */
  private static final int[][] XFLAGS = {
    {0x08, 0x20}, {0x10, 0x08}, {0x20, 0x10}, {0x40, 0x80}, {0x80, 0x40}
  };

  /** FS_*_FL that inodes can have: sync, immutable, append, nodump, noatime. */
  private static final int SETTABLE = 0xf8;

  private final Namespace namespace;

  /** Null where nothing can be changed. */
  private final Changes changes;

  IoctlRequests(Namespace namespace, Changes changes) {
    this.namespace = namespace;
    this.changes = changes;
  }

  /** Whether a request would change something. */
  static boolean sets(Request request) {
    return switch (request.argument32(IoctlIn.COMMAND)) {
      case FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS, FS_IOC_FSSETXATTR -> true;
      default -> false;
    };
  }

  int handle(Request request, FileId file) {
    return switch (request.argument32(IoctlIn.COMMAND)) {
      case FS_IOC_GETFLAGS, FS_IOC32_GETFLAGS ->
          number(request, namespace.attributes(file).flags());
      case FS_IOC_GETVERSION, FS_IOC32_GETVERSION ->
          number(request, namespace.attributes(file).generation());
      case FS_IOC_FSGETXATTR -> fsxattr(request, namespace.attributes(file));
      case FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS -> setFlags(request, file);
      case FS_IOC_FSSETXATTR -> setFsxattr(request, file);
      default -> -Errno.ENOTTY;
    };
  }

  private int setFlags(Request request, FileId file) {
    if (request.payloadLength() < Integer.BYTES) {
      return -Errno.EINVAL;
    }
    int flags = Wire.u32(request.data(0, Integer.BYTES), 0);
    if ((flags & ~SETTABLE) != 0) {
      return -Errno.EOPNOTSUPP;
    }
    changes.setFlags(file, flags, null);
    return done(request);
  }

  private int setFsxattr(Request request, FileId file) {
    if (request.payloadLength() < FSXATTR_BYTES) {
      return -Errno.EINVAL;
    }
    MemorySegment fsxattr = request.data(0, FSXATTR_BYTES);
    int xflags = Wire.u32(fsxattr, 0);
    int project = Wire.u32(fsxattr, FSXATTR_PROJECT);
    int flags = 0;
    for (int[] pair : XFLAGS) {
      flags |= (xflags & pair[1]) != 0 ? pair[0] : 0;
      xflags &= ~pair[1];
    }
    if (xflags != 0) {
      return -Errno.EOPNOTSUPP;
    }
    changes.setFlags(file, flags, project);
    return done(request);
  }

  /** A reply without data. */
  private static int done(Request request) {
    begin(request, 0);
    return IoctlOut.BYTES;
  }

  /** Four bytes, padded with zeros to what the caller has room for. */
  private static int number(Request request, int value) {
    int room = request.argument32(IoctlIn.OUT_SIZE);
    if (room < Integer.BYTES || room > Long.BYTES) {
      return -Errno.EINVAL;
    }
    begin(request, room);
    Wire.u32(request.reply(), IoctlOut.BYTES, value);
    return IoctlOut.BYTES + room;
  }

  private static int fsxattr(Request request, Attributes attributes) {
    if (request.argument32(IoctlIn.OUT_SIZE) < FSXATTR_BYTES) {
      return -Errno.EINVAL;
    }
    begin(request, FSXATTR_BYTES);
    int xflags = 0;
    for (int[] pair : XFLAGS) {
      xflags |= (attributes.flags() & pair[0]) != 0 ? pair[1] : 0;
    }
    Wire.u32(request.reply(), IoctlOut.BYTES, xflags);
    Wire.u32(request.reply(), IoctlOut.BYTES + FSXATTR_PROJECT, attributes.project());
    return IoctlOut.BYTES + FSXATTR_BYTES;
  }

  private static void begin(Request request, int dataBytes) {
    request.reply().asSlice(0, IoctlOut.BYTES + dataBytes).fill((byte) 0);
  }
}
