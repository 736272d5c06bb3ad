// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.verify;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.cli.output.Sizes;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.engine.data.Damage;
import org.jbcachefs.engine.data.VerifyListener;
import org.jbcachefs.engine.data.VerifyTotals;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;

/** Shows damage as it is found, and the totals at the end. */
final class DamageReport implements VerifyListener {
  /** JSON is written at the end; beyond that many only their number is kept. */
  private static final int MOST_COLLECTED = 100_000;

  private final Output out;
  private final Progress progress;
  private final List<Damage> collected = new ArrayList<>();
  private long lost;
  private long mended;

  DamageReport(Output out, Progress progress) {
    this.out = out;
    this.progress = progress;
  }

  long damages() {
    return lost + mended;
  }

  @Override
  public void total(long bytes) {
    progress.total(-1, bytes);
  }

  @Override
  public void read(long bytes) {
    progress.did(1, bytes);
  }

  @Override
  public void damage(Damage damage) {
    if (damage.lost()) {
      lost++;
    } else {
      mended++;
    }
    if (out.isJson()) {
      if (collected.size() < MOST_COLLECTED) {
        collected.add(damage);
      }
    } else {
      progress.erase();
      text(out.text(), damage);
      out.text().flush();
    }
  }

  private static void text(TextWriter text, Damage damage) {
    Finding finding = damage.finding();
    text.print(damage.lost() ? "LOST " : "damaged copy ").print(finding.name()).print(": ");
    text.println(finding.sentence());
    for (byte[] path : damage.paths()) {
      text.print("  ").name(path);
      long end = damage.fileOffset() + damage.bytes();
      text.println(damage.fileOffset() < 0 ? "" : ", bytes " + damage.fileOffset() + " to " + end);
    }
  }

  private static void json(JsonWriter json, Damage damage) {
    Finding finding = damage.finding();
    Place place = finding.place();
    json.beginObject().field("lost", damage.lost());
    json.field("error", finding.name()).field("what", finding.what());
    json.field("device", place.device());
    optional(json, "offset", place.offset());
    json.field("structure", place.structure()).field("position", place.position());
    json.field("btree", damage.btree() < 0 ? null : BtreeId.nameOf(damage.btree()));
    optional(json, "level", damage.btree() < 0 ? -1 : damage.level());
    optional(json, "file_offset", damage.fileOffset());
    optional(json, "file_bytes", damage.fileOffset() < 0 ? -1 : damage.bytes());
    json.beginArray("paths");
    damage.paths().forEach(path -> json.beginObject().name("path", path).endObject());
    json.endArray().endObject();
  }

  private static void optional(JsonWriter json, String key, long number) {
    if (number < 0) {
      json.nothing(key);
    } else {
      json.field(key, number);
    }
  }

  /** The last lines, or all of the JSON. */
  void totals(VerifyTotals totals, long milliseconds) {
    if (out.form() == Output.Form.JSON_LINES) {
      collected.forEach(damage -> out.item(json -> json(json, damage)));
      out.item(json -> {
        json.beginObject();
        json(json, totals, milliseconds);
        json.endObject();
      });
      return;
    }
    if (out.isJson()) {
      JsonWriter json = out.data();
      json.beginObject().beginArray("damage");
      collected.forEach(damage -> json(json, damage));
      json.endArray();
      json(json, totals, milliseconds);
      json.endObject();
      return;
    }
    TextWriter text = out.text();
    line(text, "superblocks", totals.superblocks(), -1);
    line(text, "btree nodes", totals.nodes(), totals.nodeBytes());
    line(text, "extents", totals.extents(), totals.extentBytes());
    if (totals.stripeBlocks() > 0) {
      line(text, "stripe pieces", totals.stripeBlocks(), totals.stripeBytes());
    }
    if (totals.uncheckedBytes() > 0) {
      text.println(
          "of these, without checksum: "
              + Sizes.iec(totals.uncheckedBytes())
              + ", known to be readable and no more");
    }
    if (totals.missing() > 0) {
      text.println("copies that no member here has: " + totals.missing());
    }
    if (totals.stale() > 0) {
      text.println("stale cached copies, no damage: " + totals.stale());
    }
    double seconds = Math.max(milliseconds, 1) / 1000.0;
    text.println(
        String.format(Locale.ROOT, "read %s in %.1f s, ", Sizes.iec(totals.bytes()), seconds)
            + Sizes.iec((long) (totals.bytes() / seconds))
            + "/s");
    text.println(
        damages() == 0
            ? "nothing is damaged"
            : "damaged copies with a good one left: " + mended + "; lost: " + lost);
  }

  private static void line(TextWriter text, String what, long count, long bytes) {
    text.print(what + " read: " + count);
    text.println(bytes < 0 ? "" : ", " + Sizes.iec(bytes));
  }

  private void json(JsonWriter json, VerifyTotals totals, long milliseconds) {
    json.field("damage_omitted", damages() - collected.size());
    json.field("damaged_copies", mended).field("lost", lost);
    json.field("superblocks", totals.superblocks());
    json.field("nodes", totals.nodes()).field("node_bytes", totals.nodeBytes());
    json.field("extents", totals.extents()).field("extent_bytes", totals.extentBytes());
    json.field("unchecked_bytes", totals.uncheckedBytes());
    json.field("stripe_pieces", totals.stripeBlocks());
    json.field("stripe_bytes", totals.stripeBytes());
    json.field("missing_copies", totals.missing()).field("stale_copies", totals.stale());
    json.field("bytes_verified", totals.bytes()).field("milliseconds", milliseconds);
  }
}
