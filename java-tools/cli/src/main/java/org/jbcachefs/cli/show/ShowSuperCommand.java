// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.open.MemberOptions;
import org.jbcachefs.cli.open.ReadOptions;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.engine.sb.FoundSuperblocks;
import org.jbcachefs.engine.sb.SuperblockCopy;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.MetadataVersion;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code show-super}. */
@Command(
    name = "show-super",
    description = {
      "Prints the superblock of a member of a filesystem that is not mounted.",
      "More members may be named, so that their paths are shown; the first one's superblock is"
          + " printed."
    })
public final class ShowSuperCommand implements CliCommand {
  @Parameters(arity = "1..*", paramLabel = "DEV", description = "A member device or image.")
  private List<String> devices = new ArrayList<>();

  @Mixin private MemberOptions members = new MemberOptions();

  @Option(
      names = {"-f", "--fields"},
      paramLabel = "A,B",
      description = "Sections to print, by name, or \"all\". Without it: ext, members, errors.")
  private String fields;

  @Option(
      names = {"-F", "--field-only"},
      paramLabel = "X",
      description = "Print that section alone, without anything else.")
  private String fieldOnly;

  @Option(
      names = {"-l", "--layout"},
      description = "Print where the copies of the superblock are.")
  private boolean layout;

  @Option(
      names = {"-u", "--upgrade"},
      description = "Also say what the upgrade or downgrade to this version would take.")
  private boolean upgrade;

  @Override
  public int run(Invocation invocation) throws IOException {
    Set<SectionType> chosen = fields == null ? Set.of() : sections(fields);
    SectionType single = fieldOnly == null ? null : section(fieldOnly);
    List<BlockDevice> opened = ReadOptions.openDevices(invocation, members.members(devices));
    try {
      FoundSuperblocks found = SuperblockSearch.findThoroughly(opened.getFirst());
      Superblock superblock = found.require();
      report(invocation, found, superblock);
      invocation.out().filesystem(superblock.userUuid());
      MemberNames names = names(opened, superblock);
      if (invocation.out().isJson()) {
        json(invocation.out().data(), superblock, names);
        return ExitCode.DONE;
      }
      CalendarTime time = new CalendarTime(invocation.clock().getZone());
      SuperblockText text = new SuperblockText(superblock, names, time);
      invocation
          .out()
          .text()
          .print(
              single == null ? whole(text, superblock, chosen) : alone(text, superblock, single));
      if (upgrade) {
        invocation
            .out()
            .text()
            .println(single == null ? "\nUpgrade or downgrade:" : "")
            .print(new VersionPlanText(plan(superblock)).text());
      }
      return ExitCode.DONE;
    } finally {
      opened.forEach(BlockDevice::close);
    }
  }

  private void json(JsonWriter json, Superblock superblock, MemberNames names) {
    json.beginObject();
    new SuperblockJson(superblock, names).content(json);
    if (upgrade) {
      new VersionPlanJson(plan(superblock)).write(json.key("upgrade"));
    }
    json.endObject();
  }

  private static VersionPlan plan(Superblock superblock) {
    return VersionPlan.of(
        superblock, VersionPlan.policyOf(superblock), MetadataVersion.CURRENT.number());
  }

  private String whole(SuperblockText text, Superblock superblock, Set<SectionType> chosen) {
    if (fields != null) {
      return text.all(chosen, fields.equals("all"), layout);
    }
    boolean v2 = superblock.section(SectionType.MEMBERS_V2).isPresent();
    SectionType membersSection = v2 ? SectionType.MEMBERS_V2 : SectionType.MEMBERS_V1;
    return text.all(
        EnumSet.of(SectionType.EXT, SectionType.ERRORS, SectionType.ERRORS_V2, membersSection),
        false,
        layout);
  }

  private static String alone(SuperblockText text, Superblock superblock, SectionType type) {
    Optional<RawSection> section = superblock.section(type);
    return section.map(text::single).orElse("");
  }

  /** What is wrong with copies, and what would keep this program from reading the filesystem. */
  private static void report(Invocation invocation, FoundSuperblocks found, Superblock shown) {
    for (SuperblockCopy copy : found.copies()) {
      if (!copy.valid() && shown.layout().sectors().contains(copy.sector())) {
        invocation.problem("", copy.problem());
      }
    }
    try {
      shown.refuseUnreadable();
    } catch (RefusedException e) {
      invocation.problem("", e);
    }
  }

  private static MemberNames names(List<BlockDevice> opened, Superblock shown) {
    Map<Integer, String> paths = new HashMap<>();
    paths.put(shown.deviceIndex(), opened.getFirst().name());
    for (BlockDevice device : opened.subList(1, opened.size())) {
      try {
        Superblock other = SuperblockSearch.find(device).require();
        if (other.internalUuid().equals(shown.internalUuid())) {
          paths.putIfAbsent(other.deviceIndex(), device.name());
        }
      } catch (BcachefsException _) {
        // Only its name would have been shown.
      }
    }
    return new MemberNames(paths);
  }

  private static Set<SectionType> sections(String list) {
    Set<SectionType> types = EnumSet.noneOf(SectionType.class);
    if (list.equals("all")) {
      return EnumSet.allOf(SectionType.class);
    }
    for (String name : list.split(",", -1)) {
      types.add(section(name));
    }
    return types;
  }

  private static SectionType section(String name) {
    for (SectionType type : SectionType.values()) {
      if (type.toString().equals(name.trim())) {
        return type;
      }
    }
    throw new UsageException(
        "there is no superblock section '"
            + name
            + "'; there are "
            + String.join(", ", FlagNames.names(SectionType.values())));
  }
}
