// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.util.Comparator;
import java.util.List;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryText;
import org.jbcachefs.format.journal.JsetEntryType;
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
import org.jbcachefs.format.sb.JournalSection;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.MembersSection;
import org.jbcachefs.format.sb.QuotaSection;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.RecoveryPassesSection;
import org.jbcachefs.format.sb.ReplicasSection;
import org.jbcachefs.format.sb.Section;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.PersistentCounter;
import org.jbcachefs.format.tables.RecoveryPass;

/** The content of sections as the reference shows it. */
final class SectionText {
  private static final List<String> QUOTA_TYPES = List.of("user", "group", "project");
  private static final List<String> QUOTA_COUNTERS = List.of("space", "inodes");

  /** Width of the values' column where another one follows. */
  private static final int COUNT_COLUMNS = 16;

  private static final int TIME_COLUMNS = 32;

  private final Superblock superblock;
  private final MemberNames names;
  private final CalendarTime time;

  SectionText(Superblock superblock, MemberNames names, CalendarTime time) {
    this.superblock = superblock;
    this.names = names;
    this.time = time;
  }

  void append(FieldLines out, RawSection stored) {
    Section content = superblock.decode(stored);
    switch (content) {
      case BlacklistSection blacklist -> appendBlacklist(out, blacklist);
      case CleanSection clean -> appendClean(out, clean);
      case CountersSection counters -> appendCounters(out, counters);
      case CryptSection crypt -> appendCrypt(out, crypt);
      case DiskGroupsSection groups -> appendGroups(out, groups);
      case DowngradeSection downgrade -> appendDowngrade(out, downgrade);
      case ErrorsSection errors -> appendErrors(out, errors);
      case ErrorsV2Section errors -> appendErrors(out, errors);
      case ExtSection ext -> appendExt(out, ext);
      case ExtentTypesSection types -> appendExtentTypes(out, types);
      case JournalSection journal -> appendJournal(out, journal);
      case MembersSection members -> appendMembers(out, members);
      case QuotaSection quota -> appendQuota(out, quota);
      case RecoveryPassesSection passes -> appendPasses(out, passes);
      case ReplicasSection replicas -> appendReplicas(out, replicas);
      case RawSection _ -> {}
    }
  }

  private static void appendBlacklist(FieldLines out, BlacklistSection blacklist) {
    out.line(
        String.join(
            " ",
            blacklist.ranges().stream()
                .map(range -> unsigned(range.start()) + "-" + unsigned(range.end()))
                .toList()));
  }

  private void appendClean(FieldLines out, CleanSection clean) {
    out.line("flags:          " + Integer.toHexString(clean.flags()));
    out.line("journal_seq:    " + unsigned(clean.journalSeq()));
    JsetEntryText text =
        new JsetEntryText(
            new RootKeyText(superblock, names), FlagNames.names(DataType.values()), time.zone());
    JsetEntry entry = new JsetEntry().over(clean.entries().segment(), 0, clean.entries().length());
    while (entry.next()) {
      if (!entry.is(JsetEntryType.BTREE_KEYS) || entry.u64s() != 0) {
        StringBuilder line = new StringBuilder();
        text.append(line, entry, "");
        out.line(line.toString());
      }
    }
  }

  private static void appendCounters(FieldLines out, CountersSection counters) {
    for (PersistentCounter counter : PersistentCounter.values()) {
      counters.value(counter).ifPresent(value -> out.unsigned(counter + " ", value));
    }
  }

  private static void appendCrypt(FieldLines out, CryptSection crypt) {
    out.line("KFD:               " + crypt.key().kdfType());
    out.line("scrypt n:          " + crypt.key().logN());
    out.line("scrypt r:          " + crypt.key().logR());
    out.line("scrypt p:          " + crypt.key().logP());
  }

  private static void appendGroups(FieldLines out, DiskGroupsSection groups) {
    out.line(
        String.join(
            " ",
            groups.labels().stream()
                .map(label ->
                    label.deleted()
                        ? "[deleted]"
                        : "[parent " + (label.parent() + 1) + " name " + label.name() + "]")
                .toList()));
  }

  private static void appendDowngrade(FieldLines out, DowngradeSection downgrade) {
    int column = out.valueColumn();
    for (DowngradeSection.Entry entry : downgrade.entries()) {
      out.line(FieldLines.pad("version:", column) + VersionText.of(entry.version()));
      out.line(FieldLines.pad("recovery passes:", column) + passes(entry.recoveryPasses()));
      out.line(
          FieldLines.pad("errors:", column)
              + String.join(",", entry.errors().stream().map(FsckError::nameOf).toList()));
    }
  }

  private void appendErrors(FieldLines out, ErrorsSection errors) {
    errors.entries().stream()
        .sorted(Comparator.comparingLong(ErrorsSection.Entry::lastTime).reversed())
        .forEach(entry ->
            out.line(errorStart(out, entry.id(), entry.count()) + time.text(entry.lastTime())));
  }

  private void appendErrors(FieldLines out, ErrorsV2Section errors) {
    errors.entries().stream()
        .sorted(Comparator.comparingLong(ErrorsV2Section.Entry::lastTime).reversed())
        .forEach(entry ->
            out.line(
                errorStart(out, entry.id(), entry.count())
                    + time.text(entry.firstTime())
                    + "    "
                    + time.text(entry.lastTime())));
  }

  private static String errorStart(FieldLines out, int id, long count) {
    int column = out.valueColumn() + 1;
    return FieldLines.pad(
        FieldLines.pad(FsckError.nameOf(id), column) + count, column + COUNT_COLUMNS);
  }

  private static void appendExt(FieldLines out, ExtSection ext) {
    out.field("Recovery passes required:", passes(ext.recoveryPassesRequired()));
    out.field(
        "Errors to silently fix:",
        String.join(",", ext.errorsSilent().stream().map(FsckError::nameOf).toList()));
    List<String> btrees = FlagNames.names(BtreeId.values());
    out.field("Btrees with missing data:", FlagNames.of(btrees, ext.btreesLostData()));
    if (ext.btreesLostDataEver() != 0) {
      out.field("Btrees that have ever lost data:", FlagNames.of(btrees, ext.btreesLostDataEver()));
    }
  }

  private static void appendExtentTypes(FieldLines out, ExtentTypesSection types) {
    for (int type = 0; type < types.count(); type++) {
      out.field(ExtentTypeNames.of(type) + ":", types.u64s(type));
    }
  }

  private static void appendJournal(FieldLines out, JournalSection journal) {
    StringBuilder line = new StringBuilder("Buckets: ");
    boolean ranges = journal.type() == SectionType.JOURNAL_V2.number();
    for (var range : journal.buckets().ranges()) {
      line.append(' ').append(range.start());
      if (ranges) {
        line.append('-').append(range.end());
      }
    }
    out.line(line.toString());
  }

  private void appendMembers(FieldLines out, MembersSection members) {
    MemberText text = new MemberText(superblock, time);
    for (Member member : members.members()) {
      if (member.exists()) {
        out.field("Device:", member.index());
        text.append(out.indent(2), member);
        out.indent(-2);
      }
    }
  }

  private static void appendQuota(FieldLines out, QuotaSection quota) {
    for (int type = 0; type < quota.types().size(); type++) {
      QuotaSection.Type limits = quota.types().get(type);
      StringBuilder line = new StringBuilder(QUOTA_TYPES.get(type));
      line.append(": flags ").append(Long.toHexString(limits.flags()));
      for (int counter = 0; counter < limits.counters().size(); counter++) {
        QuotaSection.Counter limit = limits.counters().get(counter);
        line.append(' ').append(QUOTA_COUNTERS.get(counter));
        line.append(" timelimit ").append(Integer.toUnsignedString(limit.timelimit()));
        line.append(" warnlimit ").append(Integer.toUnsignedString(limit.warnlimit()));
      }
      out.line(line.toString());
    }
  }

  private void appendPasses(FieldLines out, RecoveryPassesSection passes) {
    int column = out.valueColumn();
    out.line(
        FieldLines.pad(FieldLines.pad("Pass", column) + "Last run", column + TIME_COLUMNS)
            + "Last runtime");
    for (int number = 0; number < passes.entries().size(); number++) {
      RecoveryPassesSection.Entry entry = passes.entries().get(number);
      if (entry.lastRun() != 0) {
        RecoveryPass pass = RecoveryPass.of(number);
        String name = pass == null ? "(unknown pass " + number + ")" : pass.toString();
        String start = FieldLines.pad(name, column) + time.text(entry.lastRun());
        boolean always = RecoveryPassesSection.NO_RATELIMIT.isSet(entry.flags());
        out.line(
            FieldLines.pad(start, column + TIME_COLUMNS + 1)
                + Durations.text(Integer.toUnsignedLong(entry.lastRuntime()))
                + (always ? " (no ratelimit)" : ""));
      }
    }
  }

  private static void appendReplicas(FieldLines out, ReplicasSection replicas) {
    boolean v0 = replicas.type() == SectionType.REPLICAS_V0.number();
    out.line(
        String.join(
            " ", replicas.entries().stream().map(entry -> replicasEntry(entry, v0)).toList()));
  }

  private static String replicasEntry(ReplicasSection.Entry entry, boolean v0) {
    String count =
        v0 ? "" + entry.devices().size() : entry.required() + "/" + entry.devices().size();
    String devices = String.join(" ", entry.devices().stream().map(String::valueOf).toList());
    return DataType.nameOf(entry.dataType()) + ": " + count + " [" + devices + "]";
  }

  private static String passes(long bits) {
    return String.join(",", RecoveryPass.inWord(bits).stream().map(Enum::toString).toList());
  }

  private static String unsigned(long value) {
    return Long.toUnsignedString(value);
  }
}
