// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A commit ends, whatever it has to wait for. */
class CommitProgressTest {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final int NODE_BYTES = 8 << 10;

  @TempDir Path spill;

  /** Nodes that a commit needs at the same time do not push each other out of memory. */
  @Test
  void commitsFindTheirNodesWithoutAnyMemoryForNodes() {
    List<MemoryDevice> media = List.of(new MemoryDevice("device", 40L << 20));
    WritableFilesystem first =
        SmallFilesystem.create(media, NODE_BYTES, SmallFilesystem.options(1));
    Workload before = new Workload(new Random(3), new TreeMap<>());
    before.run(first, 2_000, 25);
    first.close();
    List<MemoryDevice> again = Judge.reopenable(media);
    assertTimeoutPreemptively(
        LONG,
        () -> {
          WritableFilesystem filesystem =
              WritableFilesystem.open(
                  List.copyOf(again), SmallFilesystem.options(2).withCacheBytes(0));
          new Workload(new Random(4), before.now()).run(filesystem, 300, 25);
          filesystem.close();
        });
    assertEquals(List.of(), Judge.findings(Judge.reopenable(again), spill));
  }
}
