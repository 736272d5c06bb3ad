// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.journal;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;

/**
 * The entries of a jset, or of the clean section, as text, in the wording that users of bcachefs
 * know. Lines after the first are indented by the caller's indent. Not thread-safe.
 */
public final class JsetEntryText {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ROOT);

  private final KeyPrinter keys;
  private final List<String> dataTypes;
  private final ZoneId zone;
  private final Bkey key = new Bkey();

  /**
   * @param keys prints key and value
   * @param dataTypes the names of the data types by number
   * @param zone of datetime entries
   */
  public JsetEntryText(KeyPrinter keys, List<String> dataTypes, ZoneId zone) {
    this.keys = keys;
    this.dataTypes = List.copyOf(dataTypes);
    this.zone = zone;
  }

  /** The format's name of an entry type, or a phrase for one that is not known. */
  public static String nameOf(int type) {
    JsetEntryType known = JsetEntryType.of(type);
    return known == null ? "(unknown jset_entry_type " + type + ")" : known.toString();
  }

  /** Appends the current entry, without a newline at its end. */
  public void append(StringBuilder out, JsetEntry entry, String indent) {
    out.append(nameOf(entry.type()));
    JsetEntryType type = JsetEntryType.of(entry.type());
    if (type == null) {
      return;
    }
    out.append(": ");
    if (type.hasKeys()) {
      appendKeys(out, entry, type, indent);
      return;
    }
    try {
      appendValue(out, JsetValue.read(entry), indent);
    } catch (CorruptionException e) {
      out.append("(invalid: ").append(e.errorName()).append(')');
    }
  }

  /** The time as ctime(3) prints it, without its newline. */
  public String time(long seconds) {
    if (seconds < Instant.MIN.getEpochSecond() || seconds > Instant.MAX.getEpochSecond()) {
      return Long.toString(seconds);
    }
    return TIME.format(Instant.ofEpochSecond(seconds).atZone(zone));
  }

  private void appendKeys(StringBuilder out, JsetEntry entry, JsetEntryType type, String indent) {
    long at = entry.dataOffset();
    long end = at + entry.dataBytes();
    for (boolean first = true; at < end; first = false) {
      if (!first) {
        out.append('\n').append(indent).append(type).append(": ");
      }
      int u64s = Le.u8(entry.segment(), at);
      if (u64s == 0) {
        out.append("(invalid, k->u64s 0)");
        return;
      }
      if (u64s < Bkey.U64S || at + u64s * 8L > end) {
        out.append("(invalid, bkey overruns jset_entry)");
        return;
      }
      out.append(btreeAndLevel(entry.btree(), entry.level())).append(' ');
      int begin = out.length();
      keys.append(out, entry.btree(), entry.level(), key.readUnpacked(entry.segment(), at));
      indentLines(out, begin, indent);
      at += u64s * 8L;
    }
  }

  private static void indentLines(StringBuilder out, int begin, String indent) {
    for (int at = out.indexOf("\n", begin); at >= 0; at = out.indexOf("\n", at + 1)) {
      out.insert(at + 1, indent);
    }
  }

  /** A btree's name and a level, as keys are announced. */
  public static String btreeAndLevel(int btree, int level) {
    return "btree=" + BtreeId.nameOf(btree) + " level=" + level;
  }

  private void appendValue(StringBuilder out, JsetValue value, String indent) {
    switch (value) {
      case null -> {}
      case JsetValue.Blacklist(long seq) -> out.append("seq=").append(unsigned(seq));
      case JsetValue.BlacklistV2(long start, long end) ->
          out.append("start=").append(unsigned(start)).append(" end=").append(unsigned(end));
      case JsetValue.Usage(int kind, long v) ->
          out.append("type=")
              .append(JsetValue.Usage.nameOf(kind))
              .append(" v=")
              .append(unsigned(v));
      case JsetValue.DataUsage usage -> appendDataUsage(out, usage);
      case JsetValue.Clock(boolean write, long time) ->
          out.append(write ? "write=" : "read=").append(unsigned(time));
      case JsetValue.DevUsage usage -> appendDevUsage(out, usage, indent);
      case JsetValue.Log(String message) -> out.append(message);
      case JsetValue.DateTime(long seconds) -> out.append(time(seconds));
      case JsetValue.RewindLimit(long seq) -> out.append("seq ").append(unsigned(seq));
      case JsetValue.Rewind(long from, long to) ->
          out.append("from ").append(unsigned(from)).append(" to ").append(unsigned(to));
    }
  }

  private void appendDataUsage(StringBuilder out, JsetValue.DataUsage usage) {
    out.append(dataType(usage.dataType()))
        .append(": ")
        .append(usage.required())
        .append('/')
        .append(usage.devices().size())
        .append(" [");
    for (int i = 0; i < usage.devices().size(); i++) {
      out.append(i == 0 ? "" : " ").append(usage.devices().get(i));
    }
    out.append("]=").append(unsigned(usage.sectors()));
  }

  private void appendDevUsage(StringBuilder out, JsetValue.DevUsage usage, String indent) {
    out.append("dev=").append(Integer.toUnsignedString(usage.device()));
    for (int i = 0; i < usage.types().size(); i++) {
      JsetValue.DevUsage.Counts counts = usage.types().get(i);
      out.append('\n')
          .append(indent)
          .append("  ")
          .append(dataType(i))
          .append(": buckets=")
          .append(unsigned(counts.buckets()))
          .append(" sectors=")
          .append(unsigned(counts.sectors()))
          .append(" fragmented=")
          .append(unsigned(counts.fragmented()));
    }
  }

  private String dataType(int number) {
    return number < dataTypes.size() ? dataTypes.get(number) : "(unknown data_type " + number + ")";
  }

  private static String unsigned(long value) {
    return Long.toUnsignedString(value);
  }
}
