// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.fuse.protocol.Dirent;
import org.jbcachefs.fuse.protocol.EntryOut;
import org.jbcachefs.fuse.protocol.Wire;

/** Fills a reply to READDIR or READDIRPLUS entry by entry. */
final class DirectoryReply {
  private final MemorySegment out;
  private final int limit;
  private final boolean plus;
  private final AttributeReply attributeReply;
  private int length;

  /** Fills at most {@code limit} bytes. */
  DirectoryReply(MemorySegment out, int limit, boolean plus, AttributeReply attributeReply) {
    this.out = out;
    this.limit = limit;
    this.plus = plus;
    this.attributeReply = attributeReply;
  }

  /** How many bytes an entry takes. */
  int bytes(int nameLength) {
    return Dirent.bytes(nameLength) + (plus ? EntryOut.BYTES : 0);
  }

  boolean hasRoomFor(int nameLength) {
    return hasRoomFor(nameLength, 0);
  }

  /** Whether an entry still has room when that many more bytes have been added. */
  boolean hasRoomFor(int nameLength, int added) {
    return length + added + bytes(nameLength) <= limit;
  }

  /** Adds an entry that has room. */
  void add(byte[] name, long inode, int type, long next) {
    if (plus) {
      out.asSlice(length, EntryOut.BYTES).fill((byte) 0);
    }
    dirent(length + (plus ? EntryOut.BYTES : 0), name, inode, type, next);
    length += bytes(name.length);
  }

  /** Adds an entry that has room, together with what LOOKUP would answer. */
  void add(byte[] name, int type, long next, long node, Attributes attributes) {
    putEntry(out, length, node, attributes, attributeReply);
    dirent(length + EntryOut.BYTES, name, attributeReply.number(attributes), type, next);
    length += bytes(name.length);
  }

  int length() {
    return length;
  }

  private void dirent(long at, byte[] name, long inode, int type, long next) {
    Wire.u64(out, at + Dirent.INODE, inode);
    Wire.u64(out, at + Dirent.NEXT, next);
    Wire.u32(out, at + Dirent.NAME_LENGTH, name.length);
    Wire.u32(out, at + Dirent.TYPE, type);
    Wire.bytes(out, at + Dirent.NAME, name);
    int end = Dirent.NAME + name.length;
    out.asSlice(at + end, Dirent.bytes(name.length) - end).fill((byte) 0);
  }

  /** Writes what LOOKUP answers for an existing file. */
  static void putEntry(
      MemorySegment out, long at, long node, Attributes attributes, AttributeReply reply) {
    Wire.u64(out, at + EntryOut.NODE, node);
    Wire.u64(out, at + EntryOut.GENERATION, 0);
    Wire.u64(out, at + EntryOut.ENTRY_SECONDS, AttributeReply.VALID_SECONDS);
    Wire.u64(out, at + EntryOut.ATTR_SECONDS, AttributeReply.VALID_SECONDS);
    Wire.u32(out, at + EntryOut.ENTRY_NANOS, 0);
    Wire.u32(out, at + EntryOut.ATTR_NANOS, 0);
    reply.put(out, at + EntryOut.ATTR, attributes);
  }
}
