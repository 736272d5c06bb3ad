// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.journal;

import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.engine.journal.JournalCopy;
import org.jbcachefs.engine.journal.JournalEntry;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryText;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetKeys;
import org.jbcachefs.format.journal.JsetValue;
import org.jbcachefs.format.value.KeyText;

/** Journal entries as JSON, one object each. Belongs to one thread. */
final class JournalJson {
  private final JournalText.Style style;
  private final TransactionFilter filter;
  private final KeyText keyText;
  private final JsetEntry cursor = new JsetEntry();
  private final JsetKeys keys = new JsetKeys();
  private final Bkey key = new Bkey();

  JournalJson(JournalText.Style style, TransactionFilter filter, KeyText keyText) {
    this.keyText = keyText;
    this.style = style;
    this.filter = filter;
  }

  /** Numbers that are not there, from one to the other, both included. */
  static void writeMissing(JsonWriter json, long first, long last) {
    json.beginObject();
    json.beginObject("missing").unsigned("first", first).unsigned("last", last).endObject();
    json.endObject();
  }

  void write(JsonWriter json, JournalEntry entry, Jset jset, boolean blacklisted) {
    json.beginObject().unsigned("seq", jset.seq());
    json.field("blacklisted", blacklisted).field("flush", !jset.noFlush());
    json.field("bytes", jset.bytes()).field("version", jset.version());
    json.unsigned("last_seq", jset.lastSeq()).field("has_overwrites", jset.hasOverwrites());
    json.beginArray("copies");
    entry.copies().forEach(copy -> writeCopy(json, copy));
    json.endArray();
    if (!style.headersOnly()) {
      writeEntries(json, jset);
    }
    json.endObject();
  }

  private static void writeCopy(JsonWriter json, JournalCopy copy) {
    json.beginObject().field("device", copy.device().device().name());
    json.field("member", copy.device().index()).field("bucket", copy.bucket());
    json.field("bucket_sector", copy.bucketSector()).field("sector", copy.sector());
    json.field("checksum_ok", copy.good()).endObject();
  }

  private void writeEntries(JsonWriter json, Jset jset) {
    json.beginArray("entries");
    cursor.over(jset);
    while (cursor.next()) {
      boolean wanted =
          style.datetimeOnly()
              ? cursor.is(JsetEntryType.DATETIME)
              : !TransactionFilter.isPrintedByKey(cursor) || filter.wantsBtreeOf(cursor);
      if (wanted) {
        writeEntry(json);
      }
    }
    json.endArray();
  }

  private void writeEntry(JsonWriter json) {
    JsetEntryType type = JsetEntryType.of(cursor.type());
    json.beginObject().field("type", JsetEntryText.nameOf(cursor.type()));
    json.field("offset", cursor.wordOffset());
    if (type != null && type.hasKeys()) {
      json.field("btree", BtreeId.nameOf(cursor.btree())).field("level", cursor.level());
      writeKeys(json);
    } else {
      writeValue(json);
    }
    json.endObject();
  }

  private void writeKeys(JsonWriter json) {
    json.beginArray("keys");
    keys.over(cursor);
    while (keys.next()) {
      keys.read(key);
      json.beginObject().field("type", KeyType.nameOf(key.type()));
      json.unsigned("inode", key.inode()).unsigned("offset", key.offset());
      json.field("snapshot", Integer.toUnsignedLong(key.snapshot()));
      json.field("size", Integer.toUnsignedLong(key.size()));
      json.field("version_hi", Integer.toUnsignedLong(key.versionHi()));
      json.unsigned("version_lo", key.versionLo());
      if (style.values()) {
        StringBuilder value = new StringBuilder();
        keyText.value(value, cursor.btree(), key);
        json.field("value", value.toString());
      }
      json.endObject();
    }
    json.endArray();
  }

  private void writeValue(JsonWriter json) {
    try {
      switch (JsetValue.read(cursor)) {
        case null -> json.field("data_bytes", cursor.dataBytes());
        case JsetValue.Blacklist(long seq) -> json.unsigned("seq", seq);
        case JsetValue.BlacklistV2(long start, long end) ->
            json.unsigned("first", start).unsigned("last", end);
        case JsetValue.Usage(int kind, long value) ->
            json.field("kind", JsetValue.Usage.nameOf(kind)).unsigned("value", value);
        case JsetValue.DataUsage usage -> {
          json.field("data_type", usage.dataType()).unsigned("sectors", usage.sectors());
          json.field("required", usage.required()).beginArray("devices");
          usage.devices().forEach(device -> json.value((long) device));
          json.endArray();
        }
        case JsetValue.Clock(boolean write, long time) ->
            json.field("clock", write ? "write" : "read").unsigned("sectors", time);
        case JsetValue.DevUsage usage -> writeDevUsage(json, usage);
        case JsetValue.Log(String message) ->
            json.field("transaction", cursor.level() == 0).field("message", message);
        case JsetValue.DateTime(long seconds) -> json.field("seconds", seconds);
        case JsetValue.RewindLimit(long seq) -> json.unsigned("seq", seq);
        case JsetValue.Rewind(long from, long to) -> json.unsigned("from", from).unsigned("to", to);
      }
    } catch (CorruptionException e) {
      json.field("invalid", e.errorName());
    }
  }

  private static void writeDevUsage(JsonWriter json, JsetValue.DevUsage usage) {
    json.field("member", Integer.toUnsignedLong(usage.device())).beginArray("data_types");
    for (JsetValue.DevUsage.Counts counts : usage.types()) {
      json.beginObject().unsigned("buckets", counts.buckets());
      json.unsigned("sectors", counts.sectors()).unsigned("fragmented", counts.fragmented());
      json.endObject();
    }
    json.endArray();
  }
}
