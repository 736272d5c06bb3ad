// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.cases.RepairNotes;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.repair.RepairOptions;
import org.jbcachefs.engine.repair.RepairOutcome;
import org.jbcachefs.engine.repair.RepairRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Copies of superblocks that are gone while others are good. The copies of default-1dev are at
 * sectors 8, 2056 and 522240, its layout is in sector 7.
 */
class SuperblockCopiesTest {
  private static final String GOLDEN = "default-1dev";
  private static final String FIRST = "zero 0 4096 4096";
  private static final String SECOND = "zero 0 1052672 4096";
  private static final String LAYOUT = "zero 0 3584 512";

  @TempDir private Path spill;

  private final List<BlockDevice> open = new ArrayList<>();

  private List<BlockDevice> damaged(RepairBase base, String... statements) {
    List<BlockDevice> devices = base.damaged(List.of(statements));
    open.addAll(devices);
    return devices;
  }

  @AfterEach
  void close() {
    open.forEach(BlockDevice::close);
  }

  private RepairOutcome repair(RepairBase base, List<BlockDevice> devices) {
    RepairOptions options =
        new RepairOptions(
            WriteOptions.defaults().withOpen(base.open()),
            CheckOptions.defaults().withThreads(1).withSpill(spill));
    return new RepairRun(devices, options, new RepairNotes()).run();
  }

  private static byte[] bytes(BlockDevice device, long at, int length) {
    byte[] bytes = new byte[length];
    device.read(at, MemorySegment.ofArray(bytes));
    return bytes;
  }

  @Test
  void whereNothingElseIsWrongEveryByteIsWhatItWas() {
    RepairBase base = RepairBase.golden(GOLDEN);
    List<BlockDevice> devices = damaged(base, FIRST, SECOND, LAYOUT);
    RepairOutcome outcome = repair(base, devices);
    assertEquals(0, outcome.first().findings());
    assertEquals(3, outcome.first().notes());
    assertEquals(0, outcome.last().notes());
    assertEquals(1, outcome.rounds());
    List<BlockDevice> sound = GoldenImages.open(GOLDEN);
    open.addAll(sound);
    long size = sound.getFirst().size();
    assertEquals(size, devices.getFirst().size());
    int step = 1 << 20;
    for (long at = 0; at < size; at += step) {
      MemorySegment expected = MemorySegment.ofArray(bytes(sound.getFirst(), at, step));
      MemorySegment found = MemorySegment.ofArray(bytes(devices.getFirst(), at, step));
      assertEquals(-1, expected.mismatch(found), "from byte " + at);
    }
  }

  @Test
  void ofSeveralMembersOnlyThatOneIsWritten() {
    RepairBase base = RepairBase.golden("tiered");
    List<BlockDevice> devices = damaged(base, "zero 1 4096 4096", "zero 1 3584 512");
    byte[] other = bytes(devices.getFirst(), 0, 1 << 14);
    RepairOutcome outcome = repair(base, devices);
    assertEquals(2, outcome.first().notes());
    assertEquals(0, outcome.last().notes());
    MemorySegment now = MemorySegment.ofArray(bytes(devices.getFirst(), 0, 1 << 14));
    assertEquals(-1, now.mismatch(MemorySegment.ofArray(other)));
  }

  @Test
  void whereSomethingElseIsWrongBothAreMended() {
    RepairBase base = RepairBase.golden(GOLDEN);
    RepairOutcome outcome = repair(base, damaged(base, FIRST, LAYOUT, "delete alloc 0:71"));
    assertTrue(outcome.isClean());
    assertEquals(0, outcome.last().notes());
  }
}
