// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import java.time.InstantSource;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.check.CheckPasses;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;

/** That a filesystem has to be checked before it is used: passes that its superblock asks for. */
final class RepairMark {
  private final SuperblockWriter superblock;

  RepairMark(SuperblockWriter superblock) {
    this.superblock = superblock;
  }

  /** Of a filesystem that nobody has open. */
  static RepairMark of(List<BlockDevice> devices, InstantSource clock) {
    return new RepairMark(new SuperblockWriter(DeviceSetAssembly.assemble(devices), clock));
  }

  /** The passes that it asks for, by bit. */
  long required() {
    return superblock.current().ext().map(ExtSection::recoveryPassesRequired).orElse(0L);
  }

  /** Asks for all passes. */
  void set() {
    long all = 0;
    for (RecoveryPass pass : CheckPasses.known()) {
      if (pass.is(RecoveryPass.Flags.FSCK)) {
        all |= 1L << pass.number();
      }
    }
    long wanted = all | required();
    if (wanted != required()) {
      superblock.update(editor -> editor.recoveryPassesRequired(wanted));
    }
  }

  /** Asks for those and no others. */
  void restore(long passes) {
    if (passes != required()) {
      superblock.update(editor -> editor.recoveryPassesRequired(passes));
    }
  }

  /** Asks for none: nothing is wrong. */
  void clear() {
    Superblock now = superblock.current();
    boolean errors =
        now.isSet(SuperblockFlag.HAS_ERRORS) || now.isSet(SuperblockFlag.HAS_TOPOLOGY_ERRORS);
    // Superblocks of other versions follow other rules; whoever upgrades them writes them.
    boolean ours = now.version() == MetadataVersion.writtenAs(now.version());
    if (ours && (required() != 0 || errors)) {
      superblock.update(editor ->
          editor
              .recoveryPassesRequired(0)
              .flag(SuperblockFlag.HAS_ERRORS, 0)
              .flag(SuperblockFlag.HAS_TOPOLOGY_ERRORS, 0));
    }
  }
}
