// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bytes;

/**
 * A named range of bits in a 64-bit word, as the format declares them: first bit included, end bit
 * excluded.
 *
 * @param first lowest bit, 0..63
 * @param end one past the highest bit, 1..64
 */
public record BitRange(int first, int end) {
  public BitRange {
    if (first < 0 || end <= first || end > 64) {
      throw new IllegalArgumentException("bits " + first + ".." + end);
    }
  }

  public int bits() {
    return end - first;
  }

  /** The largest value the range holds, as an unsigned number. */
  public long max() {
    return -1L >>> (64 - bits());
  }

  public long get(long word) {
    return (word >>> first) & max();
  }

  public int getInt(long word) {
    return (int) get(word);
  }

  public boolean isSet(long word) {
    return get(word) != 0;
  }

  public long set(long word, long value) {
    if (Long.compareUnsigned(value, max()) > 0) {
      throw new IllegalArgumentException(value + " does not fit in " + bits() + " bits");
    }
    return (word & ~(max() << first)) | (value << first);
  }
}
