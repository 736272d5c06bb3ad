// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.fsck;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.engine.repair.RepairOutcome;

/** What comes at the end of a repair: what was found, what was done about it, what is left. */
final class RepairReport {
  private final Output out;
  private final RepairOutcome outcome;
  private final FsckListener last;
  private final LostFiles lost;
  private final boolean dryRun;
  private final FsckReport found;
  private final FsckReport left;
  private final List<Line> repairs = new ArrayList<>();

  private record Line(String error, long count, String what) {}

  RepairReport(
      Output out,
      RepairOutcome outcome,
      FsckListener first,
      FsckListener last,
      LostFiles lost,
      boolean dryRun) {
    this.lost = lost;
    this.out = out;
    this.outcome = outcome;
    this.last = last;
    this.dryRun = dryRun;
    this.found = new FsckReport(out, first, outcome.first());
    this.left = new FsckReport(out, last, outcome.last());
  }

  /** So many findings of an error were repaired that way. */
  void repair(String error, long count, String what) {
    repairs.add(new Line(error, count, what));
  }

  void write() {
    if (out.isJson()) {
      found.json(this::addTo);
    } else {
      text(out.text());
    }
  }

  private void text(TextWriter text) {
    found.text(text);
    boolean none = outcome.first().findings() == 0;
    if (none && repairs.isEmpty()) {
      return;
    }
    if (repairs.isEmpty()) {
      text.println("nothing was repaired");
      return;
    }
    text.println(dryRun ? "would be repaired:" : "repaired:");
    for (Line line : repairs) {
      text.print(String.format(Locale.ROOT, "%10d  %s: ", line.count, line.error));
      text.println(line.what);
    }
    if (!lost.isEmpty()) {
      lost.text(text, dryRun);
    }
    if (outcome.isClean()) {
      text.println(dryRun ? "nothing would be wrong then" : "nothing is wrong any more");
      return;
    }
    text.println(dryRun ? "would be left:" : "left:");
    last.showCollected(text);
    left.text(text);
  }

  private void addTo(JsonWriter json) {
    json.field("dry_run", dryRun).beginArray("repairs");
    for (Line line : repairs) {
      json.beginObject().field("error", line.error).field("count", line.count);
      json.field("what", line.what).endObject();
    }
    json.endArray();
    lost.json(json);
    json.beginObject("left");
    left.totals(json);
    json.endObject();
  }
}
