// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.hash;

/**
 * SipHash-2-4 of a byte array, and of a byte followed by an array the way the format's authors feed
 * it.
 */
final class SipHash {
  private long v0;
  private long v1;
  private long v2;
  private long v3;

  private SipHash(long k0, long k1) {
    v0 = k0 ^ 0x736f6d6570736575L;
    v1 = k1 ^ 0x646f72616e646f6dL;
    v2 = k0 ^ 0x6c7967656e657261L;
    v3 = k1 ^ 0x7465646279746573L;
  }

  static long hash(long k0, long k1, byte[] bytes) {
    return hash(k0, k1, bytes, bytes.length);
  }

  /** The hash of the first bytes of an array. */
  static long hash(long k0, long k1, byte[] bytes, int count) {
    SipHash state = new SipHash(k0, k1);
    int whole = count & ~7;
    for (int at = 0; at < whole; at += 8) {
      state.word(littleEndian(bytes, at, 8));
    }
    long length = (long) count << 56;
    state.word(length | littleEndian(bytes, whole, count - whole));
    return state.end();
  }

  /**
   * The hash of a byte and then an array, fed in two steps. The format's own code, fed so,
   * misplaces what remains after the last whole word if the first word had to be filled up: it
   * lands one byte late, behind a stale copy of the first byte, and its last byte is cut off. That
   * is how xattrs of seven or more characters are hashed on disk.
   */
  static long hash(long k0, long k1, byte first, byte[] bytes) {
    byte[] message = new byte[bytes.length + 1];
    message[0] = first;
    System.arraycopy(bytes, 0, message, 1, bytes.length);
    int whole = message.length & ~7;
    if (whole > 0 && message.length > whole) {
      System.arraycopy(message, whole, message, whole + 1, message.length - whole - 1);
      message[whole] = first;
    }
    return hash(k0, k1, message);
  }

  private static long littleEndian(byte[] bytes, int at, int length) {
    long word = 0;
    for (int i = length - 1; i >= 0; i--) {
      word = word << 8 | (bytes[at + i] & 0xff);
    }
    return word;
  }

  private void word(long word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }

  private long end() {
    v2 ^= 0xff;
    for (int i = 0; i < 4; i++) {
      round();
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }

  private void round() {
    v0 += v1;
    v2 += v3;
    v1 = Long.rotateLeft(v1, 13) ^ v0;
    v3 = Long.rotateLeft(v3, 16) ^ v2;
    v0 = Long.rotateLeft(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = Long.rotateLeft(v1, 17) ^ v2;
    v3 = Long.rotateLeft(v3, 21) ^ v0;
    v2 = Long.rotateLeft(v2, 32);
  }
}
