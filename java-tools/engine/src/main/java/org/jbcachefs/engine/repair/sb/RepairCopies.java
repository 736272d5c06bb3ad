// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.sb;

import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.SuperblockRecovery;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FsckError;

/**
 * Copies of a member's superblock, and the sector with its layout, where another copy is good. They
 * are notes and no findings, since whoever mounts writes the copies anew; but without the first
 * copy and the layout no kernel finds the others.
 *
 * <p>Each member gets the superblock that it has, to the byte. That needs no filesystem that is
 * open, so this stands beside the table of repairs.
 */
public final class RepairCopies implements Repair {
  private final DeviceSet devices;

  /**
   * @param devices of a filesystem that nobody has open
   */
  public RepairCopies(DeviceSet devices) {
    this.devices = devices;
  }

  /** Whether it can do something about a finding: a note about a member that has its full size. */
  public boolean concerns(CheckFinding finding) {
    return finding.note() && members().anyMatch(index -> isAbout(finding, index));
  }

  private IntStream members() {
    return IntStream.range(0, devices.size())
        .filter(index -> devices.device(index) != null && devices.superblockOf(index) != null);
  }

  private boolean isAbout(CheckFinding finding, int index) {
    BlockDevice device = devices.device(index);
    return device.name().equals(finding.device())
        && SuperblockRecovery.fits(device, devices.superblockOf(index).layout());
  }

  /** Writes those members' superblocks; a place that cannot be written to stays as it is. */
  public void mend(List<CheckFinding> notes) {
    members()
        .filter(index -> notes.stream().anyMatch(note -> isAbout(note, index)))
        .forEach(index -> write(devices.device(index), devices.superblockOf(index)));
  }

  private static void write(BlockDevice device, Superblock superblock) {
    try {
      SuperblockRecovery.write(device, superblock);
    } catch (DeviceException _) {
      // The next check notes it again.
    }
  }

  @Override
  public Set<FsckError> errors() {
    return Set.of();
  }

  @Override
  public RepairStage stage() {
    return RepairStage.SUPERBLOCK;
  }

  @Override
  public String what(FsckError error) {
    return "write the copies of the superblock and its layout anew";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    // They are written already.
  }
}
