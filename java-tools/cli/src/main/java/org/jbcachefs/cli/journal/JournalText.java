// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.journal;

import java.nio.file.Path;
import java.time.ZoneId;
import java.util.Arrays;
import org.jbcachefs.engine.journal.JournalCopy;
import org.jbcachefs.engine.journal.JournalEntry;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryText;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetKeys;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.KeyText;

/** Journal entries as text. Belongs to one thread. */
final class JournalText {
  /**
   * What of an entry is printed.
   *
   * @param datetimeOnly one line with its number and time
   * @param headersOnly no contents
   * @param allHeaders the header even if no transaction is wanted
   * @param offsets each content's offset before it
   * @param values keys with their values
   * @param colour keys asked for by range in red
   */
  record Style(
      boolean datetimeOnly,
      boolean headersOnly,
      boolean allHeaders,
      boolean offsets,
      boolean values,
      boolean colour) {}

  private static final String RED = "\u001b[31m";
  private static final String NORMAL = "\u001b[0m";

  private final Style style;
  private final TransactionFilter filter;
  private final int blockBytes;
  private final JsetEntryText entries;
  private final JsetEntry cursor = new JsetEntry();
  private final JsetKeys keys = new JsetKeys();
  private final Bkey key = new Bkey();
  private final StringBuilder out = new StringBuilder();

  JournalText(Style style, TransactionFilter filter, int blockBytes, KeyText keyText, ZoneId zone) {
    this.style = style;
    this.filter = filter;
    this.blockBytes = blockBytes;
    this.entries =
        new JsetEntryText(
            (text, btree, level, printed) -> keyText.key(text, btree, printed),
            Arrays.stream(DataType.values()).map(DataType::toString).toList(),
            zone);
  }

  /** All of the entry that is wanted; possibly nothing. */
  String print(JournalEntry entry, Jset jset, boolean blacklisted) {
    out.setLength(0);
    if (style.datetimeOnly) {
      printTime(jset, blacklisted);
    } else if (filter.filtering()) {
      printTransactions(entry, jset, blacklisted);
    } else {
      printHeader(entry, jset, blacklisted);
      cursor.over(jset);
      while (!style.headersOnly && cursor.next()) {
        printEntry(cursor);
      }
    }
    return blacklisted ? withStars(out.toString()) : out.toString();
  }

  private static String withStars(String text) {
    String marked = text.replace("\n ", "\n*");
    return marked.startsWith(" ") ? "*" + marked.substring(1) : marked;
  }

  private void printTime(Jset jset, boolean blacklisted) {
    String seq = Long.toUnsignedString(jset.seq());
    out.append(blacklisted ? "blacklisted " : "").append("journal entry     ").append(seq);
    out.append(" ".repeat(Math.max(0, 8 - seq.length()))).append(' ');
    cursor.over(jset);
    while (cursor.next()) {
      if (cursor.is(JsetEntryType.DATETIME)) {
        entries.append(out, cursor, "");
        break;
      }
    }
    out.append('\n');
  }

  private void printTransactions(JournalEntry entry, Jset jset, boolean blacklisted) {
    boolean headerPrinted = style.allHeaders;
    if (headerPrinted) {
      printHeader(entry, jset, blacklisted);
    }
    cursor.over(jset);
    boolean more = cursor.next();
    while (more) {
      if (!TransactionFilter.beginsTransaction(cursor)) {
        more = cursor.next();
        continue;
      }
      JsetEntry name = new JsetEntry().over(jset);
      while (name.next() && name.offset() < cursor.offset()) {}
      do {
        more = cursor.next();
      } while (more
          && !TransactionFilter.beginsTransaction(cursor)
          && !TransactionFilter.isOutsideTransactions(cursor));
      long end = more ? cursor.offset() : cursor.dataOffset() + cursor.dataBytes();
      if (filter.wants(name, end)) {
        if (!headerPrinted) {
          printHeader(entry, jset, blacklisted);
          headerPrinted = true;
        }
        printUntil(name, end);
      }
    }
  }

  private void printUntil(JsetEntry first, long end) {
    printEntry(first);
    while (first.next() && first.offset() < end) {
      printEntry(first);
    }
  }

  private void printHeader(JournalEntry entry, Jset jset, boolean blacklisted) {
    long sectors = (jset.bytes() + blockBytes - 1) / blockBytes * blockBytes / 512;
    out.append('\n').append(blacklisted ? "blacklisted " : "");
    line("journal entry     ", Long.toUnsignedString(jset.seq()));
    line("  bytes           ", Long.toString(jset.bytes()));
    line("  sectors         ", Long.toString(sectors));
    line("  version         ", Integer.toUnsignedString(jset.version()));
    line("  last seq        ", Long.toUnsignedString(jset.lastSeq()));
    line("  flush           ", jset.noFlush() ? "0" : "1");
    out.append("  written at      ");
    for (int i = 0; i < entry.copies().size(); i++) {
      out.append(i == 0 ? "" : " ").append(place(entry.copies().get(i)));
    }
    out.append('\n');
  }

  private void line(String label, String value) {
    out.append(label).append(value).append('\n');
  }

  private static String place(JournalCopy copy) {
    Path path = Path.of(copy.device().device().name());
    return path.getFileName()
        + " "
        + copy.device().index()
        + ":"
        + copy.bucket()
        + ":"
        + copy.bucketSector()
        + " (sector "
        + copy.sector()
        + (copy.good() ? ")" : ", bad checksum)");
  }

  private void printEntry(JsetEntry entry) {
    boolean byKey = TransactionFilter.isPrintedByKey(entry);
    if (byKey && (entry.u64s() == 0 || !filter.wantsBtreeOf(entry))) {
      return;
    }
    boolean highlight = style.colour && filter.matchesRange(entry);
    String indent = indent(entry);
    out.append(highlight ? RED : "").append(indent);
    if (style.offsets) {
      String offset = Long.toString(entry.wordOffset() + 1);
      out.append(" ".repeat(Math.max(0, 4 - offset.length()))).append(offset).append(' ');
    }
    if (byKey && !style.values) {
      printKeysWithoutValues(entry, indent);
    } else {
      entries.append(out, entry, indent);
    }
    out.append('\n').append(highlight ? NORMAL : "");
  }

  private static String indent(JsetEntry entry) {
    boolean outer =
        TransactionFilter.beginsTransaction(entry)
            || entry.is(JsetEntryType.BTREE_ROOT)
            || entry.is(JsetEntryType.DATETIME)
            || entry.is(JsetEntryType.USAGE);
    return outer ? "  " : "    ";
  }

  private void printKeysWithoutValues(JsetEntry entry, String indent) {
    keys.over(entry);
    boolean first = true;
    while (keys.next()) {
      keys.read(key);
      out.append(first ? "" : "\n" + indent).append(JsetEntryText.nameOf(entry.type()));
      out.append(": ").append(JsetEntryText.btreeAndLevel(entry.btree(), entry.level()));
      KeyText.header(out.append(' '), key);
      first = false;
    }
  }
}
