// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.repair.RepairOptions;
import org.jbcachefs.engine.repair.RepairOutcome;
import org.jbcachefs.engine.repair.RepairRun;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same cases as of the checker: what is found is repaired, and the second run finds nothing.
 */
class RepairCasesTest {
  private static final String ONLY = System.getProperty("jbcachefs.fsck.case", "");

  /** A folder that gets the repaired devices, for whoever wants to judge them; normally none. */
  private static final String KEPT = System.getProperty("jbcachefs.repair.kept", "");

  private static final RepairedTrees TREES = new RepairedTrees();

  @TempDir private static Path spill;

  private static Stream<FsckCase> mendable() {
    return FsckCasesTest.cases().stream().filter(FsckCase::isMendable);
  }

  @TestFactory
  Stream<DynamicTest> whatIsFoundIsRepairedAndTheSecondRunFindsNothing() {
    return mendable()
        .filter(one -> one.toString().contains(ONLY))
        .map(one -> DynamicTest.dynamicTest(one.toString(), () -> run(one)));
  }

  private static void run(FsckCase subject) {
    List<BlockDevice> devices = subject.devices();
    try {
      OpenOptions open = subject.open();
      RepairNotes notes = new RepairNotes();
      RepairOptions options =
          new RepairOptions(
              WriteOptions.defaults().withOpen(open),
              CheckOptions.defaults().withThreads(2).withSpill(spill));
      RepairOutcome outcome = new RepairRun(devices, options, notes).run();
      assertEquals(
          0,
          outcome.last().findings(),
          () ->
              subject.edits()
                  + "\n"
                  + notes
                  + "\nreproduce: -Dtest=RepairCasesTest -Djbcachefs.fsck.case="
                  + subject.name());
      assertTrue(outcome.isChanged());
      TREES.check(subject, devices, open);
      keep(subject, devices);
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }

  private static void keep(FsckCase subject, List<BlockDevice> devices) {
    if (KEPT.isEmpty()) {
      return;
    }
    for (int i = 0; i < devices.size(); i++) {
      KeptImage.write(
          Path.of(KEPT, subject.base() + "@" + subject.name() + "." + i), devices.get(i));
    }
  }

  @Test
  void mostCasesAreMendable() {
    long all = FsckCasesTest.cases().stream().filter(one -> !one.findings().isEmpty()).count();
    long done = mendable().count();
    assertTrue(done >= 300, () -> done + " of " + all);
  }
}
