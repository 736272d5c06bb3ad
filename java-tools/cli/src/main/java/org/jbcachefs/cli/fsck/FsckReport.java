// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.fsck;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckSummary;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.ErrorMeaning;
import org.jbcachefs.format.tables.FsckError;

/** What comes at the end: damaged files first, then how many findings of each kind there were. */
final class FsckReport {
  private final Output out;
  private final FsckListener listener;
  private final CheckSummary summary;
  private final Map<FsckError, ErrorMeaning> meanings = ErrorMeaning.readTable();

  FsckReport(Output out, FsckListener listener, CheckSummary summary) {
    this.out = out;
    this.listener = listener;
    this.summary = summary;
  }

  /** Writes it, where nothing is repaired. */
  void write() {
    if (out.isJson()) {
      json(_ -> {});
    } else {
      text(out.text());
      if (summary.findings() != 0) {
        out.text().println("nothing was changed");
      }
    }
  }

  static String seconds(long nanoseconds) {
    return String.format(Locale.ROOT, "%.1f s", nanoseconds / 1e9);
  }

  /** Damaged files, and how many findings of each kind there were. */
  void text(TextWriter text) {
    long findings = summary.findings();
    if (findings == 0) {
      text.println(
          summary.notes() == 0 ? "nothing is wrong" : "nothing is wrong but what is noted");
      return;
    }
    text.println();
    damagedPaths(text);
    text.println(findings + (findings == 1 ? " problem:" : " problems:"));
    for (String name : names()) {
      long count = summary.counts().get(name);
      text.print(String.format(Locale.ROOT, "%10d  %s", count, name));
      meaning(name).ifPresent(meaning -> text.print(": ").print(meaning.sentence()));
      long more = count - listener.shown(name);
      text.println(more > 0 ? " (" + more + " of them not shown)" : "");
    }
  }

  private void damagedPaths(TextWriter text) {
    DamagedPaths paths = listener.damagedPaths();
    if (paths.isEmpty()) {
      return;
    }
    text.println("files concerned:");
    paths.forEach(
        (path, names) -> text.print("  ").name(path).println(": " + String.join(", ", names)));
    if (paths.omitted() > 0) {
      text.println("  and more, " + paths.omitted() + " mentions of files not listed");
    }
  }

  /** The worst first, then by name. */
  private List<String> names() {
    return summary.counts().keySet().stream()
        .sorted(Comparator.comparing(this::severityOf).thenComparing(name -> name))
        .toList();
  }

  /** What the format has no name for is met while reading, where much may hang on it. */
  private ErrorMeaning.Severity severityOf(String name) {
    return meaning(name).map(ErrorMeaning::severity).orElse(ErrorMeaning.Severity.LOSS);
  }

  private Optional<ErrorMeaning> meaning(String name) {
    return FsckError.named(name).map(meanings::get);
  }

  /**
   * All of it.
   *
   * @param more adds further keys to the totals
   */
  void json(Consumer<JsonWriter> more) {
    if (out.form() == Output.Form.JSON_LINES) {
      listener.collected().forEach(item -> out.item(json -> finding(json, item)));
      out.item(json -> {
        json.beginObject();
        totals(json);
        more.accept(json);
        json.endObject();
      });
      return;
    }
    JsonWriter json = out.data();
    json.beginObject().beginArray("findings");
    listener.collected().forEach(item -> finding(json, item));
    json.endArray();
    totals(json);
    more.accept(json);
    json.endObject();
  }

  private void finding(JsonWriter json, FsckListener.Shown item) {
    CheckFinding finding = item.finding();
    json.beginObject().field("error", finding.name());
    if (finding.error() == null) {
      json.nothing("id").nothing("severity");
    } else {
      json.field("id", finding.error().number());
      json.field("severity", severity(finding.name()));
    }
    json.field("pass", finding.pass() == null ? null : finding.pass().toString());
    json.field("btree", finding.btree() < 0 ? null : BtreeId.nameOf(finding.btree()));
    if (finding.btree() < 0) {
      json.nothing("level");
    } else {
      json.field("level", finding.level());
    }
    json.field("position", finding.pos() == null ? null : finding.pos().toString());
    json.field("device", finding.device());
    if (finding.offset() < 0) {
      json.nothing("offset");
    } else {
      json.field("offset", finding.offset());
    }
    json.field("note", finding.note()).field("what", finding.what());
    json.field("expected", finding.expected()).field("found", finding.found());
    json.beginArray("paths");
    item.paths().forEach(path -> json.beginObject().name("path", path).endObject());
    json.endArray().endObject();
  }

  private String severity(String name) {
    return meaning(name)
        .map(meaning -> meaning.severity().name().toLowerCase(Locale.ROOT))
        .orElse(null);
  }

  /** How many findings there were, and in which files. */
  void totals(JsonWriter json) {
    json.field("problems", summary.findings()).field("notes", summary.notes());
    json.beginArray("files");
    listener
        .damagedPaths()
        .forEach((path, names) -> {
          json.beginObject().name("path", path).beginArray("errors");
          names.forEach(json::value);
          json.endArray().endObject();
        });
    json.endArray();
    json.beginArray("counts");
    for (String name : names()) {
      long count = summary.counts().get(name);
      json.beginObject().field("error", name).field("count", count);
      json.field("omitted", count - listener.shown(name));
      json.field("severity", severity(name));
      json.field("meaning", meaning(name).map(ErrorMeaning::sentence).orElse(null));
      json.endObject();
    }
    json.endArray();
    json.beginArray("passes");
    summary
        .nanoseconds()
        .forEach((pass, nanoseconds) ->
            json.beginObject()
                .field("pass", pass.toString())
                .field("milliseconds", nanoseconds / 1_000_000)
                .endObject());
    json.endArray();
  }
}
