// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jbcachefs.fuse.protocol.InHeader;
import org.jbcachefs.fuse.protocol.Opcode;
import org.jbcachefs.fuse.protocol.Wire;

/**
 * One request and the room for its reply: a flyweight over buffers that belong to a transport,
 * valid until its handler returns. Used by one thread at a time.
 *
 * <p>Where the transport is io_uring, names and data of the request and the payload of the reply
 * share one buffer: read the former before writing the latter.
 */
public final class Request {
  private final MemorySegment header;
  private final MemorySegment arguments;
  private final MemorySegment payload;
  private final MemorySegment reply;
  private final boolean together;
  private long argumentsAt;
  private long argumentsLength;
  private long payloadAt;
  private long payloadLength;

  private Request(
      MemorySegment header,
      MemorySegment arguments,
      MemorySegment payload,
      MemorySegment reply,
      boolean together) {
    this.header = header;
    this.arguments = arguments;
    this.payload = payload;
    this.reply = reply;
    this.together = together;
  }

  /** A request whose parts follow each other in one buffer, as read from /dev/fuse. */
  static Request together(MemorySegment buffer, MemorySegment reply) {
    return new Request(buffer, buffer, buffer, reply, true);
  }

  /** A request whose parts lie in buffers of their own, as io_uring delivers it. */
  static Request apart(MemorySegment header, MemorySegment arguments, MemorySegment payload) {
    return new Request(header, arguments, payload, payload, false);
  }

  /** Takes what has just been received; false if it is no well-formed request. */
  boolean received(long length) {
    if (together) {
      if (length < InHeader.BYTES
          || Integer.toUnsignedLong(Wire.u32(header, InHeader.LENGTH)) != length) {
        return false;
      }
      argumentsAt = InHeader.BYTES;
      argumentsLength = Math.min(Opcode.argumentBytes(opcode()), length - argumentsAt);
      payloadAt = argumentsAt + argumentsLength;
      payloadLength = length - payloadAt;
      return true;
    }
    argumentsLength = arguments.byteSize();
    payloadLength = length;
    return length >= 0 && length <= payload.byteSize();
  }

  public int opcode() {
    return Wire.u32(header, InHeader.OPCODE);
  }

  public long unique() {
    return Wire.u64(header, InHeader.UNIQUE);
  }

  public long node() {
    return Wire.u64(header, InHeader.NODE);
  }

  /** The caller's user id. */
  public int uid() {
    return Wire.u32(header, InHeader.UID);
  }

  /** The caller's group id. */
  public int gid() {
    return Wire.u32(header, InHeader.GID);
  }

  /** An argument of 4 bytes; 0 if the kernel's protocol is too old to send it. */
  public int argument32(int offset) {
    return offset + 4 <= argumentsLength ? Wire.u32(arguments, argumentsAt + offset) : 0;
  }

  /** An argument of 8 bytes; 0 if the kernel's protocol is too old to send it. */
  public long argument64(int offset) {
    return offset + 8 <= argumentsLength ? Wire.u64(arguments, argumentsAt + offset) : 0;
  }

  /** Bytes of names and data after the arguments. */
  public long payloadLength() {
    return payloadLength;
  }

  /** Eight bytes of the payload; within {@link #payloadLength}. */
  public long payload64(long offset) {
    return Wire.u64(payload, payloadAt + java.util.Objects.checkIndex(offset, payloadLength - 7));
  }

  /** The name that the payload begins with, without its NUL. */
  public byte[] name() {
    return nameAt(0);
  }

  /** The name that begins at that byte of the payload, without its NUL; empty beyond the end. */
  public byte[] nameAt(long start) {
    long end = start;
    while (end < payloadLength && payload.get(ValueLayout.JAVA_BYTE, payloadAt + end) != 0) {
      end++;
    }
    return start >= end
        ? new byte[0]
        : payload.asSlice(payloadAt + start, end - start).toArray(ValueLayout.JAVA_BYTE);
  }

  /** Data in the payload; both numbers within {@link #payloadLength}. */
  public MemorySegment data(long start, long length) {
    java.util.Objects.checkFromIndexSize(start, length, payloadLength);
    return payload.asSlice(payloadAt + start, length);
  }

  /** Where the reply's payload goes, from its first byte on. */
  public MemorySegment reply() {
    return reply;
  }
}
