// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.format.bkey.Bkey;

/** 64 bits that tell contents apart. Belongs to one thread. */
final class Digest {
  private final CRC32 one = new CRC32();
  private final CRC32C two = new CRC32C();
  private final byte[] eight = new byte[8];
  private byte[] scratch = new byte[2048];

  void add(byte[] bytes) {
    add(bytes.length);
    one.update(bytes);
    two.update(bytes);
  }

  void add(MemorySegment bytes) {
    if (scratch.length < bytes.byteSize()) {
      scratch = new byte[(int) bytes.byteSize()];
    }
    int length = (int) bytes.byteSize();
    MemorySegment.copy(bytes, 0, MemorySegment.ofArray(scratch), 0, length);
    one.update(scratch, 0, length);
    two.update(scratch, 0, length);
  }

  void add(long number) {
    for (int i = 0; i < eight.length; i++) {
      eight[i] = (byte) (number >>> (8 * i));
    }
    one.update(eight);
    two.update(eight);
  }

  void add(Bkey key) {
    add(key.inode());
    add(key.offset());
    add((long) key.snapshot() << 32 | Integer.toUnsignedLong(key.size()));
    add((long) key.versionHi() << 32 | key.type());
    add(key.versionLo());
    add(key.value());
  }

  long value() {
    return one.getValue() << 32 | two.getValue();
  }

  /** Of a node's keys. */
  static long of(BtreeNode node) {
    Digest digest = new Digest();
    Bkey key = new Bkey();
    for (int i = 0; i < node.size(); i++) {
      digest.add(node.read(i, key));
    }
    return digest.value();
  }
}
