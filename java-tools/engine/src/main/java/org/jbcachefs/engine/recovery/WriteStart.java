// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.journal.JournalCopy;
import org.jbcachefs.engine.journal.JournalEntry;
import org.jbcachefs.engine.journal.JournalIndex;
import org.jbcachefs.engine.journal.JournalReplay;
import org.jbcachefs.engine.journal.SeqBlacklist;
import org.jbcachefs.engine.journal.write.DeviceJournal;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.sb.JournalBuckets;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MemberState;

/**
 * Where the journal goes on when a filesystem is opened for writing.
 *
 * @param newestSeq the highest sequence number that must not be used again
 * @param durableSeq the newest flush entry
 * @param neededSeq the oldest entry that is needed
 * @param keyVersion the highest key version that may have been used
 * @param readClock sectors read
 * @param writeClock sectors written
 * @param blacklist sequence numbers that count no more
 * @param devices the members' rings
 */
record WriteStart(
    long newestSeq,
    long durableSeq,
    long neededSeq,
    long keyVersion,
    long readClock,
    long writeClock,
    SeqBlacklist blacklist,
    List<DeviceJournal> devices) {
  /** Versions that may have been used and not journalled before a crash. */
  private static final long KEY_VERSIONS_SKIPPED = 1 << 16;

  /** Of a filesystem that has no journal entry yet. */
  static WriteStart ofNew(DeviceSet devices) {
    return new WriteStart(
        0, 0, 0, 0, 0, 0, SeqBlacklist.EMPTY, rings(devices, new JournalIndexes(devices.size())));
  }

  /** After a clean end: nothing in the journal is needed. */
  static WriteStart ofClean(DeviceSet devices, JournalReplay replay) {
    return new WriteStart(
        replay.lastSeq(),
        replay.lastSeq(),
        replay.lastSeq(),
        replay.keyVersion(),
        replay.readClock(),
        replay.writeClock(),
        replay.blacklist(),
        rings(devices, new JournalIndexes(devices.size())));
  }

  /**
   * After a crash.
   *
   * @param index all entries that are in the journal
   */
  static WriteStart ofUnclean(DeviceSet devices, JournalReplay replay, JournalIndex index) {
    JournalIndexes found = new JournalIndexes(devices.size());
    for (JournalEntry entry : index.entries()) {
      entry.copies().stream().filter(JournalCopy::good).forEach(found::add);
    }
    return new WriteStart(
        replay.newestSeq() + SeqBlacklist.SKIPPED,
        replay.lastSeq(),
        replay.firstSeq(),
        replay.keyVersion() + KEY_VERSIONS_SKIPPED,
        replay.readClock(),
        replay.writeClock(),
        replay.blacklist(),
        rings(devices, found));
  }

  /** The good copies of entries, by device. */
  private static final class JournalIndexes {
    private final List<List<JournalCopy>> copies = new ArrayList<>();

    JournalIndexes(int devices) {
      for (int i = 0; i < devices; i++) {
        copies.add(new ArrayList<>());
      }
    }

    void add(JournalCopy copy) {
      copies.get(copy.device().index()).add(copy);
    }
  }

  private static List<DeviceJournal> rings(DeviceSet devices, JournalIndexes found) {
    List<DeviceJournal> rings = new ArrayList<>();
    for (int index = 0; index < devices.size(); index++) {
      Member member = devices.member(index);
      boolean usable =
          member != null
              && devices.device(index) != null
              && member.state() == MemberState.RW
              && (member.dataAllowed() >>> DataType.JOURNAL.number() & 1) != 0;
      if (usable && devices.superblockOf(index).journalBuckets().size() > 0) {
        rings.add(ring(devices, member, found.copies.get(index)));
      }
    }
    return rings;
  }

  private static DeviceJournal ring(DeviceSet devices, Member member, List<JournalCopy> copies) {
    JournalBuckets buckets = devices.superblockOf(member.index()).journalBuckets();
    long[] newest = new long[buckets.size()];
    int current = Math.floorMod(member.lastJournalBucket(), buckets.size());
    int used = member.bucketSectors();
    long newestOfAll = 0;
    int blockBytes = devices.superblock().blockBytes();
    for (JournalCopy copy : copies) {
      int bucket = copy.bucket();
      if (Long.compareUnsigned(copy.seq(), newest[bucket]) > 0) {
        newest[bucket] = copy.seq();
      }
      if (Long.compareUnsigned(copy.seq(), newestOfAll) > 0) {
        newestOfAll = copy.seq();
        current = bucket;
        long padded = Math.ceilDiv(copy.bytes(), blockBytes) * blockBytes;
        used = (int) (copy.bucketSector() + (padded >> 9));
      }
    }
    return new DeviceJournal(
        member.index(), member.bucketSectors(), buckets.buckets(), newest, current, used);
  }
}
