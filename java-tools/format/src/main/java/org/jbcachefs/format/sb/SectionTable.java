// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/** All sections of one superblock: as stored, and those of known types decoded. */
final class SectionTable {
  /** More sections than that are no superblock's; they would only fill the memory. */
  private static final int MAX_SECTIONS = 4096;

  private final List<RawSection> stored;
  private final int version;
  private final List<Member> members;
  private final int deviceIndex;
  private final Place place;
  private final Map<SectionType, Section> decoded = new EnumMap<>(SectionType.class);

  /** {@code deviceCount}, {@code deviceIndex} and {@code version} are the superblock's. */
  SectionTable(Bytes bytes, int deviceCount, int deviceIndex, int version, Place place) {
    this.place = place;
    this.version = version;
    this.deviceIndex = deviceIndex;
    this.stored = split(bytes, place);
    RawSection membersSection =
        find(SectionType.MEMBERS_V2)
            .or(() -> find(SectionType.MEMBERS_V1))
            .orElseThrow(() ->
                new CorruptionException(
                    "invalid_sb_members_missing", place, "there is no members section"));
    MembersSection decodedMembers = MembersSection.parse(membersSection, deviceCount, place);
    this.members = decodedMembers.members();
    decoded.put(SectionType.of(membersSection.type()), decodedMembers);
    for (RawSection section : stored) {
      SectionType type = SectionType.of(section.type());
      if (type != null && type != SectionType.MEMBERS_V1) {
        Section content = decode(section);
        decoded.putIfAbsent(type, content);
      }
    }
  }

  private static List<RawSection> split(Bytes bytes, Place place) {
    List<RawSection> sections = new ArrayList<>();
    int offset = Superblock.OFFSET_SECTIONS;
    while (offset < bytes.length()) {
      long size = 8 * Integer.toUnsignedLong(bytes.u32(offset + RawSection.OFFSET_U64S));
      int type = bytes.u32(offset + RawSection.OFFSET_TYPE);
      if (size == 0 || size > bytes.length() - offset || sections.size() == MAX_SECTIONS) {
        throw new CorruptionException(
            "invalid_sb_field_size",
            place,
            "section "
                + sections.size()
                + ", of type "
                + Integer.toUnsignedString(type)
                + " and "
                + size
                + " bytes, at byte "
                + offset
                + " does not fit into "
                + bytes.length());
      }
      int header = RawSection.HEADER_BYTES;
      sections.add(new RawSection(type, bytes.slice(offset + header, (int) size - header)));
      offset += (int) size;
    }
    return List.copyOf(sections);
  }

  List<RawSection> stored() {
    return stored;
  }

  List<Member> members() {
    return members;
  }

  /** The first section of that type. */
  Optional<RawSection> find(SectionType type) {
    return stored.stream().filter(section -> section.type() == type.number()).findFirst();
  }

  /** The decoded section of that type, if it is there. */
  <S extends Section> Optional<S> decoded(SectionType type, Class<S> kind) {
    return Optional.ofNullable(kind.cast(decoded.get(type)));
  }

  /** The content of a section of this superblock; of an unknown type, the section itself. */
  Section decode(RawSection section) {
    return switch (SectionType.of(section.type())) {
      case null -> section;
      case JOURNAL, JOURNAL_V2 -> JournalSection.parse(section, members.get(deviceIndex), place);
      case MEMBERS_V1, MEMBERS_V2 -> MembersSection.parse(section, members.size(), place);
      case CRYPT -> CryptSection.parse(section, place);
      case REPLICAS_V0, REPLICAS -> ReplicasSection.parse(section, members, place);
      case QUOTA -> QuotaSection.parse(section, place);
      case DISK_GROUPS -> DiskGroupsSection.parse(section, members, place);
      case CLEAN -> CleanSection.parse(section, place);
      case JOURNAL_SEQ_BLACKLIST -> BlacklistSection.parse(section, place);
      case COUNTERS -> CountersSection.parse(section);
      case ERRORS -> ErrorsSection.parse(section, place);
      case EXT -> ExtSection.parse(section, place);
      case DOWNGRADE -> DowngradeSection.parse(section, version, place);
      case RECOVERY_PASSES -> RecoveryPassesSection.parse(section, place);
      case EXTENT_TYPE_U64S -> ExtentTypesSection.parse(section);
      case ERRORS_V2 -> ErrorsV2Section.parse(section, place);
    };
  }
}
