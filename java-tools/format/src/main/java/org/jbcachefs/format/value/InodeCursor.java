// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.util.Arrays;
import org.jbcachefs.format.bkey.Bkey;

/**
 * A cursor on one inode of any version, for scans: the fields unpacked, nothing kept of how they
 * were stored. Moved from key to key with {@link #of}, which allocates nothing. Not thread-safe.
 */
public final class InodeCursor {
  final long[] fields = new long[InodeField.COUNT];
  int version;
  long journalSeq;
  long hashSeed;
  long flags;
  int mode;
  long iVersion;
  private long number;
  private int snapshot;

  /**
   * Moves it to that key, which is an inode of any version.
   *
   * @throws org.jbcachefs.format.error.CorruptionException "inode_unpack_error" and the like
   */
  public InodeCursor of(Bkey key) {
    Arrays.fill(fields, 0);
    journalSeq = 0;
    iVersion = 0;
    number = key.offset();
    snapshot = key.snapshot();
    InodeCodec.read(key, this);
    return this;
  }

  public long number() {
    return number;
  }

  public int snapshot() {
    return snapshot;
  }

  /** Journal sequence number of its last change; 0 in version 1. */
  public long journalSeq() {
    return journalSeq;
  }

  public long hashSeed() {
    return hashSeed;
  }

  /** Bits of the FLAG_ constants of {@link Inode}. */
  public int flags() {
    return (int) flags & Inode.FLAGS_MASK;
  }

  /** Number of the string hash. */
  public int strHash() {
    return Inode.STR_HASH.getInt(flags);
  }

  /** File type and permissions. */
  public int mode() {
    return mode;
  }

  public long get(InodeField field) {
    return fields[field.index()];
  }
}
