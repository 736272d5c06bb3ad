// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.journal;

import java.io.IOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.open.MemberOptions;
import org.jbcachefs.cli.open.OpeningOptions;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.engine.journal.JournalListing;
import org.jbcachefs.engine.journal.RewindWindow;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code journal_rewind_info}. */
@Command(
    name = "journal_rewind_info",
    description = {
      "Shows how far back the journal can be rewound, and the flush entries in that window: every"
          + " one is a state that the filesystem was in.",
      "Commands that read offline show such a state with -o journal_rewind=SEQ; nothing is written."
    })
public final class RewindInfoCommand implements CliCommand {
  private static final int THREADS = 4;

  @Mixin private OpeningOptions opening = new OpeningOptions();

  @Option(
      names = {"-n", "--nr"},
      paramLabel = "N",
      description = "Only the last N entries; 0, which is the default, is all.")
  private int most;

  @Option(
      names = {"-v", "--verbose"},
      description = "Say what was read.")
  private boolean verbose;

  @Parameters(arity = "1..*", paramLabel = "DEVICE", description = "The members.")
  private List<String> devices;

  @Override
  public int run(Invocation invocation) throws IOException {
    RewindWindow window;
    try (ReadFilesystem filesystem =
            opening.open(invocation, new MemberOptions().members(devices), false);
        JournalListing journal =
            new JournalListing(filesystem.devices(), filesystem.key().orElse(null), THREADS)) {
      window = RewindWindow.of(journal);
      if (verbose) {
        invocation.note(journal.entries().size() + " journal entries on the devices");
      }
    }
    if (window.newest() == 0) {
      throw new NotFoundException(
          Place.structure("journal"), "there is no flush entry that counts");
    }
    List<RewindWindow.Target> targets = window.targets();
    int shown = most > 0 ? Math.min(most, targets.size()) : targets.size();
    List<RewindWindow.Target> last = targets.subList(targets.size() - shown, targets.size());
    if (invocation.out().isJson()) {
      json(invocation.out().data(), window, last);
    } else {
      text(invocation.out().text(), window, last, invocation.clock().getZone());
    }
    return ExitCode.DONE;
  }

  private static void text(
      TextWriter text, RewindWindow window, List<RewindWindow.Target> targets, ZoneId zone) {
    if (!window.recorded()) {
      text.println("the newest entry names no limit; taking the oldest entry that is there");
    }
    text.println("rewind limit:  seq " + Long.toUnsignedString(window.limit()) + "  (oldest safe)");
    text.println(
        "newest:        seq "
            + Long.toUnsignedString(window.newest())
            + (window.newestTime() == 0 ? "" : "  " + time(window.newestTime(), zone)));
    text.println("").println("rewind candidates (flush entries):");
    int omitted = window.targets().size() - targets.size();
    if (omitted > 0) {
      text.println("  (" + omitted + " earlier ones omitted; -n 0 shows all)");
    }
    if (window.targets().isEmpty()) {
      text.println("  (none)");
    }
    for (RewindWindow.Target target : targets) {
      String obstacle = target.obstacle() == null ? "" : "  impossible: " + target.obstacle();
      text.println(
          "  seq "
              + Long.toUnsignedString(target.seq())
              + "  "
              + (target.time() == 0 ? "(no time)" : time(target.time(), zone))
              + obstacle);
    }
    text.println("")
        .println(
            "  "
                + window.targets().size()
                + " flush entries of "
                + window.entries()
                + " entries in the window");
  }

  private static String time(long seconds, ZoneId zone) {
    return DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss xx", Locale.ROOT)
        .format(Instant.ofEpochSecond(seconds).atZone(zone));
  }

  private static void json(
      JsonWriter json, RewindWindow window, List<RewindWindow.Target> targets) {
    json.beginObject()
        .field("newest", window.newest())
        .field("newest_time", window.newestTime())
        .field("limit", window.limit())
        .field("limit_recorded", window.recorded())
        .field("entries", window.entries())
        .field("flush_entries", window.targets().size())
        .beginArray("candidates");
    for (RewindWindow.Target target : targets) {
      json.beginObject().field("seq", target.seq()).field("time", target.time());
      json.field("obstacle", target.obstacle()).endObject();
    }
    json.endArray().endObject();
  }
}
