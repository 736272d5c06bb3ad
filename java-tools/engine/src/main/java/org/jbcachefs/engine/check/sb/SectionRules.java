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
import org.jbcachefs.format.sb.SectionType;

/**
 * What sections promise of each other and whoever reads one of them does not see: there is one of
 * each kind, and labels form trees. Sections that are wrong by themselves are no superblock's:
 * those are refused before.
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
    List<DiskGroupsSection.Label> labels = context.superblock().diskGroups().labels();
    for (int index = 0; index < labels.size(); index++) {
      if (!labels.get(index).deleted()) {
        label(labels, index);
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
