// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jbcachefs.cli.files.FileType;
import org.jbcachefs.cli.platform.LibC;

/** The fields of struct statx that are looked at. */
final class StatAnswer {
  private static final long NANOS = 1_000_000_000L;
  private static final int TYPE_SHIFT = 12;

  private StatAnswer() {}

  static Destination.Existing existing(MemorySegment stat) {
    int mode = stat.get(ValueLayout.JAVA_SHORT, LibC.STATX_MODE) & 0xffff;
    long size = stat.get(ValueLayout.JAVA_LONG, LibC.STATX_SIZE);
    long seconds = stat.get(ValueLayout.JAVA_LONG, LibC.STATX_MTIME_SECONDS);
    int nanos = stat.get(ValueLayout.JAVA_INT, LibC.STATX_MTIME_NANOS);
    return new Destination.Existing(
        FileType.ofDirent(mode >> TYPE_SHIFT), size, seconds * NANOS + nanos);
  }
}
