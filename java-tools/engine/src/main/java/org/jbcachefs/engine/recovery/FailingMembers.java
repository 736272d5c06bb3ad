// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jbcachefs.engine.journal.write.Journal;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.EffectiveOptions;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MemberState;

/**
 * What becomes of devices that fail while a filesystem is being written to: what failed is counted
 * in the superblock, and a device that has taken no write for {@code write_error_timeout} seconds
 * is made read-only, if the others can do without it. Thread-safe. Source: {@code
 * bch2_io_error_work}.
 */
final class FailingMembers {
  /** The superblock is written no more often than that for the sake of counting. */
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private final DeviceSet devices;
  private final SuperblockWriter superblock;
  private final Journal journal;
  private final EffectiveOptions options;
  private final InstantSource clock;
  private final Runnable fewer;
  private final Instant[] since;
  private Instant nextCount = Instant.MIN;

  /**
   * @param fewer called when a device is written to no more
   */
  FailingMembers(
      DeviceSet devices,
      SuperblockWriter superblock,
      Journal journal,
      EffectiveOptions options,
      InstantSource clock,
      Runnable fewer) {
    this.devices = devices;
    this.superblock = superblock;
    this.journal = journal;
    this.options = options;
    this.clock = clock;
    this.fewer = fewer;
    this.since = new Instant[devices.size()];
  }

  /**
   * Looks at all members; to be called every second or so.
   *
   * @throws DeviceException if one that cannot be done without has failed for too long
   */
  synchronized void judge() {
    Instant now = clock.instant();
    for (int index = 0; index < since.length; index++) {
      if (!devices.health().isFailing(index) || devices.health().isStopped(index)) {
        since[index] = null;
      } else if (since[index] == null) {
        since[index] = now;
      } else {
        long seconds = timeout();
        if (!now.isBefore(since[index].plusSeconds(seconds))) {
          stop(index, "no write has succeeded for " + seconds + " seconds");
        }
      }
    }
    if (devices.health().anyErrors() && !now.isBefore(nextCount)) {
      nextCount = now.plus(PAUSE);
      // It goes to failing devices too, and so finds out whether they take writes again.
      superblock.update(_ -> {});
    }
  }

  /** Superblocks from before the option do not say. */
  private long timeout() {
    long seconds = options.value(FilesystemOption.WRITE_ERROR_TIMEOUT);
    return seconds != 0 ? seconds : FilesystemOption.WRITE_ERROR_TIMEOUT.defaultValue();
  }

  /**
   * Makes a device read-only: nothing is written to it any more, and the superblock says so. Does
   * nothing if that has happened already.
   *
   * @param why as a sentence without its end
   * @throws DeviceException if the filesystem cannot be written to without it
   */
  synchronized void stop(int index, String why) {
    Member member = devices.member(index);
    boolean written =
        member != null
            && devices.device(index) != null
            && member.state() == MemberState.RW
            && !devices.health().isStopped(index);
    if (!written) {
      return;
    }
    for (DataType type : new DataType[] {DataType.JOURNAL, DataType.BTREE, DataType.USER}) {
      if (!isPossibleWithout(index, type)) {
        throw new DeviceException(
            Place.device(devices.name(index), -1),
            why + ", and no other device takes " + type.toString());
      }
    }
    devices.health().stop(index, why);
    journal.leave(index);
    superblock.update(
        editor -> superblock.member(editor, index, change -> change.state(MemberState.RO)));
    fewer.run();
  }

  private boolean isPossibleWithout(int without, DataType type) {
    for (int index = 0; index < devices.size(); index++) {
      Member member = devices.member(index);
      boolean usable =
          index != without
              && member != null
              && devices.device(index) != null
              && member.state() == MemberState.RW
              && !devices.health().isStopped(index)
              && member.durability() > 0
              && (member.dataAllowed() >>> type.number() & 1) != 0;
      boolean journalled =
          type != DataType.JOURNAL
              || (usable && devices.superblockOf(index).journalBuckets().size() > 0);
      if (usable && journalled) {
        return true;
      }
    }
    return false;
  }
}
