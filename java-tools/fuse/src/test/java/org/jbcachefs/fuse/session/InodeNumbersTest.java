// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.jbcachefs.engine.fs.FileId;
import org.junit.jupiter.api.Test;

class InodeNumbersTest {
  @Test
  void theRootSubvolumeShowsItsOwnNumbers() {
    for (InodeNumbers numbers : InodeNumbers.values()) {
      assertEquals(4096, numbers.of(new FileId(1, -1, 4096), true));
      assertEquals(1L << 62 | 77, numbers.of(new FileId(1, -1, 1L << 62 | 77), false));
    }
  }

  @Test
  void asInTheKernelFilesOfASnapshotHaveTheNumbersOfTheirOrigin() {
    assertEquals(5000, InodeNumbers.AS_KERNEL.of(new FileId(9, -7, 5000), false));
  }

  @Test
  void aSnapshotsRootNeverLooksLikeTheDirectoryItLiesIn() {
    for (InodeNumbers numbers : InodeNumbers.values()) {
      assertNotEquals(4096, numbers.of(new FileId(9, -7, 4096), true));
    }
  }

  @Test
  void uniqueNumbersAreUniqueOverSubvolumesSnapshotsAndShards() {
    Set<Long> seen = new HashSet<>();
    int count = 0;
    for (int subvolume = 1; subvolume < 200; subvolume++) {
      for (long shard = 0; shard < 8; shard++) {
        for (long counter = 4096; counter < 4106; counter++) {
          FileId file = new FileId(subvolume, -subvolume, shard << 60 | counter);
          assertTrue(seen.add(InodeNumbers.UNIQUE.of(file, false)), file::toString);
          count++;
        }
      }
    }
    for (int snapshot = -1; snapshot > -200; snapshot--) {
      FileId file = new FileId(0, snapshot, 4096);
      assertTrue(seen.add(InodeNumbers.UNIQUE.of(file, false)), file::toString);
      count++;
    }
    assertEquals(count, seen.size());
  }
}
