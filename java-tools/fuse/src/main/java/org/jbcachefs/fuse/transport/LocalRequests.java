// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jbcachefs.fuse.protocol.InHeader;
import org.jbcachefs.fuse.protocol.Wire;

/**
 * Makes requests as the kernel would send them, without a kernel: to train Java, and to test. One
 * request at a time.
 */
public final class LocalRequests {
  private static final int REPLY_BYTES = 1 << 20;

  private final MemorySegment in = Arena.ofAuto().allocate(DeviceWorker.REQUEST_BYTES, 8);
  private final MemorySegment out = Arena.ofAuto().allocate(REPLY_BYTES, 8);
  private final Request request = Request.together(in, out);
  private int uid;

  /** The user that following requests come from. */
  public LocalRequests as(int user) {
    uid = user;
    return this;
  }

  /**
   * A request with arguments in the machine's byte order: Integer and Long by their size, String
   * with a NUL, byte[] as it is.
   */
  public Request of(int opcode, long node, Object... parts) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (Object part : parts) {
      body.writeBytes(bytes(part));
    }
    in.asSlice(0, InHeader.BYTES).fill((byte) 0);
    Wire.u32(in, InHeader.LENGTH, InHeader.BYTES + body.size());
    Wire.u32(in, InHeader.OPCODE, opcode);
    Wire.u64(in, InHeader.UNIQUE, 77);
    Wire.u64(in, InHeader.NODE, node);
    Wire.u32(in, InHeader.UID, uid);
    Wire.bytes(in, InHeader.BYTES, body.toByteArray());
    if (!request.received(InHeader.BYTES + body.size())) {
      throw new IllegalStateException("malformed");
    }
    return request;
  }

  /** A request of these raw bytes, header included; null if it is malformed. */
  public Request raw(byte[] bytes) {
    Wire.bytes(in, 0, bytes);
    return request.received(bytes.length) ? request : null;
  }

  /** What a handler put into the reply. */
  public MemorySegment reply() {
    return out;
  }

  /** A text in the reply. */
  public String text(long start, int length) {
    return new String(
        out.asSlice(start, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }

  /** The beginning of the reply. */
  public byte[] reply(int length) {
    return out.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
  }

  private static byte[] bytes(Object part) {
    return switch (part) {
      case Integer i -> ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(i).array();
      case Long l -> ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putLong(l).array();
      case String s -> (s + "\0").getBytes(StandardCharsets.UTF_8);
      case byte[] raw -> raw;
      default -> throw new IllegalArgumentException(part.toString());
    };
  }
}
