// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.List;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.journal.Jset;

/**
 * All of a filesystem's journal for whoever wants to look at it, whether or not it was shut down
 * cleanly. Belongs to one thread; closing frees its buffer.
 */
public final class JournalListing implements AutoCloseable {
  private final JournalIndex index;
  private final SeqBlacklist blacklist;
  private final ReplayRange range;
  private final JournalLoader loader;

  /**
   * Reads all buckets of all members that are here.
   *
   * @param key null if the filesystem is not encrypted
   * @param threads how many devices to read at a time
   */
  public JournalListing(DeviceSet devices, FilesystemKey key, int threads) {
    this.blacklist = JournalRecovery.blacklist(devices.superblock());
    this.index = JournalRecovery.reader(devices, key, threads).readAll();
    this.range = ReplayRange.of(index, blacklist);
    this.loader = new JournalLoader(JournalRecovery.format(devices.superblock(), key));
  }

  /** Every entry found, ascending. */
  public List<JournalEntry> entries() {
    return index.entries();
  }

  /** What is wrong with the devices and with the entries that count. */
  public List<Finding> findings() {
    FindingList all = new FindingList();
    all.addAll(index.findings());
    all.addAll(range.findings());
    return all.toList();
  }

  /** The first entry that would be replayed; 0 if there is none. */
  public long firstDirty() {
    return range.first();
  }

  /** Whether an entry does not count: blacklisted, or newer than the newest durable one. */
  public boolean isBlacklisted(JournalEntry entry) {
    return blacklist.contains(entry.seq()) || Long.compareUnsigned(entry.seq(), range.last()) > 0;
  }

  /**
   * The first run of numbers from one, included, to another, excluded, that should be there if
   * nothing between the two was found; null if all of them are blacklisted.
   */
  public SeqBlacklist.Range missing(long from, long to) {
    long start = blacklist.nextAllowed(from);
    if (Long.compareUnsigned(start, to) >= 0) {
      return null;
    }
    long end = blacklist.nextBlacklisted(start);
    return new SeqBlacklist.Range(start, Long.compareUnsigned(end, to) < 0 ? end : to);
  }

  /** An entry's content, decrypted; overwritten by the next one loaded. */
  public Jset load(JournalEntry entry) {
    return loader.load(entry);
  }

  @Override
  public void close() {
    loader.close();
  }
}
