// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.recovery.OpenOptions.Degraded;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.ReplicasSection;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MemberState;

/**
 * Whether a filesystem may be opened without the members that are missing. Source: {@code
 * bch2_fs_may_start}.
 */
final class DegradedRules {
  private final DeviceSet devices;
  private final ReplicasSection replicas;

  DegradedRules(DeviceSet devices) {
    this.devices = devices;
    this.replicas = devices.superblock().replicas();
  }

  /**
   * Applies a policy.
   *
   * @throws RefusedException "insufficient_devices", naming what is missing
   */
  void check(Degraded policy) {
    switch (policy) {
      case VERY -> {}
      case YES -> requireReadable();
      case ASK, NO -> requireAll();
    }
  }

  private void requireAll() {
    List<String> missing = new ArrayList<>();
    for (Member member : devices.superblock().members()) {
      if (member.exists() && devices.device(member.index()) == null && needed(member)) {
        missing.add(describe(member));
      }
    }
    if (!missing.isEmpty()) {
      throw refused(
          "missing " + String.join(", ", missing) + "; degraded=yes opens it without them");
    }
  }

  /** A member that was being emptied, and is empty, is not missed. */
  private boolean needed(Member member) {
    return member.state() != MemberState.EVACUATING || replicas.dataOn(member.index()) != 0;
  }

  private static String describe(Member member) {
    String name = member.deviceName().isEmpty() ? "" : ", last seen as " + member.deviceName();
    return "device " + member.index() + " (" + member.uuid() + name + ")";
  }

  private void requireReadable() {
    for (ReplicasSection.Entry entry : replicas.entries()) {
      if (!readable(entry)) {
        DataType type = DataType.of(entry.dataType());
        throw refused(
            "data of type "
                + (type == null ? "number " + entry.dataType() : type)
                + " lies only on devices "
                + entry.devices()
                + ", too many of which are missing; degraded=very opens it without that data");
      }
    }
  }

  private boolean readable(ReplicasSection.Entry entry) {
    if (entry.dataType() == DataType.CACHED.number()) {
      return true;
    }
    long none = entry.devices().stream().filter(device -> device == Member.NO_DEVICE).count();
    long here = entry.devices().stream().filter(device -> devices.device(device) != null).count();
    return none == entry.devices().size() || here >= entry.required();
  }

  private RefusedException refused(String what) {
    Place place = Place.structure("filesystem " + devices.superblock().userUuid());
    return new RefusedException("insufficient_devices", place, what);
  }
}
