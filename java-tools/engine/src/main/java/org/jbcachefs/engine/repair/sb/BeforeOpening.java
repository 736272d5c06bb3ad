// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.sb;

import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.alloc.RepairSpace;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;

/** What of the superblock must be right before a filesystem can be opened to be repaired. */
public final class BeforeOpening {
  private BeforeOpening() {}

  /**
   * Whether that repair begins before the filesystem is open.
   *
   * @param superblock as it is
   */
  public static boolean concerns(Superblock superblock, Repair repair) {
    return repair instanceof RepairOptionValues
        || repair instanceof RepairMemberSize
        || (repair instanceof RepairSpace
            && superblock.members().stream().anyMatch(BeforeOpening::leavesOut));
  }

  /**
   * Mends it, on devices of a filesystem that nobody has open.
   *
   * @param lent the devices; they stay open
   */
  public static void mend(
      SuperblockWriter writer, Repair repair, List<BlockDevice> lent, OpenOptions open) {
    if (repair instanceof RepairOptionValues) {
      RepairOptionValues.mend(writer);
      return;
    }
    if (repair instanceof RepairMemberSize) {
      RepairMemberSize.mend(writer, lent, open);
      return;
    }
    for (Member member : writer.current().members()) {
      if (leavesOut(member)) {
        writer.update(
            editor -> writer.member(editor, member.index(), changed -> changed.firstBucket(0)));
      }
    }
  }

  /** Its superblock lies before what it says to be its first bucket: no such member is made. */
  private static boolean leavesOut(Member member) {
    return member.exists() && member.firstBucket() > 0;
  }
}
