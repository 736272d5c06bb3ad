// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.Test;

/** journal_rewind_info, and reading older states with -o journal_rewind. */
class RewindTest {
  private static final String CRASHED = GoldenImages.images("dirty-journal-1").getFirst() + "";
  private static final String CLEAN = GoldenImages.images("default-1dev").getFirst() + "";

  private Outside outside;

  private String run(int exit, String... words) {
    outside = new Outside();
    assertEquals(exit, CommandLineUse.run(outside, words), () -> outside.err());
    return outside.out();
  }

  private List<String> names(long seq) {
    return run(ExitCode.DONE, "ls", CRASHED, "/", "-o", "journal_rewind=" + seq).lines().toList();
  }

  @Test
  void everyFlushEntryInTheWindowIsListed() throws IOException {
    String text = run(ExitCode.DONE, "journal_rewind_info", "-n", "2", CRASHED);
    assertEquals(
        """
        rewind limit:  seq 25  (oldest safe)
        newest:        seq 167  2026-11-22 09:35:39 +0000

        rewind candidates (flush entries):
          (5 earlier ones omitted; -n 0 shows all)
          seq 165  2026-11-22 09:35:37 +0000
          seq 167  2026-11-22 09:35:39 +0000

          7 flush entries of 10 entries in the window
        """,
        text);
    JsonNode data =
        new ObjectMapper()
            .readTree(run(ExitCode.DONE, "journal_rewind_info", "--json", CLEAN))
            .get("data");
    assertEquals(129, data.get("newest").asLong());
    assertTrue(data.get("limit_recorded").asBoolean());
    assertEquals(15, data.get("candidates").size());
    data.get("candidates").forEach(each -> assertTrue(each.get("obstacle").isNull()));
  }

  @Test
  void anOlderStateShowsWhatWasDeletedLater() {
    // The last transactions before the crash unlinked files; the reference shows the same trees.
    assertTrue(names(161).contains("post-sync-0"));
    assertFalse(names(167).contains("post-sync-0"));
    assertEquals(run(ExitCode.DONE, "ls", CRASHED, "/").lines().toList(), names(167));
  }

  @Test
  void theJournalOfACleanFilesystemIsReadForIt() {
    String now = run(ExitCode.DONE, "tree", CLEAN, "/");
    assertEquals(now, run(ExitCode.DONE, "tree", CLEAN, "/", "-o", "journal_rewind=129"));
    assertEquals(now, run(ExitCode.DONE, "tree", CLEAN, "/", "-o", "journal-rewind=125"));
  }

  @Test
  void whatIsNoFlushEntryIsNothingToGoBackTo() {
    run(ExitCode.FAILED, "ls", CRASHED, "/", "-o", "journal_rewind=162");
    assertTrue(outside.err().contains("no flush entry 162"), outside.err());
    run(ExitCode.FAILED, "ls", CRASHED, "/", "-o", "journal_rewind=500");
    run(ExitCode.USAGE, "ls", CRASHED, "/", "-o", "journal_rewind=yesterday");
  }
}
