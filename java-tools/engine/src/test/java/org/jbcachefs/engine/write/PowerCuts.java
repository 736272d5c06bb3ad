// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;

/**
 * Cuts the power at moments of work whose writes were logged: what is left is looked at as it is,
 * recovered, and looked at again; fsck -n finds nothing then.
 */
final class PowerCuts {
  private final long seed;
  private final Random random;
  private final Path spill;

  /**
   * @param seed of the work
   * @param random draws moments, and what of the unflushed writes is left
   */
  PowerCuts(long seed, Random random, Path spill) {
    this.seed = seed;
    this.random = random;
    this.spill = spill;
  }

  /** Judges what a cut has left. */
  @FunctionalInterface
  interface Judgement {
    /**
     * Throws if it is wrong.
     *
     * @param moment number of writes that came before the cut
     * @param where for whoever wants to see it again
     */
    void hold(List<MemoryDevice> left, int moment, String where);
  }

  /** Cuts that often, ascending. */
  void run(WriteLog log, int cuts, String what, Judgement judgement) {
    WriteLog.Replay replay = log.replay();
    for (int moment : random.ints(cuts, 0, log.size() + 1).sorted().toArray()) {
      String where =
          "seed " + seed + " (-Djbcachefs.seedBase=" + seed + ")" + what + ", cut at " + moment;
      replay.advance(moment);
      List<MemoryDevice> left = replay.cut(random.nextLong());
      judgement.hold(left, moment, where);
      WritableFilesystem after =
          WritableFilesystem.open(new ArrayList<>(left), SmallFilesystem.options(seed));
      new WritableTree(after, _ -> {}).close();
      after.close();
      List<MemoryDevice> closed = Judge.reopenable(left);
      assertEquals(List.of(), Judge.findings(closed, spill), where);
      judgement.hold(closed, moment, where + ", recovered");
    }
  }
}
