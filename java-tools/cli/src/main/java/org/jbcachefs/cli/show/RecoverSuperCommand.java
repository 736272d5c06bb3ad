// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.format.KnownContents;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.sb.SuperblockCopy;
import org.jbcachefs.engine.sb.SuperblockRecovery;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code recover-super}. */
@Command(
    name = "recover-super",
    description = {
      "Finds a copy of a device's superblock, or makes one from another member's, and shows it.",
      "With -f, if there is none anywhere: makes one up from what is on the devices, and says what it",
      "had to assume. With -y it is written to all its places; without, nothing is."
    })
public final class RecoverSuperCommand implements CliCommand {
  private static final int SECTOR_MASK = 511;
  private static final int SECTOR_SHIFT = 9;

  @Parameters(
      arity = "1..*",
      paramLabel = "DEV",
      description = {
        "The device that lost its superblock; with -f all that are left of a filesystem of which no",
        "device has one."
      })
  private List<String> devices = new ArrayList<>();

  @Option(
      names = {"-d", "--dev-size"},
      paramLabel = "SIZE",
      description = "Size of the filesystem on the device, if it is not the device's.")
  private String deviceSize;

  @Option(
      names = {"-o", "--offset"},
      paramLabel = "BYTE",
      description = "Look at that byte alone; a multiple of 512.")
  private String offset;

  @Option(
      names = {"-l", "--scan-len"},
      paramLabel = "SIZE",
      description = "How much of the start and of the end to search; 16M if not given.")
  private String scanLength;

  @Option(
      names = {"-s", "--src-device"},
      paramLabel = "DEV",
      description = "Make the superblock from that member's, or from a saved copy of it in a file.")
  private String source;

  @Option(
      names = {"-i", "--dev-idx"},
      paramLabel = "N",
      description = "Index of the device in the filesystem, with -s, if nothing on it tells.")
  private Integer index;

  @Option(
      names = {"-f", "--rebuild"},
      description = {
        "If no copy is left, make one up; let it be written where something else is known to be."
      })
  private boolean rebuild;

  @Option(
      names = {"-y", "--yes"},
      description = "Write it.")
  private boolean yes;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only say what would be written.")
  private boolean dryRun;

  @Option(
      names = {"-v", "--verbose"},
      description = "Name every copy that is found.")
  private boolean verbose;

  @Override
  public int run(Invocation invocation) {
    if (index != null && source == null) {
      throw new UsageException("-i needs -s");
    }
    if (devices.size() > 1 && (!rebuild || source != null || offset != null)) {
      throw new UsageException("more than one device goes with -f alone");
    }
    long probe = offset == null ? -1 : ByteSizes.parse(offset);
    if (probe >= 0 && (probe & SECTOR_MASK) != 0) {
      throw new UsageException("the offset must be a multiple of 512");
    }
    List<BlockDevice> opened = new ArrayList<>();
    try {
      for (String device : devices) {
        opened.add(open(invocation, Path.of(device)));
      }
      return opened.size() == 1
          ? recoverOne(invocation, opened.getFirst(), probe)
          : new SuperblockRebuilding(invocation, writes(), dryRun).run(opened);
    } finally {
      opened.forEach(BlockDevice::close);
    }
  }

  private boolean writes() {
    return yes && !dryRun;
  }

  private BlockDevice open(Invocation invocation, Path path) {
    BlockDevice device =
        writes()
            ? invocation.devices().openReadWrite(path)
            : invocation.devices().openReadOnly(path);
    if (writes() && !rebuild) {
      refuseOthers(device);
    }
    return device;
  }

  /** Superblocks are not written over what is of something else, unless that was asked for. */
  private static void refuseOthers(BlockDevice device) {
    Optional<String> known = KnownContents.of(device);
    if (known.isPresent() && !known.get().startsWith("bcache")) {
      try {
        throw new RefusedException(
            "device_in_use",
            Place.device(device.name(), -1),
            "holds a " + known.get() + "; -f writes nonetheless");
      } finally {
        device.close();
      }
    }
  }

  private int recoverOne(Invocation invocation, BlockDevice target, long probe) {
    long size = deviceSize == null ? target.size() : ByteSizes.parse(deviceSize);
    List<SuperblockCopy> copies = source == null ? search(target, probe, size) : List.of();
    boolean none = source == null && copies.stream().noneMatch(SuperblockCopy::valid);
    if (none && rebuild) {
      return new SuperblockRebuilding(invocation, writes(), dryRun).run(List.of(target));
    }
    Superblock found = source == null ? chosen(copies) : fromMember(invocation, target, size);
    invocation.out().filesystem(found.userUuid());
    if (!invocation.out().isJson()) {
      show(invocation, copies, found);
    }
    List<Long> written = writes() ? SuperblockRecovery.write(target, found) : List.of();
    conclude(invocation, copies, found, written);
    return ExitCode.DONE;
  }

  private List<SuperblockCopy> search(BlockDevice target, long probe, long size) {
    if (probe >= 0) {
      return List.of(SuperblockSearch.read(target, probe >> SECTOR_SHIFT));
    }
    List<SuperblockCopy> copies = new ArrayList<>(SuperblockSearch.find(target).copies());
    if (scanLength != null || copies.stream().noneMatch(SuperblockCopy::valid)) {
      long length = scanLength == null ? SuperblockSearch.SCAN_BYTES : ByteSizes.parse(scanLength);
      long end = Math.min(size, target.size());
      addNew(copies, SuperblockSearch.scan(target, 0, Math.min(length, end)));
      addNew(copies, SuperblockSearch.scan(target, Math.max(0, end - length), end));
    }
    return copies;
  }

  private static void addNew(List<SuperblockCopy> copies, List<SuperblockCopy> more) {
    for (SuperblockCopy copy : more) {
      if (copies.stream().noneMatch(known -> known.sector() == copy.sector())) {
        copies.add(copy);
      }
    }
  }

  private Superblock chosen(List<SuperblockCopy> copies) {
    return SuperblockRecovery.mostRecent(copies)
        .orElseThrow(() ->
            new NotFoundException(
                Place.device(devices.getFirst(), -1),
                "no superblock found; -l searches more, -s takes another member's, -f makes one up"
                    + " from what is on the device; tree, cat and extract read with --rescue what is"
                    + " there without one"));
  }

  private Superblock fromMember(Invocation invocation, BlockDevice target, long size) {
    try (BlockDevice other = invocation.devices().openReadOnly(Path.of(source))) {
      Superblock theirs = SuperblockSearch.findThoroughly(other).require();
      int which = index == null ? recognised(theirs, other, target) : index;
      return SuperblockRecovery.fromMember(theirs, which, target, size);
    }
  }

  /** A filesystem of one member has but one place; else what is on the device tells. */
  private static int recognised(Superblock theirs, BlockDevice other, BlockDevice target) {
    List<Integer> members =
        theirs.members().stream().filter(Member::exists).map(Member::index).toList();
    if (members.size() == 1) {
      return members.getFirst();
    }
    if (theirs.encrypted()) {
      throw new RefusedException(
          "no_such_member",
          Place.device(target.name(), -1),
          "of an encrypted filesystem -i has to say which member it was, one of " + members);
    }
    BlockDevice lent = new LentDevice(target);
    OpenOptions options = OpenOptions.defaults().withRescue(true);
    try (ReadFilesystem filesystem =
        ReadFilesystem.open(List.of(new LentDevice(other), lent), options)) {
      return SuperblockRecovery.indexOf(filesystem.devices(), lent);
    }
  }

  private void show(Invocation invocation, List<SuperblockCopy> copies, Superblock found) {
    if (verbose) {
      for (SuperblockCopy copy : copies) {
        invocation.note(describe(copy));
      }
    }
    MemberNames names = new MemberNames(Map.of(found.deviceIndex(), devices.getFirst()));
    CalendarTime time = new CalendarTime(invocation.clock().getZone());
    invocation
        .out()
        .text()
        .println("Found superblock:")
        .print(
            new SuperblockText(found, names, time)
                .all(EnumSet.of(SectionType.MEMBERS_V2), false, true));
  }

  private static String describe(SuperblockCopy copy) {
    String where = "sector " + copy.sector() + ": ";
    return copy.valid()
        ? where
            + "superblock with sequence number "
            + Long.toUnsignedString(copy.superblock().seq())
        : where + copy.problem().getMessage();
  }

  private void conclude(
      Invocation invocation, List<SuperblockCopy> copies, Superblock found, List<Long> written) {
    if (invocation.out().isJson()) {
      json(invocation.out().data(), copies, found, written);
    } else if (written.isEmpty()) {
      invocation
          .out()
          .text()
          .println(
              "Would be written to sectors "
                  + found.layout().sectors()
                  + " and 7 of "
                  + devices.getFirst());
    } else {
      invocation
          .out()
          .text()
          .println("Written to sectors " + written + " and 7 of " + devices.getFirst());
    }
    if (source != null) {
      int buckets = found.journalBuckets().size();
      invocation.note(
          devices.getFirst()
              + ": device "
              + found.deviceIndex()
              + (buckets == 0
                  ? "; it has no journal any more; run fsck"
                  : "; " + buckets + " journal buckets were found on it; run fsck"));
    }
    if (written.isEmpty() && !dryRun) {
      invocation.note("nothing was written; -y writes it");
    }
  }

  private void json(
      JsonWriter json, List<SuperblockCopy> copies, Superblock found, List<Long> written) {
    json.beginObject().beginArray("copies");
    for (SuperblockCopy copy : copies) {
      json.beginObject().field("sector", copy.sector()).field("valid", copy.valid());
      if (copy.valid()) {
        json.unsigned("seq", copy.superblock().seq());
      } else {
        json.field("problem", copy.problem().getMessage());
      }
      json.endObject();
    }
    json.endArray().key("superblock");
    new SuperblockJson(found, new MemberNames(Map.of(found.deviceIndex(), devices.getFirst())))
        .write(json);
    json.beginArray("written_sectors");
    written.forEach(json::value);
    json.endArray().endObject();
  }
}
