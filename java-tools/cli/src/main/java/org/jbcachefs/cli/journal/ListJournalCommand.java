// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.open.MemberOptions;
import org.jbcachefs.cli.open.OpeningOptions;
import org.jbcachefs.engine.journal.JournalListing;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code list_journal}: journal entries, the newest contiguous ones by default. */
@Command(
    name = "list_journal",
    description = {
      "Lists the entries of the journal: by default the newest that follow each other without gap.",
      "Entries that do not count, being unflushed or blacklisted, are left out unless -B is given."
    })
public final class ListJournalCommand implements CliCommand {
  private static final int THREADS = 4;

  @Mixin private OpeningOptions opening = new OpeningOptions();

  @Option(
      names = {"-a", "--all"},
      description = "All entries, not only the newest without gap.")
  private boolean all;

  @Option(
      names = {"-d", "--dirty-only"},
      description = "Only entries that would be replayed.")
  private boolean dirtyOnly;

  @Option(
      names = {"-n", "--nr-entries"},
      paramLabel = "N",
      description = "Only the last N.")
  private Long last;

  @Option(
      names = {"-s", "--seq"},
      paramLabel = "SEQ[..SEQ]",
      description = "Only these sequence numbers.")
  private String seqs;

  @Option(
      names = {"-B", "--blacklisted"},
      description = "Blacklisted and unflushed ones too.")
  private boolean blacklisted;

  @Option(
      names = {"-F", "--flush-only"},
      description = "Only flush entries.")
  private boolean flushOnly;

  @Option(
      names = {"-D", "--datetime"},
      description = "A line for each: number and time.")
  private boolean datetime;

  @Option(
      names = {"-H", "--headers-only"},
      description = "No contents.")
  private boolean headersOnly;

  @Option(
      names = "--all-headers",
      description = "Headers of entries too of which no transaction is wanted.")
  private boolean allHeaders;

  @Option(
      names = {"-l", "--log"},
      description = "Take transactions that are only messages, whatever else is asked for.")
  private boolean log;

  @Option(
      names = {"-L", "--log-only"},
      description = "Only transactions with messages.")
  private boolean logOnly;

  @Option(
      names = {"-O", "--offset"},
      description = "Show the offset of each content in its entry.")
  private boolean offsets;

  @Option(
      names = {"-b", "--btree"},
      paramLabel = "[+-]BTREE,...",
      description = "Only transactions with keys of these btrees, or with -, of others.")
  private String btrees;

  @Option(
      names = {"-t", "--transaction"},
      paramLabel = "[+-]NAME,...",
      description = "Only transactions whose name begins so, or with -, not so.")
  private String transactions;

  @Option(
      names = {"-k", "--key"},
      paramLabel = "[+-]BTREE:POS[-BTREE:POS],...",
      description = "Only transactions with a key there, or with -, without. May be repeated.")
  private List<String> keyRanges = new ArrayList<>();

  @Option(
      names = {"-V", "--bkey-val"},
      paramLabel = "BOOL",
      description = "Whether keys are shown with their values; true by default.")
  private String values;

  @Option(
      names = {"-v", "--verbose"},
      description = "Say what was read.")
  private boolean verbose;

  @Parameters(arity = "1..*", paramLabel = "DEVICE", description = "The members.")
  private List<String> devices;

  @Override
  public int run(Invocation invocation) throws IOException {
    SeqRange range = seqs == null ? SeqRange.ALL : SeqRange.parse(seqs);
    TransactionFilter filter = new TransactionFilter(log, logOnly, btrees, transactions, keyRanges);
    JournalText.Style style =
        new JournalText.Style(
            datetime,
            headersOnly,
            allHeaders,
            offsets,
            truth(values),
            invocation.terminal().output() && invocation.terminal().colour());
    Listing.Choice choice =
        new Listing.Choice(range, !all && seqs == null, dirtyOnly, last, blacklisted, flushOnly);
    try (ReadFilesystem filesystem =
            opening.open(invocation, new MemberOptions().members(devices), false);
        JournalListing journal =
            new JournalListing(filesystem.devices(), filesystem.key().orElse(null), THREADS)) {
      int blockBytes = filesystem.superblock().blockBytes();
      boolean damaged =
          new Listing(
                  invocation, journal, choice, style, filter, blockBytes, filesystem.keyContext())
              .list();
      if (verbose) {
        invocation.note(journal.entries().size() + " journal entries on the devices");
      }
      return damaged ? ExitCode.DAMAGE : ExitCode.DONE;
    }
  }

  private static boolean truth(String text) {
    return switch (text == null ? "true" : text) {
      case "1", "true", "yes" -> true;
      case "0", "false", "no" -> false;
      default -> throw new UsageException("'" + text + "' is neither true nor false");
    };
  }
}
