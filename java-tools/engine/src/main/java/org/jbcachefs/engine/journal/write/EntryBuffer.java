// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal.write;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetBuilder;

/** A journal entry in memory, from its opening until it is durable. */
final class EntryBuffer {
  private final MemorySegment bytes;
  private final JsetBuilder builder;
  private long seq;
  private long lastSeq;
  private long paddedBytes;
  private long limit;

  EntryBuffer(int capacity) {
    bytes = Arena.ofAuto().allocate(capacity, 4096);
    builder = new JsetBuilder(bytes, 0);
  }

  void open(long newSeq, long magic, int version, int flags) {
    seq = newSeq;
    limit = bytes.byteSize();
    builder.header(magic, newSeq, version, flags, newSeq);
  }

  JsetBuilder builder() {
    return builder;
  }

  long seq() {
    return seq;
  }

  long lastSeq() {
    return lastSeq;
  }

  boolean isEmpty() {
    return builder.bytes() == Jset.BYTES;
  }

  /** Bytes that can still be added. */
  long room() {
    return limit - builder.bytes();
  }

  /** It must not become larger than that many bytes. */
  void limit(long most) {
    limit = Math.min(bytes.byteSize(), most);
  }

  boolean isLimited() {
    return limit < bytes.byteSize();
  }

  void close(long oldestNeeded, int blockBytes) {
    lastSeq = oldestNeeded;
    builder.lastSeq(oldestNeeded);
    paddedBytes = builder.finish(blockBytes);
  }

  /** One of the entry's flags. */
  void flag(BitRange flag, boolean set) {
    int flags = Le.u32(bytes, Jset.OFFSET_FLAGS);
    Le.putU32(bytes, Jset.OFFSET_FLAGS, (int) flag.set(flags, set ? 1 : 0));
  }

  Jset jset() {
    return new Jset().wrap(bytes, 0);
  }

  /** What goes to the device. */
  MemorySegment padded() {
    return bytes.asSlice(0, paddedBytes);
  }

  int sectors() {
    return (int) (paddedBytes >> 9);
  }
}
