// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.util.List;
import java.util.function.IntPredicate;
import org.jbcachefs.format.sb.DiskGroupsSection;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.Target;

/** The members that a target names: one device, or all whose label is that one or below it. */
public final class TargetMembers {
  private TargetMembers() {}

  /**
   * Whether a member, by its index, belongs to a target.
   *
   * @param target as options keep it; 0 names all members
   */
  public static IntPredicate of(Superblock superblock, int target) {
    Target decoded = Target.of(target);
    return switch (decoded.kind()) {
      case NONE -> _ -> true;
      case DEVICE -> index -> index == decoded.index();
      case LABEL -> index -> isBelow(superblock, index, decoded.index());
    };
  }

  private static boolean isBelow(Superblock superblock, int index, int wanted) {
    List<Member> members = superblock.members();
    List<DiskGroupsSection.Label> labels = superblock.diskGroups().labels();
    int label = index < members.size() ? members.get(index).label() : -1;
    // No path is longer than there are labels, unless it is a loop.
    for (int steps = 0; label >= 0 && label < labels.size() && steps < labels.size(); steps++) {
      if (label == wanted) {
        return true;
      }
      label = labels.get(label).parent();
    }
    return false;
  }
}
