// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

/**
 * Keeps the memory of a process that serves a mount from growing without need. Java's collector for
 * one processor looks through its old objects only when it can get no more memory from the system,
 * of which it would take a quarter first; here that is done when some have come together. Native
 * memory that belonged to them becomes free with them. Belongs to one thread.
 */
final class MemoryUse {
  /** Bytes of objects, dead ones too, that may come in addition before they are looked through. */
  private static final long MORE_BYTES = 64L << 20;

  /** As large a part of those that were left may come: the more there are the longer it takes. */
  private static final int MORE_SHARE = 2;

  private final Runtime runtime = Runtime.getRuntime();
  private long left = used();

  private long used() {
    return runtime.totalMemory() - runtime.freeMemory();
  }

  /** Looks whether there is more than was left last time, and sees to it; to be called often. */
  void tick() {
    if (used() - left > Math.max(MORE_BYTES, left / MORE_SHARE)) {
      System.gc();
      left = used();
    }
  }
}
