// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.cases.RepairNotes;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.repair.RepairOptions;
import org.jbcachefs.engine.repair.RepairRun;
import org.jbcachefs.format.error.RefusedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Superblocks that name another journal than there is. In default-1dev it is buckets 17 to 32 of
 * 128 KiB, and nodes lie in buckets 86 and 87; tests/fsck/journal.cases mends what can be.
 */
class JournalPlaceTest {
  private static final RepairBase BASE = RepairBase.golden("default-1dev");
  private static final int BUCKET_BYTES = 128 << 10;

  @TempDir private Path spill;

  private final List<BlockDevice> open = new ArrayList<>();

  private List<BlockDevice> damaged(List<String> statements) {
    List<BlockDevice> devices = BASE.damaged(statements);
    open.addAll(devices);
    return devices;
  }

  @AfterEach
  void close() {
    open.forEach(BlockDevice::close);
  }

  @Test
  void whereSomethingElseLiesNothingIsWrittenIntoTheJournal() {
    List<BlockDevice> devices = damaged(List.of("set sb journal_v20.start=81"));
    RefusedException refused =
        assertThrows(
            RefusedException.class,
            () -> WritableFilesystem.open(devices, WriteOptions.defaults()));
    assertEquals("journal_bucket_in_use", refused.reason());
    assertEquals(86L * BUCKET_BYTES, refused.place().offset());
    assertTrue(refused.getMessage().contains("bucket 86"), refused.getMessage());
  }

  @Test
  void oneOfFourBucketsIsRefused() {
    List<BlockDevice> devices = damaged(List.of("set sb journal_v20.nr=4"));
    RefusedException refused =
        assertThrows(
            RefusedException.class,
            () -> WritableFilesystem.open(devices, WriteOptions.defaults()));
    assertEquals("journal_too_small", refused.reason());
    assertTrue(refused.getMessage().contains("more than 4 buckets"), refused.getMessage());
  }

  @Test
  void withoutAnyEntryAnywhereARepairIsRefused() {
    List<String> statements = new ArrayList<>();
    for (int bucket = 17; bucket <= 32; bucket++) {
      statements.add("zero 0 " + (long) bucket * BUCKET_BYTES + " 4096");
    }
    statements.add("section journal_v2 delete");
    // Something to repair.
    statements.add("delete alloc 0:71");
    List<BlockDevice> devices = damaged(statements);
    RepairOptions options =
        new RepairOptions(
            WriteOptions.defaults().withOpen(BASE.open()),
            CheckOptions.defaults().withThreads(1).withSpill(spill));
    RepairRun repair = new RepairRun(devices, options, new RepairNotes());
    assertEquals("no_journal", assertThrows(RefusedException.class, repair::run).reason());
  }
}
