// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.fsck;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.FindingPaths;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;

/** Which files have lost data in a repair: by path, as soon as somebody can tell them. */
final class LostFiles {
  private static final int SECTOR_BYTES = 512;

  /** Of more ranges only the files are told apart. */
  private static final int MOST_RANGES = 100_000;

  private static final int MOST_SHOWN = 1000;

  private final Map<Key, Lost> files =
      new TreeMap<>(
          Comparator.comparing(Key::inode, Long::compareUnsigned)
              .thenComparing(Key::snapshot, Integer::compareUnsigned));
  private int ranges;

  private record Key(long inode, int snapshot) {}

  private static final class Lost {
    private final Map<Long, Long> ranges = new TreeMap<>();
    private List<byte[]> paths = List.of();

    long bytes() {
      long sectors = 0;
      for (Map.Entry<Long, Long> range : ranges.entrySet()) {
        sectors += range.getValue() - range.getKey();
      }
      return sectors * SECTOR_BYTES;
    }
  }

  /** Notes a range of a file, in sectors; again if it is told again. */
  void add(long inode, int snapshot, long start, long end) {
    Lost file = files.computeIfAbsent(new Key(inode, snapshot), _ -> new Lost());
    if (ranges < MOST_RANGES && file.ranges.put(start, end) == null) {
      ranges++;
    }
  }

  boolean isEmpty() {
    return files.isEmpty();
  }

  /** Looks for the paths of those that have none yet. */
  void find(FindingPaths paths) {
    int looked = 0;
    for (Map.Entry<Key, Lost> each : files.entrySet()) {
      Lost file = each.getValue();
      if (!file.paths.isEmpty() || file.ranges.isEmpty() || looked++ >= MOST_SHOWN) {
        continue;
      }
      Key key = each.getKey();
      long end = file.ranges.values().iterator().next();
      file.paths =
          paths.of(
              CheckFinding.of(FsckError.EXTENT_PTRS_ALL_INVALID, "lost")
                  .at(BtreeId.EXTENTS, new Bpos(key.inode, end, key.snapshot)));
    }
  }

  void text(TextWriter text, boolean dryRun) {
    text.println(
        dryRun
            ? "data of these files is lost; reading it would be an error:"
            : "data of these files is lost; reading it is an error from now on:");
    int shown = 0;
    for (Map.Entry<Key, Lost> each : files.entrySet()) {
      if (shown++ == MOST_SHOWN) {
        text.println("  and " + (files.size() - MOST_SHOWN) + " more");
        return;
      }
      text.print("  " + each.getValue().bytes() + " bytes of ");
      text.println(name(each.getKey(), each.getValue()));
    }
  }

  private static String name(Key key, Lost file) {
    if (file.paths.isEmpty()) {
      return "inode "
          + Long.toUnsignedString(key.inode)
          + " in snapshot "
          + Integer.toUnsignedString(key.snapshot);
    }
    List<String> names = new ArrayList<>();
    file.paths.forEach(path -> names.add(Names.printableString(path)));
    return String.join(", ", names);
  }

  void json(JsonWriter json) {
    json.beginArray("lost");
    for (Map.Entry<Key, Lost> each : files.entrySet()) {
      json.beginObject().field("inode", each.getKey().inode);
      json.field("snapshot", Integer.toUnsignedLong(each.getKey().snapshot));
      json.field("bytes", each.getValue().bytes()).beginArray("paths");
      each.getValue().paths.forEach(path -> json.beginObject().name("path", path).endObject());
      json.endArray().endObject();
    }
    json.endArray();
  }
}
