// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jbcachefs.engine.alloc.DeviceUsage;
import org.jbcachefs.engine.alloc.FilesystemUsage;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.ReconcileWork;

/** Usage of space as the reference's fs usage prints it. */
final class UsageText {
  /** Parts that can be asked for. */
  enum Part {
    REPLICAS,
    BTREE,
    COMPRESSION,
    REBALANCE_WORK,
    DEVICES
  }

  private final Superblock superblock;
  private final FilesystemUsage usage;
  private final MemberNames names;
  private final boolean human;

  UsageText(Superblock superblock, FilesystemUsage usage, MemberNames names, boolean human) {
    this.superblock = superblock;
    this.usage = usage;
    this.names = names;
    this.human = human;
  }

  String text(Set<Part> parts) {
    StringBuilder out = new StringBuilder();
    out.append("Filesystem: ").append(superblock.userUuid()).append('\n');
    out.append(
        new AlignedColumns()
            .left("Size:")
            .right(sectors(usage.capacity()))
            .end()
            .left("Used:")
            .right(sectors(usage.used()))
            .end()
            .left("Online reserved:")
            .right(sectors(0))
            .end());
    out.append("\n\n").append(summary());
    if (parts.contains(Part.REPLICAS)) {
      out.append("\n").append(replicas());
    }
    if (parts.contains(Part.COMPRESSION) && !usage.compression().isEmpty()) {
      out.append('\n').append(compression()).append('\n');
    }
    if (parts.contains(Part.BTREE) && !usage.btrees().isEmpty()) {
      out.append('\n').append(btrees()).append('\n');
    }
    if (parts.contains(Part.REBALANCE_WORK)) {
      out.append(work());
    }
    out.append('\n').append(parts.contains(Part.DEVICES) ? devicesInFull() : devicesInShort());
    return out.toString();
  }

  private String sectors(long sectors) {
    return bytes(sectors << 9);
  }

  private String bytes(long bytes) {
    return human ? Units.human(bytes) : Long.toString(bytes);
  }

  private int durability(int device) {
    List<Member> members = superblock.members();
    return device < members.size() && members.get(device).exists()
        ? members.get(device).durability()
        : 1;
  }

  private int durability(FilesystemUsage.Replicas set) {
    return set.required() > 1
        ? set.devices().size() - set.required() + 1
        : set.devices().stream().mapToInt(this::durability).sum();
  }

  /** How many copies are on devices that are members no more. */
  private int degraded(FilesystemUsage.Replicas set) {
    int degraded = 0;
    for (int device : set.devices()) {
      boolean member =
          device < superblock.members().size() && superblock.members().get(device).exists();
      degraded += member ? 0 : 1;
    }
    return degraded;
  }

  private String summary() {
    Map<String, List<Long>> replicated =
        new TreeMap<>(Comparator.comparingInt(String::length).thenComparing(text -> text));
    Map<String, List<Long>> striped = new TreeMap<>();
    long cached = 0;
    for (FilesystemUsage.Replicas set : usage.replicas()) {
      if (set.dataType() == DataType.CACHED.number()) {
        cached += set.sectors();
      } else if (set.required() > 1) {
        int parity = set.devices().size() - set.required();
        count(striped, set.required() + "+" + parity + ":", degraded(set), set.sectors());
      } else {
        count(replicated, durability(set) + "x:", degraded(set), set.sectors());
      }
    }
    StringBuilder out = new StringBuilder();
    out.append(striped.isEmpty() ? "" : "Replicated:\n").append(matrix(replicated));
    if (!striped.isEmpty()) {
      out.append("\nErasure coded (data+parity):\n").append(matrix(striped));
    }
    return out.append(cachedAndReserved(cached)).toString();
  }

  private static void count(Map<String, List<Long>> matrix, String row, int column, long sectors) {
    List<Long> counts = matrix.computeIfAbsent(row, name -> new ArrayList<>());
    while (counts.size() <= column) {
      counts.add(0L);
    }
    counts.set(column, counts.get(column) + sectors);
  }

  private String matrix(Map<String, List<Long>> matrix) {
    int columns = matrix.values().stream().mapToInt(List::size).max().orElse(0);
    if (columns == 0) {
      return "";
    }
    AlignedColumns out = new AlignedColumns().left("");
    for (int column = 0; column < columns; column++) {
      out.right(column == 0 ? "undegraded" : "-" + column + "x");
    }
    out.end();
    matrix.forEach((row, counts) -> {
      out.left(row);
      counts.forEach(count -> out.right(count == 0 ? "" : sectors(count)));
      out.end();
    });
    return out + "\n";
  }

  private String cachedAndReserved(long cached) {
    long reserved = usage.reserved().stream().mapToLong(FilesystemUsage.Reserved::sectors).sum();
    if (cached == 0 && reserved == 0) {
      return "";
    }
    AlignedColumns out = new AlignedColumns();
    if (cached != 0) {
      out.left("cached:").right(sectors(cached)).end();
    }
    if (reserved != 0) {
      out.left("reserved:").right(sectors(reserved)).end();
    }
    return out + "\n";
  }

  private String replicas() {
    AlignedColumns out =
        new AlignedColumns()
            .left("Data type")
            .left("Required/total")
            .left("Durability")
            .left("Devices")
            .end("Usage");
    for (FilesystemUsage.Reserved reserved : usage.reserved()) {
      out.left("reserved:").left("1/" + reserved.replicas()).left("").left("[]");
      out.right(" " + sectors(reserved.sectors())).end();
    }
    for (FilesystemUsage.Replicas set : usage.replicas()) {
      if (set.sectors() != 0) {
        out.left(DataType.nameOf(set.dataType()) + ":");
        out.left(set.required() + "/" + set.devices().size());
        out.left(Integer.toString(durability(set)));
        out.left("[" + String.join(" ", set.devices().stream().map(this::name).toList()) + "]");
        out.right(sectors(set.sectors())).end();
      }
    }
    return out + "\n";
  }

  private String name(int device) {
    return device == Member.NO_DEVICE ? "none" : names.shortName(device);
  }

  private AlignedColumns compression() {
    AlignedColumns out =
        new AlignedColumns()
            .end("Compression:")
            .left("type")
            .right("compressed")
            .right("uncompressed")
            .right("average extent size")
            .end();
    for (FilesystemUsage.Compressed compressed : usage.compression()) {
      long extents = compressed.extents();
      long average = extents > 0 ? (compressed.uncompressedSectors() << 9) / extents : 0;
      out.left(CompressionType.nameOf(compressed.type()));
      out.right(sectors(compressed.compressedSectors()));
      out.right(sectors(compressed.uncompressedSectors())).right(bytes(average)).end();
    }
    return out;
  }

  private AlignedColumns btrees() {
    AlignedColumns out = new AlignedColumns().end("Btree usage:");
    for (FilesystemUsage.Btree btree : usage.btrees()) {
      out.left(BtreeId.nameOf(btree.btree()) + ":").right(sectors(btree.sectors())).end();
    }
    return out;
  }

  private String work() {
    StringBuilder out = new StringBuilder();
    if (usage.rebalance() != 0) {
      out.append("\nPending rebalance work:\n").append(sectors(usage.rebalance())).append('\n');
    }
    if (!usage.reconcile().isEmpty()) {
      AlignedColumns table =
          new AlignedColumns().left("Pending reconcile:").right("data").right("metadata").end();
      for (FilesystemUsage.Reconcile work : usage.reconcile()) {
        ReconcileWork reason = ReconcileWork.of(work.reason());
        table.left((reason == null ? "unknown " + work.reason() : reason) + ":");
        table.right(sectors(work.dataSectors())).right(sectors(work.metadataSectors())).end();
      }
      out.append('\n').append(table).append('\n');
    }
    return out.toString();
  }

  private List<DeviceUsage> devices() {
    Comparator<DeviceUsage> order =
        Comparator.<DeviceUsage, String>comparing(device -> label(device, ""))
            .thenComparing(device -> names.shortName(device.member().index()))
            .thenComparingInt(device -> device.member().index());
    return usage.devices().stream().sorted(order).toList();
  }

  private String label(DeviceUsage device, String none) {
    return superblock.diskGroups().path(device.member().label()).orElse(none);
  }

  private String title(DeviceUsage device) {
    return label(device, "(no label)") + " (device " + device.member().index() + "):";
  }

  private static String state(DeviceUsage device) {
    return device.member().state() == null ? "unknown" : device.member().state().toString();
  }

  private String devicesInShort() {
    List<DeviceUsage> devices = devices();
    boolean leaving = devices.stream().anyMatch(device -> device.leavingSectors() != 0);
    AlignedColumns out =
        new AlignedColumns()
            .left("Device label")
            .left("Device")
            .left("State")
            .right("Size")
            .right("Used")
            .right("Use%");
    (leaving ? out.right("Leaving") : out).end();
    for (DeviceUsage device : devices) {
      long hidden = device.hiddenSectors();
      out.left(title(device)).left(names.shortName(device.member().index())).left(state(device));
      out.right(sectors(device.capacitySectors() - hidden));
      out.right(sectors(device.usedSectors() - hidden)).right(percent(device));
      if (device.leavingSectors() > 0) {
        out.right(sectors(device.leavingSectors()));
      }
      out.end();
    }
    return out + "\n";
  }

  private static String percent(DeviceUsage device) {
    return String.format(Locale.ROOT, "%2d%%", device.usedPercent());
  }

  private String devicesInFull() {
    StringBuilder out = new StringBuilder();
    for (DeviceUsage device : devices()) {
      out.append(inFull(device)).append("\n\n");
    }
    return out.toString();
  }

  private AlignedColumns inFull(DeviceUsage device) {
    AlignedColumns out =
        new AlignedColumns()
            .left(title(device))
            .left(names.shortName(device.member().index()))
            .left(state(device))
            .end(percent(device));
    out.left("  ").right("data").right("buckets").right("fragmented").end();
    for (DataType type : DataType.values()) {
      DeviceUsage.Counts counts = device.of(type);
      out.left("  " + type + ":").right(sectors(device.sectors(type)));
      out.right(Long.toString(counts.buckets()));
      out.right(counts.fragmented() > 0 ? sectors(counts.fragmented()) : "").end();
    }
    out.left("  capacity:").right(sectors(device.capacitySectors()));
    out.right(Long.toString(device.member().nbuckets())).end();
    return out.left("  bucket size:").right(sectors(device.member().bucketSectors())).end();
  }
}
