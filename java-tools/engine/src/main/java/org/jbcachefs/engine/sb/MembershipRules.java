// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.util.Set;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * Whether a device that has a superblock of its own is a member of the filesystem that the newest
 * superblock describes. Source: {@code bch2_dev_in_fs}.
 */
final class MembershipRules {
  private static final String OTHER_FILESYSTEM = "device_not_a_member_of_filesystem";
  private static final String BLOCK_SIZE = "mismatched_block_size";

  /** What can only be a mistake of whoever named the devices. */
  private static final Set<String> CONCERN_ALL = Set.of(OTHER_FILESYSTEM, BLOCK_SIZE);

  private final Superblock newest;

  MembershipRules(Superblock newest) {
    this.newest = newest;
  }

  /** Whether nothing can be opened at all because of it. */
  boolean concernsAll(RefusedException refusal) {
    return CONCERN_ALL.contains(refusal.reason());
  }

  /** Refuses by name what must not be used as a member. */
  void check(Superblock own) {
    if (own == newest) {
      return;
    }
    if (!own.internalUuid().equals(newest.internalUuid())) {
      throw refused(
          own,
          OTHER_FILESYSTEM,
          "a member of filesystem " + own.userUuid() + ", not of " + newest.userUuid());
    }
    int index = own.deviceIndex();
    if (index >= newest.members().size() || !isSame(newest.members().get(index), own)) {
      throw refused(
          own,
          "device_has_been_removed",
          "was device " + index + " of the filesystem, but has been removed from it; not used");
    }
    if (own.blockSectors() != newest.blockSectors()) {
      throw refused(
          own,
          BLOCK_SIZE,
          "block size " + own.blockBytes() + ", others have " + newest.blockBytes());
    }
    if (countsWrites(own) && countsWrites(newest)) {
      checkHistory(own, newest.members().get(index));
    }
  }

  /** Whether that member is the device that {@code own} is of: indexes are used again. */
  private static boolean isSame(Member asKnown, Superblock own) {
    Member itself = own.members().get(own.deviceIndex());
    return asKnown.exists() && (!itself.exists() || asKnown.uuid().equals(itself.uuid()));
  }

  private static boolean countsWrites(Superblock superblock) {
    return superblock.version() >= MetadataVersion.MEMBER_SEQ.number();
  }

  private void checkHistory(Superblock own, Member asKnown) {
    if (own.seq() == newest.seq() && own.writeTime() != newest.writeTime()) {
      throw refused(
          own,
          "device_splitbrain",
          "split brain: it was written on apart from "
              + newest.place().device()
              + " (both have sequence number "
              + Long.toUnsignedString(own.seq())
              + ", written at different times); not used");
    }
    if (asKnown.seq() != 0 && Long.compareUnsigned(asKnown.seq(), own.seq()) < 0) {
      throw refused(
          own,
          "device_splitbrain",
          "split brain: it was written on without the others (it has sequence number "
              + Long.toUnsignedString(own.seq())
              + ", "
              + newest.place().device()
              + " knows of "
              + Long.toUnsignedString(asKnown.seq())
              + "); not used");
    }
  }

  private static RefusedException refused(Superblock own, String reason, String what) {
    return new RefusedException(reason, own.place(), what);
  }
}
