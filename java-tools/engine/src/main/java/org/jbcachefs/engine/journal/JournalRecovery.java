// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.sb.CleanSection;
import org.jbcachefs.format.sb.JournalBuckets;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.MemberState;

/** Where a filesystem's btrees begin and what they lack, from its superblock and its journal. */
public final class JournalRecovery {
  private JournalRecovery() {}

  /**
   * After a clean shutdown what the clean section says, the journal unread; else what the journal
   * says. A clean section that should be there and is not is a finding, and the journal is read.
   *
   * @param key null if the filesystem is not encrypted
   * @param threads how many devices to read at a time
   */
  public static JournalReplay of(DeviceSet devices, FilesystemKey key, int threads) {
    Superblock superblock = devices.superblock();
    Optional<CleanSection> clean = superblock.cleanSection();
    if (superblock.clean() && clean.isPresent()) {
      return JournalReader.clean(
          clean.get().journalSeq(), clean.get().entries().segment(), blacklist(superblock));
    }
    JournalReplay replay = reader(devices, key, threads).replay();
    return superblock.clean() ? withoutCleanSection(superblock, replay) : replay;
  }

  private static JournalReplay withoutCleanSection(Superblock superblock, JournalReplay replay) {
    List<Finding> findings = new ArrayList<>(replay.findings());
    findings.addFirst(
        new Finding(
            "sb_clean_missing",
            superblock.place(),
            "marked clean, but there is no clean section; the journal was read instead"));
    return replay.withFindings(findings);
  }

  /** A reader of all members that may hold journal entries and are here. */
  public static JournalReader reader(DeviceSet devices, FilesystemKey key, int threads) {
    List<JournalDevice> journals = new ArrayList<>();
    for (int index = 0; index < devices.size(); index++) {
      Member member = devices.member(index);
      BlockDevice device = devices.device(index);
      if (member != null && device != null && mayHoldJournal(member)) {
        journals.add(
            new JournalDevice(
                index,
                device,
                member.bucketSectors(),
                ranges(devices.superblockOf(index).journalBuckets())));
      }
    }
    return new JournalReader(
        format(devices.superblock(), key), journals, blacklist(devices.superblock()), threads);
  }

  /** How that filesystem's journal entries are recognised. */
  public static JournalFormat format(Superblock superblock, FilesystemKey key) {
    return new JournalFormat(Jset.magic(superblock.magicWord()), superblock.blockBytes(), key);
  }

  private static boolean mayHoldJournal(Member member) {
    return member.state() == MemberState.RW || member.state() == MemberState.RO;
  }

  private static List<JournalDevice.BucketRange> ranges(JournalBuckets buckets) {
    return buckets.ranges().stream()
        .map(range -> new JournalDevice.BucketRange(range.start(), range.count()))
        .toList();
  }

  /** The superblock's blacklist. */
  public static SeqBlacklist blacklist(Superblock superblock) {
    return SeqBlacklist.of(
        superblock.blacklist().ranges().stream()
            .map(range -> new SeqBlacklist.Range(range.start(), range.end()))
            .toList());
  }
}
