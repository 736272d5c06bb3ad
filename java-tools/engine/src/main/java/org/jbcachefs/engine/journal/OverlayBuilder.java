// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetKeys;
import org.jbcachefs.format.journal.JsetValue;

/**
 * Takes entries in order of sequence number and gathers what they say: roots, keys, clocks, further
 * blacklisted numbers. Entries that contradict the format are left out. Belongs to one thread.
 *
 * <p>Of an entry that is rewound, leaf keys of btrees that do not describe allocation are taken
 * from its {@code overwrite} entries instead, and of a run of such entries the oldest key wins:
 * that is what stood there before.
 */
final class OverlayBuilder {
  private final KeyStore store = new KeyStore();
  private final Map<Overlay.Slot, SortedKeys> keys = new HashMap<>();
  private final IdentityHashMap<SortedKeys, Integer> sizesBeforeRewind = new IdentityHashMap<>();
  private final SortedKeys accounting = new SortedKeys(store);
  private final TreeMap<Integer, BtreeRoot> roots = new TreeMap<>();
  private final List<SeqBlacklist.Range> blacklisted = new ArrayList<>();
  private final JsetEntry entry = new JsetEntry();
  private final JsetKeys entryKeys = new JsetKeys();
  private boolean rewinding;
  private long keyVersion;
  private long readClock;
  private long writeClock;
  private long datetime;

  /** Takes all of a jset; with {@code rewound} what it overwrote instead of what it wrote. */
  void add(Jset jset, boolean rewound) {
    if (rewound != rewinding) {
      endRewind();
    }
    rewinding = rewound;
    addEntries(jset.segment(), jset.entriesStart(), jset.end());
  }

  /** Takes the entries between two byte offsets. */
  void addEntries(MemorySegment segment, long start, long end) {
    entry.over(segment, start, end);
    while (entry.next()) {
      addEntry();
    }
  }

  private void addEntry() {
    JsetEntryType type = JsetEntryType.of(entry.type());
    if (type == null) {
      return;
    }
    switch (type) {
      case BTREE_KEYS -> {
        if (!takesOverwrites()) {
          addKeys();
        }
      }
      case OVERWRITE -> {
        if (takesOverwrites()) {
          addKeys();
        }
      }
      case BTREE_ROOT -> addRoot();
      case BLACKLIST, BLACKLIST_V2, USAGE, CLOCK, DATETIME -> addValue();
      case PRIO_PTRS,
          DATA_USAGE,
          DEV_USAGE,
          LOG,
          WRITE_BUFFER_KEYS,
          LOG_BKEY,
          REWIND_LIMIT,
          REWIND -> {}
    }
  }

  private boolean takesOverwrites() {
    return rewinding && entry.level() == 0 && !describesAllocation(entry.btree());
  }

  private static boolean describesAllocation(int btree) {
    return switch (BtreeId.of(btree)) {
      case ALLOC,
          BACKPOINTERS,
          STRIPE_BACKPOINTERS,
          NEED_DISCARD,
          FREESPACE,
          BUCKET_GENS,
          LRU,
          ACCOUNTING,
          RECONCILE_WORK,
          RECONCILE_HIPRI,
          RECONCILE_PENDING,
          RECONCILE_SCAN ->
          true;
      case null, default -> false;
    };
  }

  private void addKeys() {
    SortedKeys slot = null;
    entryKeys.over(entry);
    while (entryKeys.next()) {
      long at = entryKeys.offset();
      MemorySegment in = entry.segment();
      int bytes = Le.u8(in, at + Bkey.OFFSET_U64S) * 8;
      if (Le.u8(in, at + Bkey.OFFSET_TYPE) == KeyType.ACCOUNTING.number()) {
        accounting.add(store.add(in, at, bytes));
      } else {
        slot = slot == null ? slot() : slot;
        slot.add(store.add(in, at, bytes));
      }
    }
  }

  private SortedKeys slot() {
    SortedKeys slot =
        keys.computeIfAbsent(
            new Overlay.Slot(entry.btree(), entry.level()), _ -> new SortedKeys(store));
    if (takesOverwrites()) {
      sizesBeforeRewind.putIfAbsent(slot, slot.size());
    }
    return slot;
  }

  private void endRewind() {
    sizesBeforeRewind.forEach(SortedKeys::reverseFrom);
    sizesBeforeRewind.clear();
  }

  private void addRoot() {
    if (entry.u64s() == 0 || entry.btree() >= BtreeId.NUMBER_LIMIT) {
      return;
    }
    boolean whole = Le.u8(entry.segment(), entry.dataOffset()) == entry.u64s();
    Bkey key = null;
    if (whole && entryKeys.over(entry).next()) {
      key = entryKeys.read(new Bkey()).copy();
    }
    roots.put(entry.btree(), new BtreeRoot(entry.btree(), entry.level(), key));
  }

  private void addValue() {
    JsetValue value;
    try {
      value = JsetValue.read(entry);
    } catch (CorruptionException _) {
      return; // JsetCheck has named it
    }
    switch (value) {
      case JsetValue.Blacklist(long seq) -> blacklisted.add(new SeqBlacklist.Range(seq, seq + 1));
      case JsetValue.BlacklistV2(long start, long end) ->
          blacklisted.add(new SeqBlacklist.Range(start, end + 1));
      case JsetValue.Usage(int kind, long number) when kind == JsetValue.Usage.KEY_VERSION ->
          keyVersion = number;
      case JsetValue.Clock(boolean write, long time) -> {
        readClock = write ? readClock : time;
        writeClock = write ? time : writeClock;
      }
      case JsetValue.DateTime(long seconds) -> datetime = seconds;
      default -> {}
    }
  }

  /** Numbers blacklisted by entries, as old versions did it. */
  List<SeqBlacklist.Range> blacklisted() {
    return blacklisted;
  }

  long keyVersion() {
    return keyVersion;
  }

  long readClock() {
    return readClock;
  }

  long writeClock() {
    return writeClock;
  }

  long datetime() {
    return datetime;
  }

  /** Sorts what was gathered; nothing may be added afterwards. */
  Overlay build() {
    endRewind();
    Map<Overlay.Slot, OverlayKeys> sorted = new HashMap<>();
    keys.forEach((slot, list) -> sorted.put(slot, list.sort(true)));
    return new Overlay(roots, sorted, accounting.sort(false));
  }
}
