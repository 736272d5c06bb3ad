// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.engine.sb.version.VersionRow;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;

/** What an upgrade or downgrade takes, as text. Immutable. */
final class VersionPlanText {
  private static final int VALUE_COLUMN = 43;

  private final VersionPlan plan;

  VersionPlanText(VersionPlan plan) {
    this.plan = plan;
  }

  String text() {
    FieldLines out = new FieldLines(VALUE_COLUMN);
    appendChange(out);
    if (plan.direction() != VersionPlan.Direction.NONE) {
      out.field("Recovery passes:", passes(plan.passes()));
      if (plan.alreadyRequired() != 0) {
        out.field("Already asked for by the superblock:", passes(plan.alreadyRequired()));
      }
      out.field("Errors repaired in silence:", errors(plan.errors()));
    }
    appendAllowed(out);
    appendRows(out, "Because of:", plan.rows());
    appendNotUndone(out);
    appendRows(out, "Going back below a version takes:", plan.goingBack());
    return out.toString();
  }

  private void appendChange(FieldLines out) {
    out.field("Policy:", plan.policy());
    String versions = version(plan.from()) + " to " + version(plan.to());
    switch (plan.direction()) {
      case UPGRADE ->
          out.field("Upgrade:", versions + (plan.required() ? ", required by any mount" : ""));
      case DOWNGRADE -> out.field("Downgrade:", versions);
      case NONE -> out.field("Upgrade:", "none, stays " + version(plan.from()));
    }
    if (plan.unfinished()) {
      out.line("The last upgrade was not finished and is done again.");
    }
    if (plan.refused()) {
      out.line(
          "Refused: incompatible features of "
              + version(plan.incompatibleInUse())
              + " are in use, which that version does not know.");
    }
  }

  private void appendAllowed(FieldLines out) {
    String before = version(plan.allowedBefore());
    String after = version(plan.allowedAfter());
    out.field(
        "Incompatible features allowed:", before.equals(after) ? before : before + " to " + after);
    for (VersionRow row : plan.whenAllowedWhileMounted()) {
      out.field("If allowed while mounted, also:", passes(row.passes()));
      out.field("Errors repaired in silence then:", errors(row.errors()));
    }
  }

  private static void appendRows(FieldLines out, String heading, List<VersionRow> rows) {
    if (rows.isEmpty()) {
      return;
    }
    out.line("").line(heading).indent(2);
    for (VersionRow row : rows) {
      out.field("version:", version(row.version()));
      out.field("recovery passes:", passes(row.passes()));
      out.field("errors:", errors(row.errors()));
    }
    out.indent(-2);
  }

  private void appendNotUndone(FieldLines out) {
    out.line("").line("What cannot be undone:").indent(2);
    if (plan.incompatibleInUse() != 0) {
      out.line(
          "Incompatible features of "
              + version(plan.incompatibleInUse())
              + " are in use: older implementations refuse the filesystem.");
    }
    if (plan.crossesMajor()) {
      out.line("The major version changes: no older implementation reads the filesystem then.");
    }
    if (plan.allowedAfter() > plan.allowedBefore()) {
      out.line(
          "Incompatible features up to "
              + version(plan.allowedAfter())
              + " may then be used: implementations older than one that is used refuse the"
              + " filesystem.");
    }
    if (!plan.newFeatures().isEmpty()) {
      out.line("New feature bits are set: " + names(plan.newFeatures()));
    }
    out.line(
        "Implementations that do not know one of these feature bits refuse the filesystem: "
            + names(plan.features()));
    out.indent(-2);
  }

  /** Unlike a superblock's own text this names the versions that are only read. */
  private static String version(int number) {
    return number == 0 ? "none" : MetadataVersion.describe(number);
  }

  private static String passes(long bits) {
    return bits == 0 ? "none" : names(RecoveryPass.inWord(bits));
  }

  private static String errors(List<Integer> numbers) {
    return numbers.isEmpty() ? "none" : names(numbers.stream().map(FsckError::nameOf).toList());
  }

  private static String names(Collection<?> values) {
    return values.stream().map(String::valueOf).collect(Collectors.joining(","));
  }
}
