// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.edit;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.crypto.EncryptedKey;
import org.jbcachefs.format.sb.BlacklistSection;
import org.jbcachefs.format.sb.CleanSection;
import org.jbcachefs.format.sb.CountersSection;
import org.jbcachefs.format.sb.DiskGroupsSection;
import org.jbcachefs.format.sb.ErrorsSection;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.ExtentTypesSection;
import org.jbcachefs.format.sb.JournalSection;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.MembersSection;
import org.jbcachefs.format.sb.QuotaSection;
import org.jbcachefs.format.sb.RecoveryPassesSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.tables.PersistentCounter;
import org.jbcachefs.format.tables.RecoveryPass;

/** The fields of one superblock section by name. */
final class SectionFields {
  private static final int ID_BITS = 16;

  private final List<NamedField> fields;
  private final MemorySegment bytes;
  private final String name;
  private final long start;
  private final long end;

  private SectionFields(
      List<NamedField> fields, MemorySegment bytes, SectionType type, long start, long end) {
    this.fields = fields;
    this.bytes = bytes;
    this.name = type.toString();
    this.start = start;
    this.end = end;
  }

  /** Adds those of the section that lies between two bytes of a superblock. */
  static void addTo(
      List<NamedField> fields, MemorySegment bytes, SectionType type, long start, long end) {
    new SectionFields(fields, bytes, type, start, end).add(type);
  }

  private void add(SectionType type) {
    switch (type) {
      case MEMBERS_V2 -> {
        int stride = Le.u16(bytes, start + MembersSection.V2_OFFSET_MEMBER_BYTES);
        add(NamedField.u16(name + ".member_bytes", MembersSection.V2_OFFSET_MEMBER_BYTES));
        members("member", MembersSection.V2_OFFSET_MEMBERS, stride);
      }
      case MEMBERS_V1 -> members("member_v1.", MembersSection.V1_OFFSET_MEMBERS, Member.V1_BYTES);
      case CLEAN -> {
        add(NamedField.u32(name + ".flags", CleanSection.OFFSET_FLAGS));
        add(NamedField.u64(name + ".journal_seq", CleanSection.OFFSET_JOURNAL_SEQ));
      }
      case EXT -> ext();
      case COUNTERS -> {
        for (PersistentCounter counter : PersistentCounter.values()) {
          long at =
              CountersSection.OFFSET_COUNTERS
                  + (long) counter.number() * CountersSection.COUNTER_BYTES;
          add(NamedField.u64(name + "." + counter, at));
        }
      }
      case JOURNAL -> rows(JournalSection.V1_ENTRY_BYTES, JournalSection.OFFSET_ENTRIES, "");
      case JOURNAL_V2 ->
          rows(JournalSection.V2_ENTRY_BYTES, JournalSection.OFFSET_ENTRIES, ".start", ".nr");
      case JOURNAL_SEQ_BLACKLIST ->
          rows(BlacklistSection.ENTRY_BYTES, BlacklistSection.OFFSET_ENTRIES, ".start", ".end");
      case ERRORS -> errors();
      case RECOVERY_PASSES -> passes();
      case DISK_GROUPS -> groups();
      case QUOTA ->
          rows(QuotaSection.TYPE_BYTES, QuotaSection.OFFSET_TYPES, ".flags", ".c0", ".c1");
      case EXTENT_TYPE_U64S -> {
        for (int i = 0; start + ExtentTypesSection.OFFSET_SIZES + i < end; i++) {
          add(NamedField.u8(name + "." + i, ExtentTypesSection.OFFSET_SIZES + (long) i));
        }
      }
      case CRYPT -> {
        add(NamedField.u64(name + ".flags", EncryptedKey.OFFSET_FLAGS));
        add(NamedField.u64(name + ".kdf_flags", EncryptedKey.OFFSET_KDF_FLAGS));
      }
      case REPLICAS_V0, REPLICAS, DOWNGRADE, ERRORS_V2 -> bytes();
    }
  }

  /** Adds a field whose offset is from the section's start. */
  private void add(NamedField field) {
    NamedField placed =
        new NamedField(field.name(), start + field.at(), field.bytes(), field.bits());
    if (placed.isWithin(end)) {
      fields.add(placed);
    }
  }

  /** Sections whose entries have no fixed length: byte by byte. */
  private void bytes() {
    for (long at = 8; start + at < end; at++) {
      add(NamedField.u8(name + ".byte" + at, at));
    }
  }

  /** Entries of 64-bit words. */
  private void rows(int stride, int first, String... names) {
    int row = 0;
    for (long at = first; start + at + stride <= end; at += stride) {
      for (int word = 0; word < names.length; word++) {
        add(NamedField.u64(name + row + names[word], at + 8L * word));
      }
      row++;
    }
  }

  private void errors() {
    int row = 0;
    for (long at = ErrorsSection.OFFSET_ENTRIES;
        start + at < end;
        at += ErrorsSection.ENTRY_BYTES) {
      add(NamedField.bits(name + row + ".id", at, 8, new BitRange(0, ID_BITS)));
      add(NamedField.bits(name + row + ".nr", at, 8, new BitRange(ID_BITS, Long.SIZE)));
      add(NamedField.u64(name + row + ".time", at + ErrorsSection.ENTRY_OFFSET_LAST_ERROR_TIME));
      row++;
    }
  }

  private void passes() {
    for (RecoveryPass pass : RecoveryPass.values()) {
      long at =
          RecoveryPassesSection.OFFSET_ENTRIES
              + (long) pass.number() * RecoveryPassesSection.ENTRY_BYTES;
      String prefix = name + "." + pass;
      add(NamedField.u64(prefix + ".last_run", at + RecoveryPassesSection.ENTRY_OFFSET_LAST_RUN));
      add(
          NamedField.u32(
              prefix + ".runtime", at + RecoveryPassesSection.ENTRY_OFFSET_LAST_RUNTIME));
      add(NamedField.u32(prefix + ".flags", at + RecoveryPassesSection.ENTRY_OFFSET_FLAGS));
    }
  }

  private void groups() {
    int row = 0;
    for (long at = DiskGroupsSection.OFFSET_ENTRIES;
        start + at + DiskGroupsSection.ENTRY_BYTES <= end;
        at += DiskGroupsSection.ENTRY_BYTES) {
      add(NamedField.u64(name + row + ".flags0", at + DiskGroupsSection.ENTRY_OFFSET_FLAGS));
      add(NamedField.u64(name + row + ".flags1", at + DiskGroupsSection.ENTRY_OFFSET_FLAGS + 8));
      row++;
    }
  }

  private void ext() {
    add(
        NamedField.u64(
            name + ".recovery_passes_required0", ExtSection.OFFSET_RECOVERY_PASSES_REQUIRED));
    add(
        NamedField.u64(
            name + ".recovery_passes_required1", ExtSection.OFFSET_RECOVERY_PASSES_REQUIRED + 8L));
    for (int word = 0; word < 8; word++) {
      add(
          NamedField.u64(
              name + ".errors_silent" + word, ExtSection.OFFSET_ERRORS_SILENT + 8L * word));
    }
    add(NamedField.u64(name + ".btrees_lost_data", ExtSection.OFFSET_BTREES_LOST_DATA));
    add(NamedField.u64(name + ".flags0", ExtSection.OFFSET_FLAGS0));
  }

  private void members(String prefix, int first, int stride) {
    if (stride < Member.V1_BYTES) {
      return;
    }
    int index = 0;
    for (long at = first; start + at + stride <= end; at += stride) {
      member(prefix + index++ + ".", at, stride);
    }
  }

  private void member(String prefix, long at, int stride) {
    add(NamedField.u64(prefix + "uuid_lo", at + Member.OFFSET_UUID));
    add(NamedField.u64(prefix + "uuid_hi", at + Member.OFFSET_UUID + 8));
    add(NamedField.u64(prefix + "nbuckets", at + Member.OFFSET_NBUCKETS));
    add(NamedField.u16(prefix + "first_bucket", at + Member.OFFSET_FIRST_BUCKET));
    add(NamedField.u16(prefix + "bucket_size", at + Member.OFFSET_BUCKET_SIZE));
    add(NamedField.u8(prefix + "btree_bitmap_shift", at + Member.OFFSET_BTREE_BITMAP_SHIFT));
    add(NamedField.u64(prefix + "last_mount", at + Member.OFFSET_LAST_MOUNT));
    long flags = at + Member.OFFSET_FLAGS;
    add(NamedField.u64(prefix + "flags", flags));
    add(NamedField.bits(prefix + "state", flags, 8, Member.STATE));
    add(NamedField.bits(prefix + "discard", flags, 8, Member.DISCARD));
    add(NamedField.bits(prefix + "data_allowed", flags, 8, Member.DATA_ALLOWED));
    add(NamedField.bits(prefix + "group", flags, 8, Member.GROUP));
    add(NamedField.bits(prefix + "durability", flags, 8, Member.DURABILITY));
    add(NamedField.bits(prefix + "freespace_initialized", flags, 8, Member.FREESPACE_INITIALIZED));
    add(NamedField.bits(prefix + "rotational", flags, 8, Member.ROTATIONAL));
    add(NamedField.bits(prefix + "initialized", flags, 8, Member.INITIALIZED));
    if (stride >= Member.OFFSET_LAST_JOURNAL_BUCKET_OFFSET + 4) {
      add(NamedField.u64(prefix + "seq", at + Member.OFFSET_SEQ));
      add(
          NamedField.u64(
              prefix + "btree_allocated_bitmap", at + Member.OFFSET_BTREE_ALLOCATED_BITMAP));
      add(NamedField.u32(prefix + "last_journal_bucket", at + Member.OFFSET_LAST_JOURNAL_BUCKET));
      add(
          NamedField.u32(
              prefix + "last_journal_bucket_offset",
              at + Member.OFFSET_LAST_JOURNAL_BUCKET_OFFSET));
    }
  }
}
