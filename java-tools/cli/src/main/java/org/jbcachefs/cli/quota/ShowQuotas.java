// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.quota;

import java.time.Instant;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.engine.fs.write.QuotaCounter;
import org.jbcachefs.engine.fs.write.QuotaType;
import org.jbcachefs.engine.fs.write.Quotas;
import picocli.CommandLine.Command;

/** {@code quota show}. */
@Command(
    name = "show",
    description = {
      "Shows what users, groups and projects have on a mounted filesystem, and may have: space in"
          + " KiB, files, soft and hard limits (0: none), and when a grace time ends."
    })
public final class ShowQuotas extends QuotaCommand {
  private static final int WIDTH = 13;

  /** Two sectors are a KiB. */
  private static final int KIB_SHIFT = 1;

  private static final int SECTOR_SHIFT = 9;

  @Override
  public boolean needsWriteBack() {
    return true;
  }

  @Override
  int run(Invocation invocation, MountedChanges changes) {
    Quotas quotas = changes.tree().quotas();
    if (invocation.out().isJson()) {
      JsonWriter json = invocation.out().data().beginArray();
      for (QuotaType type : QuotaType.values()) {
        if (quotas.isOn(type)) {
          quotas.report(type).forEach(report -> json(json, type, report));
        }
      }
      json.endArray();
      return ExitCode.DONE;
    }
    TextWriter out = invocation.out().text();
    if (!quotas.areOn()) {
      out.println("no account is kept: mount with -o usrquota, grpquota or prjquota");
    }
    for (QuotaType type : QuotaType.values()) {
      if (quotas.isOn(type)) {
        table(out, type, quotas);
      }
    }
    return ExitCode.DONE;
  }

  private static void table(TextWriter out, QuotaType type, Quotas quotas) {
    out.left(type.toString(), WIDTH);
    for (String head : new String[] {"KiB", "soft", "hard", "files", "soft", "hard"}) {
      out.right(head, WIDTH);
    }
    out.println("  grace");
    for (Quotas.Report report : quotas.report(type)) {
      out.left(Integer.toUnsignedString(report.id()), WIDTH);
      StringBuilder grace = new StringBuilder();
      for (Quotas.Counted counted : report.limits()) {
        int shift = counted.counter() == QuotaCounter.SPACE ? KIB_SHIFT : 0;
        out.right(Long.toString(counted.used() >>> shift), WIDTH);
        out.right(Long.toString(counted.soft() >>> shift), WIDTH);
        out.right(Long.toString(counted.hard() >>> shift), WIDTH);
        if (counted.graceEnds() != 0) {
          grace.append("  ").append(counted.counter()).append(' ');
          grace.append(Instant.ofEpochSecond(counted.graceEnds()));
        }
      }
      out.println(grace.toString());
    }
  }

  private static void json(JsonWriter json, QuotaType type, Quotas.Report report) {
    json.beginObject();
    json.field("type", type.toString()).field("id", Integer.toUnsignedLong(report.id()));
    for (Quotas.Counted counted : report.limits()) {
      boolean space = counted.counter() == QuotaCounter.SPACE;
      int shift = space ? SECTOR_SHIFT : 0;
      String what = space ? "space" : "inodes";
      String unit = space ? "_bytes" : "";
      json.field(what + "_used" + unit, counted.used() << shift);
      json.field(what + "_soft" + unit, counted.soft() << shift);
      json.field(what + "_hard" + unit, counted.hard() << shift);
      if (counted.graceEnds() == 0) {
        json.nothing(what + "_grace_ends");
      } else {
        json.field(what + "_grace_ends", counted.graceEnds());
      }
    }
    json.endObject();
  }
}
