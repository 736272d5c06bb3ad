// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.fuse.protocol.InHeader;
import org.jbcachefs.fuse.protocol.InitFlags;
import org.jbcachefs.fuse.protocol.InitIn;
import org.jbcachefs.fuse.protocol.InitOut;
import org.jbcachefs.fuse.protocol.Opcode;
import org.jbcachefs.fuse.protocol.OutHeader;
import org.jbcachefs.fuse.protocol.Wire;

/**
 * The first exchange on a new connection: the kernel says what it can do, we say what of it we use.
 */
public final class ConnectionSetup {
  public static final int MAJOR = 7;
  public static final int OLDEST_MINOR = 31;

  /** Linux 5.12: a server is told all it needs to know when access control lists are written. */
  public static final int OLDEST_MINOR_TO_WRITE = 33;

  public static final int NEWEST_MINOR = 45;

  private static final long WANTED =
      InitFlags.ASYNC_READ
          | InitFlags.BIG_WRITES
          | InitFlags.DO_READDIRPLUS
          | InitFlags.READDIRPLUS_AUTO
          | InitFlags.ASYNC_DIO
          | InitFlags.NO_OPEN_SUPPORT
          | InitFlags.PARALLEL_DIROPS
          | InitFlags.POSIX_ACL
          | InitFlags.ABORT_ERROR
          | InitFlags.MAX_PAGES
          | InitFlags.CACHE_SYMLINKS
          | InitFlags.NO_OPENDIR_SUPPORT
          | InitFlags.EXPLICIT_INVAL_DATA
          | InitFlags.INIT_EXT
          | InitFlags.OVER_IO_URING;

  /** What is asked for beyond {@link #WANTED} where the filesystem can be changed. */
  private static final long WANTED_TO_WRITE =
      InitFlags.WRITEBACK_CACHE
          | InitFlags.DONT_MASK
          | InitFlags.HANDLE_KILLPRIV_V2
          | InitFlags.SETXATTR_EXT;

  /** Requests in the background (readahead, direct I/O) before the kernel holds back. */
  private static final int MAX_BACKGROUND = 64;

  private static final int CONGESTION_THRESHOLD = 48;

  /** What a server that accepts no writes says. */
  private static final int NO_WRITE_BYTES = 4096;

  private static final int PAGE_BYTES = 4096;

  private ConnectionSetup() {}

  /**
   * What was agreed on.
   *
   * @param minor the protocol's minor version
   * @param flags {@link InitFlags} in force
   * @param payloadBytes the largest payload either way
   * @param writable whether the kernel may change the filesystem
   */
  public record Agreement(int minor, long flags, int payloadBytes, boolean writable) {
    /** Room for the largest request that can be read from /dev/fuse. */
    int requestBytes() {
      return writable ? DeviceWorker.HEADERS_BYTES + payloadBytes : DeviceWorker.REQUEST_BYTES;
    }

    public boolean has(long flag) {
      return (flags & flag) != 0;
    }
  }

  /**
   * What to ask for.
   *
   * @param payloadBytes the largest read and write request wanted; whole pages
   * @param ring whether to ask for io_uring where the kernel offers it
   * @param writable whether the kernel may change the filesystem, now or later
   * @param needed whether it has to be able to: an older kernel will do else, which then may not
   * @param writeback whether it may keep what is written for a while
   */
  public record Wishes(
      int payloadBytes, boolean ring, boolean writable, boolean needed, boolean writeback) {
    private long flags(boolean writing) {
      long all = writing ? WANTED | WANTED_TO_WRITE : WANTED;
      all = writeback ? all : all & ~InitFlags.WRITEBACK_CACHE;
      return ring ? all : all & ~InitFlags.OVER_IO_URING;
    }
  }

  /**
   * Waits for INIT and answers it.
   *
   * @throws NativeException EPROTO if the kernel's protocol is too old
   */
  public static Agreement negotiate(FuseDescriptor connection, Wishes wishes)
      throws NativeException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocate(DeviceWorker.REQUEST_BYTES, 4096);
      MemorySegment out = arena.allocate(OutHeader.BYTES + InitOut.BYTES, 8);
      while (true) {
        int length = connection.receive(in, 0);
        if (length < InHeader.BYTES + InitIn.FLAGS
            || Wire.u32(in, InHeader.OPCODE) != Opcode.INIT) {
          throw new NativeException("the first request is not FUSE_INIT", Errno.EPROTO);
        }
        Agreement agreed = answer(in, length, out, wishes);
        connection.reply(out, Wire.u32(out, OutHeader.LENGTH));
        if (agreed != null) {
          return agreed;
        }
      }
    }
  }

  /** Fills in the reply; null if the kernel has to ask again with our major version. */
  static Agreement answer(MemorySegment in, int length, MemorySegment out, Wishes wishes)
      throws NativeException {
    int major = Wire.u32(in, InHeader.BYTES + InitIn.MAJOR);
    int minor = Wire.u32(in, InHeader.BYTES + InitIn.MINOR);
    out.fill((byte) 0);
    Wire.u32(out, OutHeader.LENGTH, OutHeader.BYTES + InitOut.BYTES);
    Wire.u64(out, OutHeader.UNIQUE, Wire.u64(in, InHeader.UNIQUE));
    MemorySegment reply = out.asSlice(OutHeader.BYTES, InitOut.BYTES);
    Wire.u32(reply, InitOut.MAJOR, MAJOR);
    Wire.u32(reply, InitOut.MINOR, NEWEST_MINOR);
    if (major > MAJOR) {
      return null;
    }
    int oldest = wishes.needed ? OLDEST_MINOR_TO_WRITE : OLDEST_MINOR;
    if (major < MAJOR || minor < oldest) {
      throw new NativeException(
          "the kernel speaks FUSE %d.%d, 7.%d is the oldest that will do"
              .formatted(major, minor, oldest),
          Errno.EPROTO);
    }
    long offered = offered(in, length);
    boolean writable = wishes.writable && minor >= OLDEST_MINOR_TO_WRITE;
    long flags = offered & wishes.flags(writable);
    int pages = (flags & InitFlags.MAX_PAGES) != 0 ? wishes.payloadBytes / PAGE_BYTES : 32;
    int payload = pages * PAGE_BYTES;
    Wire.u32(reply, InitOut.MAX_READAHEAD, Wire.u32(in, InHeader.BYTES + InitIn.MAX_READAHEAD));
    Wire.u32(reply, InitOut.FLAGS, (int) flags);
    Wire.u32(reply, InitOut.FLAGS2, (int) (flags >>> 32));
    Wire.u16(reply, InitOut.MAX_BACKGROUND, MAX_BACKGROUND);
    Wire.u16(reply, InitOut.CONGESTION_THRESHOLD, CONGESTION_THRESHOLD);
    Wire.u32(reply, InitOut.MAX_WRITE, writable ? payload : NO_WRITE_BYTES);
    Wire.u32(reply, InitOut.TIME_GRANULARITY, 1);
    Wire.u16(reply, InitOut.MAX_PAGES, pages);
    return new Agreement(Math.min(minor, NEWEST_MINOR), flags, payload, writable);
  }

  private static long offered(MemorySegment in, int length) {
    long low = Integer.toUnsignedLong(Wire.u32(in, InHeader.BYTES + InitIn.FLAGS));
    boolean extended =
        (low & InitFlags.INIT_EXT) != 0 && length >= InHeader.BYTES + InitIn.FLAGS2 + 4;
    return extended ? low | ((long) Wire.u32(in, InHeader.BYTES + InitIn.FLAGS2) << 32) : low;
  }
}
