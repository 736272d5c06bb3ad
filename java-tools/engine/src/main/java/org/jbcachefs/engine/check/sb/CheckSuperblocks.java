// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.sb;

import java.util.HashSet;
import java.util.Set;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.engine.data.SuperblockCopies;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.DowngradeSection;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Every copy of every superblock; journal buckets and sizes against the member and its device. The
 * format has no error ids for these: names are those of the sections.
 */
public final class CheckSuperblocks implements CheckPass {
  private static final int SECTOR_BYTES = 512;

  @Override
  public RecoveryPass pass() {
    return RecoveryPass.TRANS_MARK_DEV_SBS;
  }

  @Override
  public void run(CheckContext context) {
    DeviceSet devices = context.filesystem().devices();
    SuperblockCopies.check(devices, finding -> context.report(CheckFinding.of(finding)));
    new JournalReplicas(context).check();
    new CleanJournal(context).check();
    new OptionRanges(context).check();
    downgrade(context);
    new SectionRules(context).check();
    for (int index = 0; index < devices.size(); index++) {
      Member member = devices.member(index);
      BlockDevice device = devices.device(index);
      Superblock own = devices.superblockOf(index);
      if (member != null && device != null && own != null) {
        size(context, member, device);
        journal(context, member, device, own);
      }
    }
  }

  /** Kernels refuse a superblock with an entry of another major version, or to write any such. */
  private static void downgrade(CheckContext context) {
    boolean overruns =
        context.superblock().sections().stream()
            .filter(section -> section.type() == SectionType.DOWNGRADE.number())
            .map(context.superblock()::decode)
            .map(DowngradeSection.class::cast)
            .anyMatch(DowngradeSection::isDamaged);
    if (overruns) {
      Place place = context.superblock().place();
      String what =
          "an entry of the downgrade section reaches beyond its end or is of another major version";
      context.report(CheckFinding.of(new Finding("invalid_sb_downgrade", place, what)));
    }
  }

  private static void size(CheckContext context, Member member, BlockDevice device) {
    long needed = member.nbuckets() * member.bucketSectors() * SECTOR_BYTES;
    if (needed > device.size()) {
      report(
          context,
          device,
          "invalid_sb_members",
          member.nbuckets()
              + " buckets need "
              + needed
              + " bytes, the device has "
              + device.size());
    }
  }

  private static void journal(
      CheckContext context, Member member, BlockDevice device, Superblock own) {
    Set<Long> seen = new HashSet<>();
    for (long bucket : own.journalBuckets().buckets()) {
      if (bucket < member.firstBucket() || bucket >= member.nbuckets()) {
        report(
            context,
            device,
            "invalid_sb_journal",
            "journal bucket " + bucket + " is none of the device's buckets");
      } else if (!seen.add(bucket)) {
        report(
            context, device, "invalid_sb_journal", "journal bucket " + bucket + " is named twice");
      }
    }
  }

  private static void report(CheckContext context, BlockDevice device, String name, String what) {
    Place place = Place.device(device.name(), -1).in("superblock of the member");
    context.report(CheckFinding.of(new Finding(name, place, what)));
  }
}
