// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.MembersSection;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.sb.SuperblockLayout;
import org.jbcachefs.format.tables.CompatFeature;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FilesystemOption;

/** A superblock as the reference's show-super prints it. Immutable. */
public final class SuperblockText {
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  /** Where values begin; the members' device names end where the next column does. */
  private static final int VALUE_COLUMN = 43;

  private static final int NAME_COLUMNS = 16;

  /** The same for a single section printed alone. */
  private static final int SINGLE_VALUE_COLUMN = 31;

  private final Superblock superblock;
  private final MemberNames names;
  private final CalendarTime time;

  public SuperblockText(Superblock superblock, MemberNames names, CalendarTime time) {
    this.superblock = superblock;
    this.names = names;
    this.time = time;
  }

  /** Everything: header, options, if wanted the layout, the sections of those types, members. */
  public String all(Set<SectionType> types, boolean unknownTypes, boolean layout) {
    FieldLines out = new FieldLines(VALUE_COLUMN);
    appendHeader(out);
    appendOptions(out);
    if (layout) {
      out.line("").line("layout:").indent(2);
      appendLayout(out, superblock.layout());
      out.indent(-2);
    }
    SectionText sections = new SectionText(superblock, names, time);
    for (RawSection section : superblock.sections()) {
      SectionType type = SectionType.of(section.type());
      boolean wanted = type == null ? unknownTypes : types.contains(type) && !members(type);
      if (wanted) {
        out.line("").line(section.name() + " (size " + section.totalBytes() + "):");
        sections.append(out, section);
      }
    }
    for (SectionType type : List.of(SectionType.MEMBERS_V1, SectionType.MEMBERS_V2)) {
      if (types.contains(type)) {
        superblock.section(type).ifPresent(section -> appendMembers(out, section));
      }
    }
    return out.toString();
  }

  /** One section alone, without a heading. */
  public String single(RawSection section) {
    FieldLines out = new FieldLines(SINGLE_VALUE_COLUMN);
    new SectionText(superblock, names, time).append(out, section);
    return out.toString();
  }

  private static boolean members(SectionType type) {
    return type == SectionType.MEMBERS_V1 || type == SectionType.MEMBERS_V2;
  }

  private void appendHeader(FieldLines out) {
    out.field("External UUID:", superblock.userUuid());
    out.field("Internal UUID:", superblock.internalUuid());
    out.field("Magic number:", superblock.magic());
    out.field("Device index:", superblock.deviceIndex());
    out.field("Label:", superblock.label().isEmpty() ? "(none)" : superblock.label());
    out.field("Version:", VersionText.of(superblock.version()));
    out.field(
        "Incompatible features allowed:", VersionText.of(superblock.versionIncompatAllowed()));
    out.field("Incompatible features in use:", VersionText.of(superblock.versionIncompat()));
    out.field(
        "Version upgrade complete:",
        VersionText.of((int) superblock.flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE)));
    out.field("Oldest version on disk:", VersionText.of(superblock.versionMin()));
    long created = Long.divideUnsigned(superblock.timeBaseLo(), NANOS_PER_SECOND);
    out.field("Created:", superblock.timeBaseLo() == 0 ? "(not set)" : time.text(created));
    out.unsigned("Sequence number:", superblock.seq());
    out.field("Time of last write:", time.text(superblock.writeTime()));
    out.field(
        "Superblock size:",
        Units.human(superblock.sizeBytes()) + "/" + Units.human(superblock.layout().maxBytes()));
    out.field("Clean:", superblock.clean() ? 1 : 0);
    out.field("Devices:", superblock.memberCount());
    out.field("Sections:", sectionNames());
    out.field(
        "Features:", FlagNames.of(FlagNames.names(Feature.values()), superblock.features()[0]));
    out.field(
        "Compat features:",
        FlagNames.of(FlagNames.names(CompatFeature.values()), superblock.compat()[0]));
  }

  private String sectionNames() {
    return String.join(
        ",",
        Arrays.stream(SectionType.values())
            .filter(type -> type != SectionType.ERRORS_V2)
            .filter(type -> superblock.section(type).isPresent())
            .map(Enum::toString)
            .toList());
  }

  private void appendOptions(FieldLines out) {
    out.line("").line("Options:").indent(2);
    for (FilesystemOption option : FilesystemOption.values()) {
      if (option.isOfThisVersion()) {
        superblock
            .option(option)
            .ifPresent(value ->
                out.field(option + ":", OptionText.withChoices(superblock, option, value)));
      }
    }
    out.indent(-2);
  }

  private static void appendLayout(FieldLines out, SuperblockLayout layout) {
    out.line("Type:                    0");
    out.line("Superblock max size:     " + Units.human(layout.maxBytes()));
    out.line("Nr superblocks:          " + layout.sectors().size());
    out.line(
        "Offsets:                 "
            + String.join(", ", layout.sectors().stream().map(Long::toUnsignedString).toList()));
  }

  private void appendMembers(FieldLines out, RawSection section) {
    MemberText text = new MemberText(superblock, time);
    for (Member member : ((MembersSection) superblock.decode(section)).members()) {
      if (member.exists()) {
        out.field(
            "Device " + member.index() + ":",
            FieldLines.pad(names.path(member.index()), NAME_COLUMNS));
        text.append(out.indent(2), member);
        out.indent(-2);
      }
    }
  }
}
