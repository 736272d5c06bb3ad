// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.cases;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;

/** Writes devices of tests to files, sparsely, for whoever wants to judge them. */
public final class KeptImage {
  private static final int CHUNK = 1 << 20;

  private KeptImage() {}

  /** Makes the file, which must not be there. */
  public static void write(Path file, BlockDevice device) {
    try (BlockDevice copy = FileBlockDevice.create(file, device.size())) {
      byte[] chunk = new byte[CHUNK];
      for (long at = 0; at < device.size(); at += chunk.length) {
        int length = (int) Math.min(chunk.length, device.size() - at);
        MemorySegment part = MemorySegment.ofArray(chunk).asSlice(0, length);
        device.read(at, part);
        if (part.mismatch(MemorySegment.ofArray(new byte[length])) >= 0) {
          copy.write(at, part);
        }
      }
    }
  }
}
