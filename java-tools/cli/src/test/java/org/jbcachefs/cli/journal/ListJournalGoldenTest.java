// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** {@code list_journal} on journals that kernels wrote. */
class ListJournalGoldenTest {
  private static String list(Output.Form form, int exit, String image, String... options)
      throws IOException {
    List<String> arguments = new ArrayList<>(List.of(options));
    GoldenImages.images(image).forEach(path -> arguments.add(path.toString()));
    ListJournalCommand command = new ListJournalCommand();
    new CommandLine(command).parseArgs(arguments.toArray(String[]::new));
    Outside outside = new Outside();
    Invocation invocation = outside.invocation(form, "list_journal");
    assertEquals(exit, command.run(invocation), outside.err());
    invocation.out().finish();
    return outside.out();
  }

  private static List<String> headers(String text) {
    return text.lines().filter(line -> line.contains("journal entry     ")).toList();
  }

  @Test
  void dirtyEntriesAreThoseThatAreReplayed() throws IOException {
    String text = list(Output.Form.TEXT, 0, "dirty-journal-1", "-d");
    assertEquals(
        List.of(
            "journal entry     164",
            "journal entry     165",
            "journal entry     166",
            "journal entry     167"),
        headers(text));
    assertTrue(text.contains("\n  log: __bch2_unlink\n    overwrite: btree=inodes level=0 u64s "));
    assertTrue(text.contains("(sector 5120)"), text.substring(0, 300));
  }

  @Test
  void headersTimesAndTheLastFewCanBeAskedFor() throws IOException {
    assertEquals(2, headers(list(Output.Form.TEXT, 0, "snapshots", "-n", "2", "-H")).size());
    String times = list(Output.Form.TEXT, 0, "snapshots", "-a", "-D");
    assertTrue(times.lines().allMatch(line -> line.startsWith("journal entry     ")), times);
    assertTrue(times.lines().anyMatch(line -> line.contains(" datetime: ")), times);
  }

  @Test
  void transactionsCanBeChosen() throws IOException {
    String text =
        list(Output.Form.TEXT, 0, "dirty-journal-1", "-d", "-t", "bch2_inode_rm", "-V", "false");
    assertTrue(text.contains("  log: bch2_inode_rm\n"));
    assertTrue(
        text.lines()
            .filter(line -> line.startsWith("  log: "))
            .allMatch(line -> line.startsWith("  log: bch2_inode_rm")));
  }

  @Test
  void jsonLinesHoldWhatTheTextHolds() throws IOException {
    String text = list(Output.Form.JSON_LINES, 0, "dirty-journal-multidev", "-d");
    ObjectMapper mapper = new ObjectMapper();
    List<Long> seqs = new ArrayList<>();
    long keys = 0;
    for (String line : text.lines().toList()) {
      JsonNode node = mapper.readTree(line);
      if (node.has("seq")) {
        seqs.add(node.get("seq").asLong());
        assertTrue(node.get("copies").get(0).get("checksum_ok").asBoolean());
        for (JsonNode entry : node.get("entries")) {
          keys += entry.has("keys") ? entry.get("keys").size() : 0;
        }
      } else {
        assertEquals("list_journal", node.get("command").asText());
      }
    }
    assertEquals(List.of(269L, 270L, 271L, 272L, 273L, 274L), seqs);
    assertTrue(keys > 300);
  }

  @Test
  void journalsOfCleanFilesystemsAreListedToo() throws IOException {
    String all = list(Output.Form.TEXT, 0, "old-version-1.13", "-a", "-B", "-V", "false");
    assertTrue(headers(all).size() > 10, "only " + headers(all));
    assertTrue(all.contains("btree_root: btree=extents level="));
  }
}
