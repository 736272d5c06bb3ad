// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.error.BcachefsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Threads that sync side by side share journal writes, and the flush of one entry does what would
 * have to come before the next. Whatever is cut off, what was synced is there.
 */
class SharedFlushTest {
  private static final int THREADS = 6;
  private static final int SYNCS = 40;
  private static final int CUTS = 150;
  private static final int BYTES = 4096;

  /** Slow enough for others to arrive meanwhile. */
  private static final long FLUSH_NANOS = 300_000;

  private static final int SEEDS_MOST = 12;

  @TempDir Path spill;

  /** A file had that content for good by that moment. */
  private record Synced(String name, int version, int moment) {}

  private record Run(WriteLog log, List<Synced> synced) {}

  @Test
  void whatIsSyncedSurvivesWithFewerFlushesThanSyncs() throws Exception {
    for (long seed = 0; seed < 3; seed++) {
      Run run = run(seed, WriteRules.ALL);
      assertEquals("", wrong(run, seed));
      int flushes = run.log.size() - run.log.written().size();
      assertTrue(flushes < THREADS * SYNCS * 2, flushes + " flushes");
    }
  }

  @Test
  void anEntryThatRestsOnAFlushBeforeItIsNoticed() throws Exception {
    WriteRules broken = WriteRules.breaking(WriteRule.SHARED_FLUSH);
    boolean noticed = false;
    for (long seed = 0; seed < SEEDS_MOST && !noticed; seed++) {
      noticed = !wrong(run(seed, broken), seed).isEmpty();
    }
    assertTrue(noticed);
  }

  private static Run run(long seed, WriteRules rules) throws Exception {
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 96L << 20)));
    SmallFilesystem.create(media, 8 << 10, SmallFilesystem.options(seed)).close();
    media = Judge.reopenable(media);
    WriteLog log = new WriteLog(media).flushingFor(FLUSH_NANOS);
    List<Synced> synced = new ArrayList<>();
    WritableFilesystem filesystem =
        WritableFilesystem.open(log.devices(), SmallFilesystem.options(seed, rules));
    try (WritableTree tree = new WritableTree(filesystem, _ -> {})) {
      List<Future<List<Synced>>> threads = new ArrayList<>();
      try (ExecutorService pool = Executors.newFixedThreadPool(THREADS)) {
        for (int thread = 0; thread < THREADS; thread++) {
          String name = "file" + thread;
          threads.add(pool.submit(() -> sync(tree, log, name)));
        }
        for (Future<List<Synced>> thread : threads) {
          synced.addAll(result(thread));
        }
      }
    }
    filesystem.close();
    return new Run(log, synced);
  }

  private static List<Synced> result(Future<List<Synced>> thread) throws InterruptedException {
    try {
      return thread.get();
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    }
  }

  private static List<Synced> sync(WritableTree tree, WriteLog log, String name) {
    List<Synced> synced = new ArrayList<>();
    NewInode how = NewInode.of(0x8000 | 0644, 1000, 1000);
    InodeId id = tree.create(tree.root(), name.getBytes(UTF_8), how).id();
    for (int version = 1; version <= SYNCS; version++) {
      byte[] data = ByteBuffer.allocate(BYTES).putInt(0, version).putInt(4000, version).array();
      tree.writeLater(id, 0, MemorySegment.ofArray(data));
      tree.sync(id);
      synced.add(new Synced(name, version, log.size()));
    }
    return synced;
  }

  /** What is not as it must be after a cut; empty if nothing is. */
  private String wrong(Run run, long seed) {
    Random random = new Random(seed);
    WriteLog.Replay replay = run.log.replay();
    for (int moment : random.ints(CUTS, 0, run.log.size() + 1).sorted().toArray()) {
      replay.advance(moment);
      List<MemoryDevice> left = replay.cut(random.nextLong());
      String problem = judge(left, run.synced, moment);
      if (!problem.isEmpty()) {
        return "seed " + seed + ", cut at " + moment + ": " + problem;
      }
    }
    return "";
  }

  private String judge(List<MemoryDevice> left, List<Synced> synced, int moment) {
    SortedMap<String, FoundFile> found;
    try {
      found = FoundTree.read(left);
    } catch (BcachefsException e) {
      return e.getMessage();
    }
    for (Synced each : synced) {
      FoundFile file = found.get("/" + each.name);
      int version =
          file == null || file.content().length < BYTES
              ? 0
              : ByteBuffer.wrap(file.content()).getInt(4000);
      if (each.moment <= moment && version < each.version) {
        return each.name + " has version " + version + ", and " + each.version + " was synced";
      }
    }
    List<String> findings = Judge.findings(left, spill);
    findings.removeIf(line -> line.startsWith("journal_entry_torn"));
    findings.removeIf(line -> line.startsWith("journal_entry_bad_checksum"));
    findings.removeIf(line -> line.startsWith("invalid_sb_csum"));
    return String.join("; ", findings);
  }
}
