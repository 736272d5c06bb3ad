// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.sb;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.FsckError;

/**
 * A member that says to have more buckets than its device has room for: it gets as many as there
 * are, if nothing lies in the others. If anything does, the device was cut short, and may be made
 * long again: that is left.
 */
public final class RepairMemberSize implements Repair {
  @Override
  public Set<FsckError> errors() {
    return Set.of();
  }

  @Override
  public Set<String> names() {
    return Set.of("device_size_too_small", "invalid_sb_members");
  }

  @Override
  public RepairStage stage() {
    return RepairStage.SUPERBLOCK;
  }

  @Override
  public String what(FsckError error) {
    return "write how many buckets the device has, if nothing lies beyond its end";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    // It was done before the filesystem was opened.
  }

  /** Does it, on devices of a filesystem that nobody has open. */
  static void mend(SuperblockWriter writer, List<BlockDevice> lent, OpenOptions open) {
    try (ReadFilesystem filesystem = ReadFilesystem.open(lent, open.withFindings(_ -> {}))) {
      for (Member member : filesystem.superblock().members()) {
        BlockDevice device = filesystem.devices().device(member.index());
        if (!member.exists() || device == null || member.bucketSectors() == 0) {
          continue;
        }
        long fits = (device.size() >>> 9) / member.bucketSectors();
        boolean tooMany = Long.compareUnsigned(member.nbuckets(), fits) > 0;
        if (tooMany && fits - member.firstBucket() < Member.MIN_BUCKETS) {
          throw tooFew(member, device, fits);
        }
        if (tooMany && !isUsed(filesystem, member, fits)) {
          writer.update(
              editor -> writer.member(editor, member.index(), changed -> changed.nbuckets(fits)));
        }
      }
    }
  }

  /** No filesystem has so few buckets: all that follows from their size would be wrong. */
  private static RefusedException tooFew(Member member, BlockDevice device, long fits) {
    return new RefusedException(
        "device_size_too_small",
        Place.device(device.name(), -1),
        "its superblock says %d buckets of %d sectors, of which only %d go into its %d bytes: the superblock is wrong (recover-super), or the device was cut short"
            .formatted(member.nbuckets(), member.bucketSectors(), fits, device.size()));
  }

  /** Whether anything points to buckets from that one on, or may do so. */
  private static boolean isUsed(ReadFilesystem filesystem, Member member, long from) {
    long[] journal = filesystem.devices().superblockOf(member.index()).journalBuckets().buckets();
    boolean used = Arrays.stream(journal).anyMatch(bucket -> bucket >= from);
    for (BtreeRoot root : filesystem.journal().roots()) {
      used |= root.key() != null && leadsBeyond(filesystem, root.key(), member, from);
    }
    try {
      for (int btree : filesystem.btrees().present()) {
        boolean data =
            btree == BtreeId.EXTENTS.number()
                || btree == BtreeId.REFLINK.number()
                || btree == BtreeId.STRIPES.number();
        int level = filesystem.btrees().rootLevel(btree);
        for (; !used && level >= (data ? 0 : 1); level--) {
          used = isUsed(filesystem, btree, level, member, from);
        }
      }
    } catch (CorruptionException _) {
      // What cannot be read may lead anywhere.
      return true;
    }
    return used;
  }

  private static boolean isUsed(
      ReadFilesystem filesystem, int btree, int level, Member member, long from) {
    try (KeyIterator keys = filesystem.btrees().iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        if (leadsBeyond(filesystem, keys.key(), member, from)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean leadsBeyond(
      ReadFilesystem filesystem, Bkey key, Member member, long from) {
    return switch (KeyType.of(key.type())) {
      case EXTENT, REFLINK_V, BTREE_PTR, BTREE_PTR_V2 -> {
        ExtentEntrySizes sizes = ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s);
        ExtentEntries entries = new ExtentEntries().of(key, sizes);
        boolean beyond = false;
        while (entries.nextPtr()) {
          beyond |=
              entries.dev() == member.index()
                  && Long.divideUnsigned(entries.sector(), member.bucketSectors()) >= from;
        }
        yield beyond;
      }
      // Where its blocks lie is not looked up.
      case STRIPE -> true;
      case null, default -> false;
    };
  }
}
