// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.damage;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.engine.damage.FileDamage;
import org.jbcachefs.format.sb.ErrorsSection;
import org.jbcachefs.format.sb.ErrorsV2Section;
import org.jbcachefs.format.sb.Section;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FsckError;

/** Shows which files are hurt, what else is, and what the filesystem noted down itself. */
final class DamageView {
  private final List<FileDamage> files;
  private final Map<String, Long> elsewhere;
  private final List<Noted> noted;

  /** An error in the superblock's list: how often, and when last, in seconds since 1970. */
  private record Noted(String error, long count, long last) {}

  DamageView(List<FileDamage> files, Map<String, Long> elsewhere, Superblock superblock) {
    this.files = files;
    this.elsewhere = elsewhere;
    this.noted = noted(superblock);
  }

  boolean isDamage() {
    return !files.isEmpty() || !elsewhere.isEmpty();
  }

  private static List<Noted> noted(Superblock superblock) {
    List<Noted> noted = new ArrayList<>();
    for (SectionType type : new SectionType[] {SectionType.ERRORS, SectionType.ERRORS_V2}) {
      Section section = superblock.section(type).map(superblock::decode).orElse(null);
      switch (section) {
        case ErrorsSection errors ->
            errors
                .entries()
                .forEach(entry -> noted.add(of(entry.id(), entry.count(), entry.lastTime())));
        case ErrorsV2Section errors ->
            errors
                .entries()
                .forEach(entry -> noted.add(of(entry.id(), entry.count(), entry.lastTime())));
        case null, default -> {}
      }
    }
    return noted;
  }

  private static Noted of(int error, long count, long last) {
    return new Noted(FsckError.nameOf(error), count, last);
  }

  void write(Output out) {
    if (out.form() == Output.Form.JSON_LINES) {
      files.forEach(file -> out.item(json -> json(json, file)));
      out.item(json -> {
        json.beginObject();
        rest(json);
        json.endObject();
      });
    } else if (out.isJson()) {
      JsonWriter json = out.data().beginObject().beginArray("files");
      files.forEach(file -> json(json, file));
      json.endArray();
      rest(json);
      json.endObject();
    } else {
      text(out.text());
    }
  }

  private void text(TextWriter text) {
    for (FileDamage file : files) {
      text.name(file.path()).println();
      file.lost()
          .forEach(range -> text.println("  lost: bytes " + range.from() + " to " + range.to()));
      if (file.damagedCopies() > 0) {
        text.println("  damaged copies with a good one left: " + file.damagedCopies());
      }
      if (!file.errors().isEmpty()) {
        text.println("  errors: " + String.join(", ", file.errors()));
      }
      for (FileDamage.Recorded each : file.recorded()) {
        Instant last = Instant.ofEpochSecond(each.last());
        text.println("  on record: " + each.error() + ": " + each.count() + ", last " + last);
      }
    }
    if (!elsewhere.isEmpty()) {
      text.println("in what belongs to no known file:");
      elsewhere.forEach((error, count) -> text.println("  " + error + ": " + count));
    }
    if (!noted.isEmpty()) {
      text.println("noted by the filesystem before:");
      for (Noted each : noted) {
        Instant last = Instant.ofEpochSecond(each.last);
        text.println("  " + each.error + ": " + each.count + ", last " + last);
      }
    }
    text.println(isDamage() ? files.size() + " damaged files" : "nothing is damaged");
  }

  private static void json(JsonWriter json, FileDamage file) {
    json.beginObject().name("path", file.path()).beginArray("lost");
    file.lost()
        .forEach(range ->
            json.beginObject().field("from", range.from()).field("to", range.to()).endObject());
    json.endArray().field("damaged_copies", file.damagedCopies()).beginArray("errors");
    file.errors().forEach(json::value);
    json.endArray().beginArray("recorded");
    for (FileDamage.Recorded each : file.recorded()) {
      json.beginObject().field("error", each.error()).field("count", each.count());
      json.field("first_time", each.first()).field("last_time", each.last()).endObject();
    }
    json.endArray().endObject();
  }

  private void rest(JsonWriter json) {
    json.beginArray("elsewhere");
    elsewhere.forEach((error, count) ->
        json.beginObject().field("error", error).field("count", count).endObject());
    json.endArray().beginArray("noted");
    for (Noted each : noted) {
      json.beginObject().field("error", each.error).field("count", each.count);
      json.field("last_time", each.last).endObject();
    }
    json.endArray();
  }
}
