// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.engine.rebuild.RebuiltSuperblocks;
import org.jbcachefs.engine.rebuild.SuperblockRebuild;
import org.jbcachefs.engine.sb.SuperblockRecovery;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.Feature;

/** {@code recover-super -f}: superblocks for devices of which none has one any more. */
final class SuperblockRebuilding {
  private final Invocation invocation;
  private final boolean write;
  private final boolean dryRun;

  SuperblockRebuilding(Invocation invocation, boolean write, boolean dryRun) {
    this.invocation = invocation;
    this.write = write;
    this.dryRun = dryRun;
  }

  int run(List<BlockDevice> devices) {
    int threads = Runtime.getRuntime().availableProcessors();
    RebuiltSuperblocks rebuilt =
        SuperblockRebuild.of(
            devices,
            threads,
            invocation.clock(),
            finding -> invocation.note(finding.place() + ": " + finding.what()));
    invocation.out().filesystem(rebuilt.superblocks().values().iterator().next().userUuid());
    if (!invocation.out().isJson()) {
      show(rebuilt);
    }
    Map<BlockDevice, List<Long>> written = new LinkedHashMap<>();
    rebuilt
        .superblocks()
        .forEach((device, superblock) ->
            written.put(device, write ? SuperblockRecovery.write(device, superblock) : List.of()));
    if (invocation.out().isJson()) {
      json(invocation.out().data(), rebuilt, written);
    } else {
      rebuilt.superblocks().forEach((device, superblock) -> conclude(device, superblock));
    }
    if (write) {
      invocation.note(next(rebuilt.superblocks().values().iterator().next()));
    } else if (!dryRun) {
      invocation.note("nothing was written; -y writes it");
    }
    return ExitCode.DONE;
  }

  private static String next(Superblock superblock) {
    if (superblock.has(Feature.NO_ALLOC_INFO)) {
      return "fsck -n can check it; an image is not repaired";
    }
    return superblock.ext().map(ExtSection::recoveryPassesRequired).orElse(0L) != 0
        ? "fsck -y has to run next; nothing mounts it before"
        : "upgrade and fsck -y have to run next";
  }

  private void show(RebuiltSuperblocks rebuilt) {
    CalendarTime time = new CalendarTime(invocation.clock().getZone());
    Map<Integer, String> names = new LinkedHashMap<>();
    rebuilt
        .superblocks()
        .forEach((device, superblock) -> names.put(superblock.deviceIndex(), device.name()));
    Superblock first = rebuilt.superblocks().values().iterator().next();
    var out = invocation.out().text();
    out.println("Made up a superblock:")
        .print(
            new SuperblockText(first, new MemberNames(names), time)
                .all(EnumSet.of(SectionType.MEMBERS_V2), false, true));
    out.println("Found on the devices:");
    rebuilt.found().forEach(line -> out.println("  " + line));
    out.println("Assumed, since nothing tells:");
    rebuilt.assumed().forEach(line -> out.println("  " + line));
  }

  private void conclude(BlockDevice device, Superblock superblock) {
    invocation
        .out()
        .text()
        .println(
            (write ? "Written to sectors " : "Would be written to sectors ")
                + superblock.layout().sectors()
                + " and 7 of "
                + device.name());
  }

  private static void json(
      JsonWriter json, RebuiltSuperblocks rebuilt, Map<BlockDevice, List<Long>> written) {
    json.beginObject().beginArray("found");
    rebuilt.found().forEach(json::value);
    json.endArray().beginArray("assumed");
    rebuilt.assumed().forEach(json::value);
    json.endArray().beginArray("devices");
    rebuilt
        .superblocks()
        .forEach((device, superblock) -> {
          json.beginObject().field("path", device.name()).key("superblock");
          new SuperblockJson(
                  superblock, new MemberNames(Map.of(superblock.deviceIndex(), device.name())))
              .write(json);
          json.beginArray("written_sectors");
          written.get(device).forEach(json::value);
          json.endArray().endObject();
        });
    json.endArray().endObject();
  }
}
