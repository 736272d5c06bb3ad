// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.util.HexFormat;
import java.util.List;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.sb.BlacklistSection;
import org.jbcachefs.format.sb.CleanSection;
import org.jbcachefs.format.sb.CountersSection;
import org.jbcachefs.format.sb.CryptSection;
import org.jbcachefs.format.sb.DiskGroupsSection;
import org.jbcachefs.format.sb.DowngradeSection;
import org.jbcachefs.format.sb.ErrorsSection;
import org.jbcachefs.format.sb.ErrorsV2Section;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.ExtentTypesSection;
import org.jbcachefs.format.sb.JournalBuckets;
import org.jbcachefs.format.sb.JournalSection;
import org.jbcachefs.format.sb.MembersSection;
import org.jbcachefs.format.sb.QuotaSection;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.RecoveryPassesSection;
import org.jbcachefs.format.sb.ReplicasSection;
import org.jbcachefs.format.sb.Section;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.PersistentCounter;
import org.jbcachefs.format.tables.RecoveryPass;

/** The content of sections as fields of a JSON object; members are shown elsewhere. */
final class SectionJson {
  void content(JsonWriter json, Section content) {
    switch (content) {
      case BlacklistSection blacklist -> blacklist(json, blacklist);
      case CleanSection clean ->
          json.unsigned("journal_seq", clean.journalSeq()).field("flags", clean.flags());
      case CountersSection counters -> counters(json, counters);
      case CryptSection crypt -> crypt(json, crypt);
      case DiskGroupsSection groups -> groups(json, groups);
      case DowngradeSection downgrade -> downgrade(json, downgrade);
      case ErrorsSection errors -> errors(json, errors);
      case ErrorsV2Section errors -> errors(json, errors);
      case ExtSection ext -> ext(json, ext);
      case ExtentTypesSection types -> extentTypes(json, types);
      case JournalSection journal -> journal(json, journal);
      case MembersSection members -> json.field("member_bytes", members.memberBytes());
      case QuotaSection quota -> quota(json, quota);
      case RecoveryPassesSection passes -> passes(json, passes);
      case ReplicasSection replicas -> replicas(json, replicas);
      case RawSection raw ->
          json.field("payload_hex", HexFormat.of().formatHex(raw.payload().toArray()));
    }
  }

  private static void blacklist(JsonWriter json, BlacklistSection blacklist) {
    json.beginArray("ranges");
    for (BlacklistSection.Range range : blacklist.ranges()) {
      json.beginObject().unsigned("start", range.start()).unsigned("end", range.end()).endObject();
    }
    json.endArray();
  }

  private static void counters(JsonWriter json, CountersSection counters) {
    json.beginObject("counters");
    for (PersistentCounter counter : PersistentCounter.values()) {
      counters.value(counter).ifPresent(value -> json.unsigned(counter.toString(), value));
    }
    json.endObject();
  }

  private static void crypt(JsonWriter json, CryptSection crypt) {
    json.field("needs_passphrase", crypt.key().needsPassphrase())
        .field("kdf", crypt.key().kdfType())
        .field("scrypt_log_n", crypt.key().logN())
        .field("scrypt_log_r", crypt.key().logR())
        .field("scrypt_log_p", crypt.key().logP());
  }

  private static void groups(JsonWriter json, DiskGroupsSection groups) {
    json.beginArray("labels");
    for (int index = 0; index < groups.labels().size(); index++) {
      json.value(groups.path(index).orElse(null));
    }
    json.endArray();
  }

  private static void downgrade(JsonWriter json, DowngradeSection downgrade) {
    json.beginArray("entries");
    for (DowngradeSection.Entry entry : downgrade.entries()) {
      json.beginObject().field("version", VersionText.of(entry.version()));
      SuperblockJson.strings(json, "recovery_passes", passNames(entry.recoveryPasses()));
      SuperblockJson.strings(json, "errors", errorNames(entry.errors()));
      json.endObject();
    }
    json.endArray();
  }

  private static void errors(JsonWriter json, ErrorsSection errors) {
    json.beginArray("errors");
    for (ErrorsSection.Entry entry : errors.entries()) {
      json.beginObject()
          .field("id", entry.id())
          .field("name", FsckError.nameOf(entry.id()))
          .unsigned("count", entry.count())
          .field("last_time", entry.lastTime())
          .endObject();
    }
    json.endArray();
  }

  private static void errors(JsonWriter json, ErrorsV2Section errors) {
    json.beginArray("errors");
    for (ErrorsV2Section.Entry entry : errors.entries()) {
      json.beginObject()
          .field("id", entry.id())
          .field("name", FsckError.nameOf(entry.id()))
          .unsigned("count", entry.count())
          .field("first_time", entry.firstTime())
          .field("last_time", entry.lastTime())
          .endObject();
    }
    json.endArray();
  }

  private static void ext(JsonWriter json, ExtSection ext) {
    SuperblockJson.strings(
        json, "recovery_passes_required", passNames(ext.recoveryPassesRequired()));
    SuperblockJson.strings(json, "errors_silent", errorNames(ext.errorsSilent()));
    btrees(json, "btrees_lost_data", ext.btreesLostData());
    if (ext.has(ExtSection.OFFSET_BTREES_LOST_DATA_EVER)) {
      btrees(json, "btrees_lost_data_ever", ext.btreesLostDataEver());
    }
    if (ext.has(ExtSection.OFFSET_BTREES_CLEAN)) {
      btrees(json, "btrees_clean", ext.btreesClean());
    }
  }

  private static void btrees(JsonWriter json, String key, long bits) {
    json.beginArray(key);
    for (long left = bits; left != 0; left &= left - 1) {
      json.value(BtreeId.nameOf(Long.numberOfTrailingZeros(left)));
    }
    json.endArray();
  }

  private static void extentTypes(JsonWriter json, ExtentTypesSection types) {
    json.beginArray("extent_type_u64s");
    for (int type = 0; type < types.count(); type++) {
      json.value(types.u64s(type));
    }
    json.endArray();
  }

  private static void journal(JsonWriter json, JournalSection journal) {
    json.beginArray("ranges");
    for (JournalBuckets.Range range : journal.buckets().ranges()) {
      json.beginObject().field("start", range.start()).field("count", range.count()).endObject();
    }
    json.endArray();
  }

  private static void quota(JsonWriter json, QuotaSection quota) {
    json.beginArray("types");
    for (QuotaSection.Type type : quota.types()) {
      json.beginObject().unsigned("flags", type.flags()).beginArray("counters");
      for (QuotaSection.Counter counter : type.counters()) {
        json.beginObject()
            .field("timelimit_seconds", Integer.toUnsignedLong(counter.timelimit()))
            .field("warnlimit", Integer.toUnsignedLong(counter.warnlimit()))
            .endObject();
      }
      json.endArray().endObject();
    }
    json.endArray();
  }

  private static void passes(JsonWriter json, RecoveryPassesSection passes) {
    json.beginArray("passes");
    for (int number = 0; number < passes.entries().size(); number++) {
      RecoveryPassesSection.Entry entry = passes.entries().get(number);
      RecoveryPass pass = RecoveryPass.of(number);
      if (entry.lastRun() != 0) {
        json.beginObject()
            .field("number", number)
            .field("name", pass == null ? null : pass.toString())
            .field("last_run", entry.lastRun())
            .field("last_runtime_seconds", Integer.toUnsignedLong(entry.lastRuntime()))
            .endObject();
      }
    }
    json.endArray();
  }

  private static void replicas(JsonWriter json, ReplicasSection replicas) {
    json.beginArray("entries");
    for (ReplicasSection.Entry entry : replicas.entries()) {
      DataType type = DataType.of(entry.dataType());
      json.beginObject()
          .field("data_type", type == null ? null : type.toString())
          .field("data_type_number", entry.dataType())
          .field("required", entry.required())
          .beginArray("devices");
      entry.devices().forEach(device -> json.value((long) device));
      json.endArray().endObject();
    }
    json.endArray();
  }

  static List<String> passNames(long bits) {
    return RecoveryPass.inWord(bits).stream().map(Enum::toString).toList();
  }

  static List<String> errorNames(List<Integer> ids) {
    return ids.stream().map(FsckError::nameOf).toList();
  }
}
