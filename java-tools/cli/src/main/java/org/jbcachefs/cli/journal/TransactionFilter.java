// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.journal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetKeys;
import org.jbcachefs.format.journal.JsetValue;

/**
 * Which transactions of a journal entry are wanted. A transaction is the log entry with its name,
 * and what follows until the next. Belongs to one thread.
 */
final class TransactionFilter {
  /** Log messages that only say which part of the filesystem was at work. */
  private static final Set<String> MARKERS = Set.of("rebalance", "reconcile", "copygc", "promote");

  private final boolean logOnlyToo;
  private final boolean withLogOnly;
  private final BitSet btrees;
  private final boolean namesExcluded;
  private final List<String> names;
  private final List<KeyRange> wanted = new ArrayList<>();
  private final List<KeyRange> unwanted = new ArrayList<>();
  private final boolean filtering;
  private final JsetKeys keys = new JsetKeys();
  private final Bkey key = new Bkey();

  /**
   * @param logOnlyToo take transactions that hold nothing but messages
   * @param withLogOnly take only transactions that hold a message
   * @param btreeList comma-separated names after an optional sign; null for all
   * @param nameList comma-separated beginnings of transactions' names after an optional sign; null
   *     for all
   * @param keyLists comma-separated ranges, each list after an optional sign
   */
  TransactionFilter(
      boolean logOnlyToo,
      boolean withLogOnly,
      String btreeList,
      String nameList,
      List<String> keyLists) {
    this.logOnlyToo = logOnlyToo;
    this.withLogOnly = withLogOnly;
    this.btrees = btreeList == null ? null : btrees(btreeList);
    this.namesExcluded = nameList != null && isNegative(nameList);
    this.names = nameList == null ? List.of() : items(nameList);
    for (String list : keyLists) {
      (isNegative(list) ? unwanted : wanted)
          .addAll(items(list).stream().map(KeyRange::parse).toList());
    }
    this.filtering = withLogOnly || btreeList != null || nameList != null || !keyLists.isEmpty();
  }

  private static boolean isNegative(String list) {
    return list.startsWith("-");
  }

  private static List<String> items(String list) {
    boolean signed = list.startsWith("-") || list.startsWith("+");
    return Arrays.asList((signed ? list.substring(1) : list).split(",", -1));
  }

  private static BitSet btrees(String list) {
    BitSet set = new BitSet();
    items(list).forEach(name -> set.set(KeyRange.btreeNamed(name)));
    if (isNegative(list)) {
      set.flip(0, BtreeId.NUMBER_LIMIT + 1);
    }
    return set;
  }

  /** Whether anything but whole journal entries is wanted. */
  boolean filtering() {
    return filtering;
  }

  /** Whether keys of such an entry are wanted, as far as btrees go. */
  boolean wantsBtreeOf(JsetEntry entry) {
    return btrees == null
        || (entry.level() == 0 && !entry.is(JsetEntryType.BTREE_ROOT) && btrees.get(entry.btree()));
  }

  /** Whether an entry holds a key that was asked for by range. */
  boolean matchesRange(JsetEntry entry) {
    return holds(entry, wanted) || holds(entry, unwanted);
  }

  /** Whether that entry begins a transaction. */
  static boolean beginsTransaction(JsetEntry entry) {
    return entry.is(JsetEntryType.LOG) && entry.level() == 0;
  }

  /** Whether that entry belongs to no transaction. */
  static boolean isOutsideTransactions(JsetEntry entry) {
    return entry.is(JsetEntryType.BTREE_ROOT)
        || entry.is(JsetEntryType.DATETIME)
        || entry.is(JsetEntryType.USAGE)
        || entry.is(JsetEntryType.CLOCK);
  }

  /** Whether an entry's keys are printed one by one. */
  static boolean isPrintedByKey(JsetEntry entry) {
    return entry.is(JsetEntryType.BTREE_ROOT)
        || entry.is(JsetEntryType.BTREE_KEYS)
        || entry.is(JsetEntryType.WRITE_BUFFER_KEYS)
        || entry.is(JsetEntryType.OVERWRITE);
  }

  /** Whether a transaction is wanted: its name's entry, then the rest of it up to {@code end}. */
  boolean wants(JsetEntry name, long end) {
    JsetEntry rest = new JsetEntry();
    long start = name.dataOffset() + name.dataBytes();
    boolean onlyMessages = start < end;
    boolean anyMessage = false;
    boolean btreeMatches = btrees == null;
    boolean wantedKey = wanted.isEmpty();
    boolean unwantedKey = false;
    rest.over(name.segment(), start, end);
    while (rest.next()) {
      boolean message = isMessage(rest);
      onlyMessages &= message || rest.u64s() == 0;
      anyMessage |= message;
      btreeMatches |= isPrintedByKey(rest) && wantsBtreeOf(rest);
      wantedKey |= holds(rest, wanted);
      unwantedKey |= holds(rest, unwanted);
    }
    if (logOnlyToo && onlyMessages) {
      return true;
    }
    return (anyMessage || !withLogOnly)
        && btreeMatches
        && nameMatches(name)
        && wantedKey
        && !unwantedKey;
  }

  private boolean nameMatches(JsetEntry name) {
    return names.isEmpty() || names.stream().anyMatch(text(name)::startsWith) != namesExcluded;
  }

  private static boolean isMessage(JsetEntry entry) {
    return entry.is(JsetEntryType.LOG)
        && entry.level() != 0
        && MARKERS.stream().noneMatch(text(entry)::startsWith);
  }

  private static String text(JsetEntry log) {
    return ((JsetValue.Log) JsetValue.read(log)).message();
  }

  private boolean holds(JsetEntry entry, List<KeyRange> ranges) {
    boolean updates = entry.is(JsetEntryType.BTREE_KEYS) || entry.is(JsetEntryType.OVERWRITE);
    if (ranges.isEmpty() || !updates || entry.level() != 0) {
      return false;
    }
    keys.over(entry);
    while (keys.next()) {
      keys.read(key);
      if (ranges.stream().anyMatch(range -> range.contains(entry.btree(), key))) {
        return true;
      }
    }
    return false;
  }
}
