// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import java.nio.file.Path;

/**
 * What to mount where, and how to serve it.
 *
 * @param source what mount(8) lists as the source: the devices, or UUID=
 * @param directory the mountpoint, an existing directory, absolute
 * @param mayChange whether it can be changed, now or once it is remounted so
 * @param ring use FUSE over io_uring if the kernel has it and it is enabled
 * @param ringNeeded fail if that cannot be had
 * @param threads workers where io_uring is not used
 * @param writeback whether the kernel may keep what is written for a while, where it can be changed
 * @param manyDirtyPages whether as many pages may wait to be written back as of other filesystems:
 *     FUSE's are a hundredth of that, since most daemons might wait for themselves
 * @param readaheadKib what the kernel may read ahead, where we are allowed to say so; 0 leaves it
 */
public record MountPlan(
    String source,
    Path directory,
    MountFlags flags,
    boolean mayChange,
    boolean ring,
    boolean ringNeeded,
    int threads,
    boolean writeback,
    boolean manyDirtyPages,
    int readaheadKib) {
  /** The largest read and write request: what the kernel allows by default. */
  static final int PAYLOAD_BYTES = 1 << 20;

  private static final int DEFAULT_READAHEAD_KIB = 1024;

  /**
   * From the mount's own options.
   *
   * @throws IllegalArgumentException saying which option has a value that it cannot have
   */
  public static MountPlan of(String source, Path directory, MountFlags flags) {
    String transport = flags.own().getOrDefault("transport", "auto");
    if (!transport.matches("auto|uring|dev")) {
      throw new IllegalArgumentException(
          "-o transport takes auto, uring or dev, not '" + transport + "'");
    }
    int cpus = Runtime.getRuntime().availableProcessors();
    return new MountPlan(
        source,
        directory,
        flags,
        flags.writable(),
        !transport.equals("dev"),
        transport.equals("uring"),
        number(flags, "threads", Math.clamp(2L * cpus, 4, 32), 256),
        true,
        false,
        number(flags, "readahead", DEFAULT_READAHEAD_KIB, 1 << 20));
  }

  /**
   * The same, but read-only.
   *
   * @param changedLater whether it may be remounted to be changed
   */
  public MountPlan readOnly(boolean changedLater) {
    return with(flags.readOnly(), changedLater, writeback, manyDirtyPages);
  }

  /** The same, but what is written comes here at once, so that errors are told to who writes. */
  public MountPlan writeThrough() {
    return with(flags, mayChange, false, manyDirtyPages);
  }

  /** The same, for a daemon that never has to wait for what is to be written back to it. */
  public MountPlan withManyDirtyPages() {
    return with(flags, mayChange, writeback, true);
  }

  private MountPlan with(
      MountFlags otherFlags, boolean changes, boolean otherWriteback, boolean many) {
    return new MountPlan(
        source,
        directory,
        otherFlags,
        changes,
        ring,
        ringNeeded,
        threads,
        otherWriteback,
        many,
        readaheadKib);
  }

  private static int number(MountFlags flags, String name, int otherwise, int most) {
    String value = flags.own().get(name);
    if (value == null) {
      return otherwise;
    }
    if (!value.matches("[0-9]{1,9}") || Integer.parseInt(value) > most) {
      throw new IllegalArgumentException(
          "-o " + name + " takes a number up to " + most + ", not '" + value + "'");
    }
    return Integer.parseInt(value);
  }
}
