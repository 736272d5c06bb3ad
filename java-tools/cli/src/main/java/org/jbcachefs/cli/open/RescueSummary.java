// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.engine.btree.RescueReport;
import org.jbcachefs.engine.fs.RangePaths;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.BcachefsException;

/**
 * What a rescue ends with: how many nodes the devices held, which btrees were rebuilt from them,
 * and which ranges stay lost.
 */
public final class RescueSummary {
  /** More lost ranges than this are only counted. */
  private static final int SHOWN = 100;

  /** So many files are named for each lost range. */
  private static final int PATHS = 16;

  private RescueSummary() {}

  /** Prints the report on standard error; all of it is in JSON's errors too. */
  public static void tell(Invocation invocation, ReadFilesystem filesystem) {
    RescueReport report = filesystem.rescueReport();
    if (!report.scanned()) {
      return;
    }
    int nodes = 0;
    for (Map<Integer, Integer> levels : report.found().values()) {
      nodes += levels.values().stream().mapToInt(Integer::intValue).sum();
    }
    note(invocation, "a scan of the devices found " + nodes + " btree nodes");
    count(invocation, report, false, " rebuilt from what was found");
    count(
        invocation,
        report,
        true,
        " filled by older nodes as far as there are any; what they show may be of an earlier time");
    Optional<RangePaths> paths = paths(filesystem);
    report.lost().stream()
        .limit(SHOWN)
        .forEach(lost -> invocation.damaged(problem(lost, paths(paths, lost))));
    if (report.lost().size() > SHOWN) {
      note(invocation, "and " + (report.lost().size() - SHOWN) + " more lost ranges");
    }
  }

  private static void count(
      Invocation invocation, RescueReport report, boolean byOlder, String how) {
    Map<Integer, Integer> rebuilt = new TreeMap<>();
    report.replaced().stream()
        .filter(range -> range.byOlder() == byOlder)
        .forEach(range -> rebuilt.merge(range.btree(), 1, Integer::sum));
    rebuilt.forEach((btree, ranges) ->
        note(
            invocation,
            "btree "
                + BtreeId.nameOf(btree)
                + ": "
                + ranges
                + (ranges == 1 ? " range was" : " ranges were")
                + how));
  }

  private static Optional<RangePaths> paths(ReadFilesystem filesystem) {
    try {
      return Optional.of(
          new RangePaths(filesystem.btrees(), filesystem.snapshots(), filesystem.subvolumes()));
    } catch (BcachefsException _) {
      // Without subvolumes and snapshots nothing has a path.
      return Optional.empty();
    }
  }

  private static List<byte[]> paths(Optional<RangePaths> paths, RescueReport.Lost lost) {
    return paths
        .map(known -> known.of(lost.btree(), lost.from(), lost.to(), PATHS))
        .orElse(List.of());
  }

  private static void note(Invocation invocation, String what) {
    invocation.problem(new Problem("note", "rescue", what));
  }

  private static Problem problem(RescueReport.Lost lost, List<byte[]> files) {
    List<String> paths = files.stream().map(Names::printableString).toList();
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("btree", BtreeId.nameOf(lost.btree()));
    details.put("from", lost.from().toString());
    details.put("to", lost.to().toString());
    details.put("paths", paths);
    String where = "btree " + BtreeId.nameOf(lost.btree());
    String what = "no node with keys from " + lost.from() + " to " + lost.to() + " is left";
    if (!paths.isEmpty()) {
      what += ", which concerns " + String.join(", ", paths);
      what += paths.size() == PATHS ? ", and perhaps more" : "";
    }
    return new Problem("lost", where, what, details);
  }
}
