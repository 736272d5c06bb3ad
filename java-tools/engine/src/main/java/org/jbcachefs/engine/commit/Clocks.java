// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the filesystem counts time and versions by: sectors read and written since it was made,
 * versions of keys, and the wall clock. Thread-safe.
 */
public final class Clocks {
  private final InstantSource wall;
  private final AtomicLong read;
  private final AtomicLong write;
  private final AtomicLong keyVersion;

  public Clocks(InstantSource wall, long read, long write, long keyVersion) {
    this.wall = wall;
    this.read = new AtomicLong(read);
    this.write = new AtomicLong(write);
    this.keyVersion = new AtomicLong(keyVersion);
  }

  /** Time as people count it. */
  public InstantSource wall() {
    return wall;
  }

  /** Sectors read. */
  public long read() {
    return read.get();
  }

  /** Sectors written. */
  public long write() {
    return write.get();
  }

  public void addRead(long sectors) {
    read.addAndGet(sectors);
  }

  public void addWrite(long sectors) {
    write.addAndGet(sectors);
  }

  /** A key version that was never used: what encrypted extents build their nonces from. */
  public long nextKeyVersion() {
    return keyVersion.incrementAndGet();
  }

  /** No version up to that one is given out. */
  public void useKeyVersion(long version) {
    keyVersion.accumulateAndGet(version, (a, b) -> Long.compareUnsigned(a, b) > 0 ? a : b);
  }

  /** The highest key version in use. */
  public long keyVersion() {
    return keyVersion.get();
  }
}
