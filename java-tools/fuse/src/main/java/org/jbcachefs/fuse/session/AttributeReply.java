// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.fuse.protocol.Attr;
import org.jbcachefs.fuse.protocol.StatxOut;
import org.jbcachefs.fuse.protocol.Wire;

/** Writes attributes into replies. */
final class AttributeReply {
  /** How long the kernel may keep what it is told, in seconds: nothing mounted here changes. */
  static final long VALID_SECONDS = 1L << 31;

  private static final long NANOS = 1_000_000_000L;

  /** FS_*_FL of chattr(1). */
  private static final int FLAG_IMMUTABLE = 0x10;

  private static final int FLAG_APPEND = 0x20;
  private static final int FLAG_NODUMP = 0x40;

  private final InodeNumbers numbers;
  private final int blockBytes;

  AttributeReply(InodeNumbers numbers, int blockBytes) {
    this.numbers = numbers;
    this.blockBytes = blockBytes;
  }

  long number(Attributes attributes) {
    return numbers.of(attributes.file(), attributes.isDirectory());
  }

  /** Writes a {@link Attr}. */
  void put(MemorySegment out, long at, Attributes from) {
    Wire.u64(out, at + Attr.INODE, number(from));
    Wire.u64(out, at + Attr.SIZE, from.size());
    Wire.u64(out, at + Attr.BLOCKS, from.sectors());
    Wire.u64(out, at + Attr.ATIME, seconds(from.atime()));
    Wire.u64(out, at + Attr.MTIME, seconds(from.mtime()));
    Wire.u64(out, at + Attr.CTIME, seconds(from.ctime()));
    Wire.u32(out, at + Attr.ATIME_NANOS, nanos(from.atime()));
    Wire.u32(out, at + Attr.MTIME_NANOS, nanos(from.mtime()));
    Wire.u32(out, at + Attr.CTIME_NANOS, nanos(from.ctime()));
    Wire.u32(out, at + Attr.MODE, from.mode());
    Wire.u32(out, at + Attr.LINKS, (int) from.links());
    Wire.u32(out, at + Attr.UID, from.uid());
    Wire.u32(out, at + Attr.GID, from.gid());
    Wire.u32(out, at + Attr.DEVICE, device(from.majorDevice(), from.minorDevice()));
    Wire.u32(out, at + Attr.BLOCK_BYTES, blockBytes);
    Wire.u32(out, at + Attr.FLAGS, 0);
  }

  /** Writes a whole {@link StatxOut}. */
  void putStatx(MemorySegment out, Attributes from) {
    out.asSlice(0, StatxOut.BYTES).fill((byte) 0);
    Wire.u64(out, StatxOut.VALID_SECONDS, VALID_SECONDS);
    Wire.u32(out, StatxOut.MASK, StatxOut.ALL_KNOWN);
    Wire.u32(out, StatxOut.BLOCK_BYTES, blockBytes);
    Wire.u64(out, StatxOut.ATTRIBUTES, statxAttributes(from.flags()));
    Wire.u64(out, StatxOut.ATTRIBUTES_MASK, StatxOut.IMMUTABLE | StatxOut.APPEND | StatxOut.NODUMP);
    Wire.u32(out, StatxOut.LINKS, (int) from.links());
    Wire.u32(out, StatxOut.UID, from.uid());
    Wire.u32(out, StatxOut.GID, from.gid());
    Wire.u16(out, StatxOut.MODE, from.mode());
    Wire.u64(out, StatxOut.INODE, number(from));
    Wire.u64(out, StatxOut.SIZE, from.size());
    Wire.u64(out, StatxOut.BLOCKS, from.sectors());
    putTime(out, StatxOut.ATIME, from.atime());
    putTime(out, StatxOut.BTIME, from.birthTime());
    putTime(out, StatxOut.CTIME, from.ctime());
    putTime(out, StatxOut.MTIME, from.mtime());
    Wire.u32(out, StatxOut.DEVICE_MAJOR, from.majorDevice());
    Wire.u32(out, StatxOut.DEVICE_MINOR, from.minorDevice());
  }

  private static void putTime(MemorySegment out, long at, long time) {
    Wire.u64(out, at, seconds(time));
    Wire.u32(out, at + StatxOut.TIME_NANOS, nanos(time));
  }

  private static long statxAttributes(int flags) {
    return ((flags & FLAG_IMMUTABLE) != 0 ? StatxOut.IMMUTABLE : 0)
        | ((flags & FLAG_APPEND) != 0 ? StatxOut.APPEND : 0)
        | ((flags & FLAG_NODUMP) != 0 ? StatxOut.NODUMP : 0);
  }

  private static long seconds(long time) {
    return Math.floorDiv(time, NANOS);
  }

  private static int nanos(long time) {
    return (int) Math.floorMod(time, NANOS);
  }

  /** The kernel's new_encode_dev. */
  private static int device(int major, int minor) {
    return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
  }
}
