// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.sb;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.sb.DiskGroupsSection;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.ReplicasSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.tables.DataType;

/**
 * What sections promise and whoever reads one of them does not see: there is one of each kind,
 * labels form trees, and no set of devices is listed twice. Sections that are wrong by themselves
 * are no superblock's: those are refused before.
 */
final class SectionRules {
  private final CheckContext context;

  SectionRules(CheckContext context) {
    this.context = context;
  }

  void check() {
    Set<Integer> seen = new HashSet<>();
    for (RawSection section : context.superblock().sections()) {
      SectionType type = SectionType.of(section.type());
      if (type != null && !seen.add(section.type())) {
        report(type, "there is another section of that kind before, so that nobody reads this one");
      }
    }
    replicas(context.superblock().replicas());
    List<DiskGroupsSection.Label> labels = context.superblock().diskGroups().labels();
    for (int index = 0; index < labels.size(); index++) {
      if (!labels.get(index).deleted()) {
        label(labels, index);
      }
    }
  }

  /** In whatever order an entry names its devices. */
  private void replicas(ReplicasSection section) {
    Set<ReplicasSection.Entry> seen = new HashSet<>();
    for (ReplicasSection.Entry entry : section.entries()) {
      List<Integer> devices = entry.devices().stream().sorted().toList();
      if (!seen.add(new ReplicasSection.Entry(entry.dataType(), entry.required(), devices))) {
        report(
            SectionType.of(section.type()),
            "it has two entries for "
                + DataType.nameOf(entry.dataType())
                + " on devices "
                + devices);
      }
    }
  }

  /** Every label leads to the top, over labels that exist. */
  private void label(List<DiskGroupsSection.Label> labels, int index) {
    String name = "label " + index + ", " + labels.get(index).name();
    int at = labels.get(index).parent();
    for (int steps = 0; at >= 0; at = labels.get(at).parent(), steps++) {
      if (at >= labels.size() || labels.get(at).deleted()) {
        report(SectionType.DISK_GROUPS, name + ", is below label " + at + ", which there is not");
        return;
      }
      if (steps == labels.size()) {
        report(SectionType.DISK_GROUPS, name + ", is below itself");
        return;
      }
    }
  }

  private void report(SectionType type, String what) {
    String name = "invalid_sb_" + type.name().toLowerCase(Locale.ROOT);
    context.report(CheckFinding.of(new Finding(name, context.superblock().place(), what)));
  }
}
