// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import java.nio.file.Path;
import org.jbcachefs.block.testing.IoQueueContract;
import org.jbcachefs.block.testing.MemoryDevice;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

class PlainQueueTest {
  /** Requests are done in the order of submission. */
  @Nested
  class InMemory extends IoQueueContract {
    @Override
    protected BlockDevice create(String name, long size) {
      return new MemoryDevice(name, size);
    }
  }

  /** Requests are done in threads. */
  @Nested
  class OverFiles extends IoQueueContract {
    @TempDir Path directory;

    @Override
    protected BlockDevice create(String name, long size) {
      return FileBlockDevice.create(directory.resolve(name), size);
    }
  }
}
