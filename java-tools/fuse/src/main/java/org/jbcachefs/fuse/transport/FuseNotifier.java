// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.fuse.protocol.NotifyInvalEntry;
import org.jbcachefs.fuse.protocol.NotifyInvalInode;
import org.jbcachefs.fuse.protocol.OutHeader;
import org.jbcachefs.fuse.protocol.Wire;

/**
 * Tells the kernel that what it keeps is not so any more, where something changes that did not
 * change through it. Thread-safe.
 *
 * <p>The kernel takes locks for it that requests under way may hold: never call it while answering
 * a request on the same directory.
 */
public final class FuseNotifier {
  private final FuseDescriptor connection;

  public FuseNotifier(FuseDescriptor connection) {
    this.connection = connection;
  }

  /**
   * The kernel forgets the attributes of a node, and the data from that byte on; what is not
   * written yet of it is written first.
   *
   * @param offset -1 for the attributes alone
   * @param length 0 for all that follows
   */
  public void forgetInode(long node, long offset, long length) throws NativeException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(OutHeader.BYTES + NotifyInvalInode.BYTES, 8);
      Wire.u64(out, OutHeader.BYTES + NotifyInvalInode.NODE, node);
      Wire.u64(out, OutHeader.BYTES + NotifyInvalInode.OFFSET, offset);
      Wire.u64(out, OutHeader.BYTES + NotifyInvalInode.LENGTH, length);
      send(out, NotifyInvalInode.CODE);
    }
  }

  /** The kernel forgets what a name leads to, or that there is none. */
  public void forgetEntry(long directory, byte[] name) throws NativeException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out =
          arena.allocate(OutHeader.BYTES + NotifyInvalEntry.BYTES + name.length + 1L, 8);
      Wire.u64(out, OutHeader.BYTES + NotifyInvalEntry.DIRECTORY, directory);
      Wire.u32(out, OutHeader.BYTES + NotifyInvalEntry.NAME_LENGTH, name.length);
      Wire.bytes(out, OutHeader.BYTES + NotifyInvalEntry.BYTES, name);
      send(out, NotifyInvalEntry.CODE);
    }
  }

  private void send(MemorySegment out, int code) throws NativeException {
    Wire.u32(out, OutHeader.LENGTH, (int) out.byteSize());
    Wire.u32(out, OutHeader.ERROR, code);
    try {
      connection.reply(out, (int) out.byteSize());
    } catch (NativeException e) {
      // ENOENT: the kernel does not know it. ENODEV, ENOTCONN: it is unmounted.
      boolean nothingToForget =
          e.errno() == Errno.ENOENT || e.errno() == Errno.ENODEV || e.errno() == Errno.ENOTCONN;
      if (!nothingToForget) {
        throw e;
      }
    }
  }
}
