// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bkey;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.Le;

/**
 * A position in a btree, ordered by inode, offset, snapshot; all three unsigned.
 *
 * <p>In extent btrees the position is the <em>end</em> of the range in 512-byte sectors. Source:
 * {@code struct bpos}.
 */
public record Bpos(long inode, long offset, int snapshot) implements Comparable<Bpos> {
  /** Bytes of a bpos on disk: snapshot u32, offset u64, inode u64. */
  public static final int BYTES = 20;

  public static final int OFFSET_SNAPSHOT = 0;
  public static final int OFFSET_OFFSET = 4;
  public static final int OFFSET_INODE = 12;

  public static final Bpos MIN = new Bpos(0, 0, 0);
  public static final Bpos MAX = new Bpos(-1, -1, -1);

  /** Reads a position where it is stored. */
  public static Bpos read(MemorySegment in, long at) {
    return new Bpos(
        Le.u64(in, at + OFFSET_INODE),
        Le.u64(in, at + OFFSET_OFFSET),
        Le.u32(in, at + OFFSET_SNAPSHOT));
  }

  /** Stores the position. */
  public void write(MemorySegment out, long at) {
    Le.putU32(out, at + OFFSET_SNAPSHOT, snapshot);
    Le.putU64(out, at + OFFSET_OFFSET, offset);
    Le.putU64(out, at + OFFSET_INODE, inode);
  }

  /**
   * Reads a position as people write it: POS_MIN, POS_MAX, SPOS_MAX or inode[:offset[:snapshot]],
   * where the numbers may be U64_MAX and U32_MAX.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static Bpos parse(String word) {
    return switch (word) {
      case "POS_MIN" -> MIN;
      case "POS_MAX" -> new Bpos(-1, -1, 0);
      case "SPOS_MAX" -> MAX;
      default -> {
        String[] parts = word.split(":", -1);
        if (parts.length > 3) {
          throw new IllegalArgumentException(word);
        }
        long inode = number(parts[0], "U64_MAX", -1);
        long offset = parts.length > 1 ? number(parts[1], "U64_MAX", -1) : 0;
        long snapshot = parts.length > 2 ? number(parts[2], "U32_MAX", 0xffffffffL) : 0;
        if (snapshot >>> Integer.SIZE != 0) {
          throw new IllegalArgumentException(word);
        }
        yield new Bpos(inode, offset, (int) snapshot);
      }
    };
  }

  private static long number(String part, String name, long named) {
    return part.equals(name) ? named : Long.parseUnsignedLong(part);
  }

  /** The position with snapshot 0. */
  public static Bpos of(long inode, long offset) {
    return new Bpos(inode, offset, 0);
  }

  public static int compare(
      long inodeA, long offsetA, int snapshotA, long inodeB, long offsetB, int snapshotB) {
    int order = Long.compareUnsigned(inodeA, inodeB);
    if (order == 0) {
      order = Long.compareUnsigned(offsetA, offsetB);
    }
    return order != 0 ? order : Integer.compareUnsigned(snapshotA, snapshotB);
  }

  @Override
  public int compareTo(Bpos other) {
    return compare(inode, offset, snapshot, other.inode, other.offset, other.snapshot);
  }

  /** The next position, the snapshot field included; {@link #MAX} has none. */
  public Bpos successor() {
    if (snapshot != -1) {
      return new Bpos(inode, offset, snapshot + 1);
    }
    if (offset != -1) {
      return new Bpos(inode, offset + 1, 0);
    }
    if (inode != -1) {
      return new Bpos(inode + 1, 0, 0);
    }
    throw new IllegalStateException("no position after the last");
  }

  /** The position before this one, the snapshot field included; {@link #MIN} has none. */
  public Bpos predecessor() {
    if (snapshot != 0) {
      return new Bpos(inode, offset, snapshot - 1);
    }
    if (offset != 0) {
      return new Bpos(inode, offset - 1, -1);
    }
    if (inode != 0) {
      return new Bpos(inode - 1, -1, -1);
    }
    throw new IllegalStateException("no position before the first");
  }

  /**
   * As the reference prints it: POS_MIN, SPOS_MAX, or inode:offset:snapshot with U64_MAX and
   * U32_MAX spelled out.
   */
  @Override
  public String toString() {
    if (equals(MIN)) {
      return "POS_MIN";
    }
    if (equals(MAX)) {
      return "SPOS_MAX";
    }
    if (inode == -1 && offset == -1 && snapshot == 0) {
      return "POS_MAX";
    }
    return u64(inode)
        + ":"
        + u64(offset)
        + ":"
        + (snapshot == -1 ? "U32_MAX" : Integer.toUnsignedString(snapshot));
  }

  private static String u64(long value) {
    return value == -1 ? "U64_MAX" : Long.toUnsignedString(value);
  }
}
