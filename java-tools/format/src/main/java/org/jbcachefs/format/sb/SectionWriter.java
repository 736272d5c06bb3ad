// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jbcachefs.format.bytes.Bytes;

/** Collects a section's bytes in order. */
final class SectionWriter {
  private ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);

  SectionWriter u8(int value) {
    room(1).put((byte) value);
    return this;
  }

  SectionWriter u16(int value) {
    room(2).putShort((short) value);
    return this;
  }

  SectionWriter u32(int value) {
    room(4).putInt(value);
    return this;
  }

  SectionWriter u64(long value) {
    room(8).putLong(value);
    return this;
  }

  SectionWriter bytes(Bytes bytes) {
    room(bytes.length()).put(bytes.toArray());
    return this;
  }

  Bytes done() {
    return Bytes.copyOf(MemorySegment.ofArray(buffer.array()), 0, buffer.position());
  }

  private ByteBuffer room(int bytes) {
    if (buffer.remaining() < bytes) {
      ByteBuffer larger =
          ByteBuffer.allocate(2 * (buffer.capacity() + bytes)).order(ByteOrder.LITTLE_ENDIAN);
      buffer = larger.put(buffer.flip());
    }
    return buffer;
  }
}
