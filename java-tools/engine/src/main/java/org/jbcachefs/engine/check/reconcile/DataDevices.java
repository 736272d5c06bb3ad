// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.reconcile;

import java.util.function.IntPredicate;
import org.jbcachefs.engine.sb.TargetMembers;
import org.jbcachefs.format.sb.DiskGroupsSection;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.Target;

/**
 * What background work needs to know of the members, as the superblock describes them, present or
 * not. Thread-safe.
 */
public final class DataDevices {
  private final Member[] members;

  /** Devices by label; null for a label that is gone. */
  private final boolean[][] labels;

  public DataDevices(Superblock superblock) {
    members = superblock.members().toArray(Member[]::new);
    labels =
        superblock.diskGroups().labels().stream()
            .map(label -> new boolean[members.length])
            .toArray(boolean[][]::new);
    for (int label = 0; label < labels.length; label++) {
      fill(superblock, label);
    }
  }

  private void fill(Superblock superblock, int index) {
    DiskGroupsSection.Label label = superblock.diskGroups().labels().get(index);
    if (label.deleted()) {
      labels[index] = null;
      return;
    }
    IntPredicate isBelow =
        TargetMembers.of(superblock, new Target(Target.Kind.LABEL, index).number());
    for (Member member : members) {
      labels[index][member.index()] = member.exists() && isBelow.test(member.index());
    }
  }

  /** Whether there is such a member, present or not. */
  public boolean exists(int device) {
    return device < members.length && members[device].exists();
  }

  private boolean[] label(int index) {
    return index < labels.length ? labels[index] : null;
  }

  /** Whether a run of sectors lies in one of a member's buckets. */
  public boolean holds(int device, long sector, long sectors) {
    if (!exists(device)) {
      return false;
    }
    Member member = members[device];
    long bucket = sector / member.bucketSectors();
    return bucket >= member.firstBucket()
        && bucket < member.nbuckets()
        && (sector + sectors - 1) / member.bucketSectors() == bucket;
  }

  /** Whether data has to leave it, or it is gone. Source: {@code bch2_dev_bad_or_evacuating}. */
  public boolean isLeaving(int device) {
    return !exists(device) || members[device].state() == MemberState.EVACUATING;
  }

  /** How many replicas a copy on it counts for; 0 if there is no such device. */
  public int durability(int device) {
    return exists(device) ? members[device].durability() : 0;
  }

  /**
   * Whether a device belongs to a target; to no target that names nothing. Source: {@code
   * bch2_dev_in_target_rcu}.
   */
  public boolean isIn(int device, int target) {
    Target named = Target.of(target);
    return device != Member.NO_DEVICE
        && switch (named.kind()) {
          case NONE -> false;
          case DEVICE -> named.index() == device;
          case LABEL -> {
            boolean[] devices = label(named.index());
            yield devices != null && device < devices.length && devices[device];
          }
        };
  }

  /**
   * Devices that could hold a block of a stripe. Source: {@code bch2_disk_label_ec_rw_member_devs}.
   *
   * @param diskLabel index + 1 of their label; 0, or a label that is gone, for any
   * @param bucketSectors size of their buckets
   */
  public int forStripes(int diskLabel, int bucketSectors) {
    boolean[] devices = diskLabel == 0 ? null : label(diskLabel - 1);
    int count = 0;
    for (Member member : members) {
      boolean fits =
          member.exists()
              && (devices == null || devices[member.index()])
              && member.state() == MemberState.RW
              && (member.dataAllowed() >>> DataType.USER.number() & 1) != 0
              && member.durability() != 0
              && member.bucketSectors() == bucketSectors;
      count += fits ? 1 : 0;
    }
    return count;
  }
}
