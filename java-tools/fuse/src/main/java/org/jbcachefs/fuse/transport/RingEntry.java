// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.fuse.protocol.Opcode;
import org.jbcachefs.fuse.protocol.OutHeader;
import org.jbcachefs.fuse.protocol.ReadIn;
import org.jbcachefs.fuse.protocol.Wire;
import org.jbcachefs.fuse.protocol.WriteIn;

/**
 * The buffers of one entry, and the request that is in them. Belongs to one thread at a time, or to
 * the kernel.
 *
 * <pre>
 * header:  0 request header, later reply header (128)
 *        128 arguments of the operation (128)
 *        256 about the entry: flags u64, commit id u64, payload size u32, padding, reserved u64
 * </pre>
 */
final class RingEntry {
  static final int HEADER_BYTES = 512;

  private static final int PART_BYTES = 128;
  private static final int ARGUMENTS = PART_BYTES;
  private static final int ABOUT = 2 * PART_BYTES;
  private static final int COMMIT_ID = ABOUT + 8;
  private static final int PAYLOAD_SIZE = ABOUT + 16;

  /** Reads from this size on are worth another CPU. */
  private static final int BULK_BYTES = 128 << 10;

  /** O_DIRECT, which is the one or the other depending on the architecture. */
  private static final int DIRECT = 0x4000 | 0x10000;

  private final int number;
  private final int queue;
  private final MemorySegment header;
  private final Request request;
  private boolean answered;

  RingEntry(int number, int queue, MemorySegment header, MemorySegment payload) {
    this.number = number;
    this.queue = queue;
    this.header = header;
    this.request =
        Request.apart(
            header.asSlice(0, PART_BYTES), header.asSlice(ARGUMENTS, PART_BYTES), payload);
  }

  int number() {
    return number;
  }

  int queue() {
    return queue;
  }

  long commitId() {
    return Wire.u64(header, COMMIT_ID);
  }

  /** Whether the request in it has its answer and only has to be committed. */
  boolean answered() {
    return answered;
  }

  /** A request has arrived in it. */
  void arrived() {
    answered = false;
  }

  /**
   * Whether it holds a read or write of the page cache that is large: its caller does not wait for
   * it, so that serving it on another CPU makes both faster.
   */
  boolean isBulk() {
    return switch (request.opcode()) {
      case Opcode.READ -> isBulk(ReadIn.SIZE, ReadIn.FLAGS);
      case Opcode.WRITE -> isBulk(WriteIn.SIZE, WriteIn.FLAGS);
      default -> false;
    };
  }

  private boolean isBulk(int size, int flags) {
    return Integer.compareUnsigned(Wire.u32(header, ARGUMENTS + size), BULK_BYTES) >= 0
        && (Wire.u32(header, ARGUMENTS + flags) & DIRECT) == 0;
  }

  /** Whether whoever answers it may have to wait for devices. */
  boolean mayWait(RequestHandler handler) {
    return request.received(Wire.u32(header, PAYLOAD_SIZE)) && handler.mayWait(request);
  }

  boolean isRead() {
    return request.opcode() == Opcode.READ;
  }

  boolean isWrite() {
    return request.opcode() == Opcode.WRITE;
  }

  /** Has it answered; it is ready to be committed then. */
  void answer(RequestHandler handler) {
    int result =
        request.received(Wire.u32(header, PAYLOAD_SIZE)) ? handler.handle(request) : -Errno.EPROTO;
    // Every entry must be committed, so what has no reply gets an empty one.
    int payload = Math.max(result, 0);
    int error = result == RequestHandler.NO_REPLY ? 0 : Math.min(result, 0);
    long unique = request.unique();
    Wire.u32(header, OutHeader.LENGTH, OutHeader.BYTES + payload);
    Wire.u32(header, OutHeader.ERROR, error);
    Wire.u64(header, OutHeader.UNIQUE, unique);
    Wire.u32(header, PAYLOAD_SIZE, payload);
    answered = true;
  }
}
