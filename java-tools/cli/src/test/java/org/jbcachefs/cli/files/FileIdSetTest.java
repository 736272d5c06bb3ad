// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.jbcachefs.engine.fs.FileId;
import org.junit.jupiter.api.Test;

final class FileIdSetTest {
  @Test
  void itIsASet() {
    Random random = new Random(7);
    FileIdSet set = new FileIdSet();
    Set<FileId> model = new HashSet<>();
    for (int i = 0; i < 100_000; i++) {
      FileId file = new FileId(random.nextInt(4), -random.nextInt(4), random.nextInt(20_000) << 16);
      assertEquals(model.add(file), set.add(file), () -> "seed 7: " + file);
    }
    assertEquals(model.size(), set.size());
  }
}
