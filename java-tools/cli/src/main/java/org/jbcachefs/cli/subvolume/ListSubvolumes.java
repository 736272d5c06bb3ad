// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.subvolume;

import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.files.BytePath;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.cli.output.Times;
import org.jbcachefs.format.value.Subvolume;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code subvolume list}. */
@Command(
    name = "list",
    description = {
      "Lists the subvolumes that are in a subvolume: path, number, time of creation, flags, and the"
          + " size of all that each shows.",
      "Snapshots are listed only with --snapshots."
    })
public final class ListSubvolumes extends SubvolumeCommand {
  @Option(
      names = {"-t", "--tree"},
      description = "Draw the tree of subvolumes in subvolumes.")
  private boolean tree;

  @Option(
      names = {"-R", "--recursive"},
      description = "Subvolumes in subvolumes too.")
  private boolean recursive;

  @Option(
      names = {"-s", "--snapshots"},
      description = "Snapshots too.")
  private boolean snapshots;

  /**
   * One line.
   *
   * @param path from the subvolume that was asked about
   */
  private record Row(byte[] path, int id, Subvolume subvolume, long sectors, long created) {}

  @Override
  int run(Invocation invocation, View view) {
    if (invocation.out().isJson()) {
      invocation.out().beginList();
      for (Row row : children(view, view.subvolume())) {
        if (isShown(row)) {
          invocation.out().item(json -> json(json, view, row, zone(invocation)));
        }
      }
    } else if (tree) {
      draw(invocation, view, view.subvolume(), "");
    } else {
      table(invocation, view);
    }
    return ExitCode.DONE;
  }

  private boolean isShown(Row row) {
    return (snapshots || row.subvolume.creationParent() == 0)
        && (!readOnlyOnly || row.subvolume.readOnly());
  }

  /** The subvolumes right in that one, by number; paths are from its root. */
  private static List<Row> children(View view, int parent) {
    List<Row> rows = new ArrayList<>();
    for (Map.Entry<Integer, Subvolume> entry : view.filesystem().subvolumes().all().entrySet()) {
      Optional<SubvolumePaths.Location> location = view.paths().location(entry.getKey());
      if (location.isPresent() && location.get().parent() == parent) {
        Subvolume subvolume = entry.getValue();
        rows.add(
            new Row(
                location.get().path(),
                entry.getKey(),
                subvolume,
                view.sectors(subvolume),
                view.created(subvolume)));
      }
    }
    return rows;
  }

  private void table(Invocation invocation, View view) {
    List<Row> rows = new ArrayList<>();
    collect(view, view.subvolume(), new byte[0], rows);
    rows.removeIf(row -> !isShown(row));
    order(rows);
    TextWriter out = invocation.out().text();
    heading(out);
    for (Row row : rows) {
      line(out, view, row, zone(invocation));
    }
  }

  private void collect(View view, int parent, byte[] prefix, List<Row> rows) {
    for (Row child : children(view, parent)) {
      byte[] path = BytePath.join(prefix, child.path);
      rows.add(new Row(path, child.id, child.subvolume, child.sectors, child.created));
      if (recursive) {
        collect(view, child.id, path, rows);
      }
    }
  }

  private void order(List<Row> rows) {
    switch (sort()) {
      case null -> {}
      case NAME -> rows.sort((a, b) -> Arrays.compareUnsigned(a.path, b.path));
      case SIZE -> rows.sort(Comparator.comparingLong(Row::sectors).reversed());
      case TIME -> rows.sort(Comparator.comparingLong(Row::created).reversed());
    }
  }

  private void heading(TextWriter out) {
    out.left("Path", 24).print(" ").left("ID", 8).print(" ").left("Created", 16).print(" ");
    out.left("Flags", 12).print(" ");
    if (snapshots) {
      out.left("Size", 12).println(" Snapshot");
    } else {
      out.println("Size");
    }
  }

  private void line(TextWriter out, View view, Row row, ZoneId zone) {
    String flags = flags(row.subvolume.readOnly(), row.subvolume.unlinked());
    out.name(row.path).blanks(24 - width(row.path)).print(" ");
    out.left(Integer.toUnsignedString(row.id), 8).print(" ");
    out.left(time(row, zone), 16).print(" ");
    out.left(flags.isEmpty() ? "-" : flags, 12).print(" ");
    String size = Sectors.text(row.sectors);
    if (snapshots) {
      out.left(size, 12).print(" ").name(origin(view, row.subvolume)).println();
    } else {
      out.println(size);
    }
  }

  private static int width(byte[] path) {
    String shown = Names.decode(Names.printable(path));
    return shown.codePointCount(0, shown.length());
  }

  private static String time(Row row, ZoneId zone) {
    return row.created == 0 ? "-" : Times.minute(row.created, zone);
  }

  /** The path of the subvolume that a snapshot was made of; its number if it has none. */
  private static byte[] origin(View view, Subvolume snapshot) {
    int parent = snapshot.creationParent();
    if (parent == 0) {
      return new byte[0];
    }
    return view.paths()
        .absolute(parent)
        .orElseGet(() -> Names.encode(Integer.toUnsignedString(parent)));
  }

  private void json(JsonWriter json, View view, Row row, ZoneId zone) {
    json.beginObject();
    json.field("subvolid", row.id & 0xffffffffL);
    json.name("path", row.path);
    if (row.created != 0) {
      json.field("otime", Times.minute(row.created, zone));
      json.field("otime_unix", view.createdSeconds(row.subvolume));
    }
    if (row.subvolume.creationParent() != 0) {
      json.name("snapshot_parent", origin(view, row.subvolume));
    }
    String flags = flags(row.subvolume.readOnly(), row.subvolume.unlinked());
    if (!flags.isEmpty()) {
      json.field("flags", flags);
    }
    json.field("snapshot", row.subvolume.snapshot() & 0xffffffffL);
    json.field("size", Sectors.text(row.sectors));
    json.field("sectors", row.sectors);
    if (recursive || tree) {
      jsonChildren(json, view, row, zone);
    }
    json.endObject();
  }

  private void jsonChildren(JsonWriter json, View view, Row row, ZoneId zone) {
    List<Row> children = children(view, row.id);
    children.removeIf(child -> !isShown(child));
    if (!children.isEmpty()) {
      json.beginArray("children");
      children.forEach(child -> json(json, view, child, zone));
      json.endArray();
    }
  }

  private void draw(Invocation invocation, View view, int parent, String prefix) {
    List<Row> rows = children(view, parent);
    rows.removeIf(row -> !snapshots && row.subvolume.creationParent() != 0);
    TextWriter out = invocation.out().text();
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      boolean last = i == rows.size() - 1;
      out.print(prefix).print(last ? "└── " : "├── ").name(row.path);
      annotate(out, view, row, zone(invocation));
      draw(invocation, view, row.id, prefix + (last ? "    " : "│   "));
    }
  }

  private static void annotate(TextWriter out, View view, Row row, ZoneId zone) {
    out.print(" [");
    if (row.subvolume.creationParent() != 0) {
      out.print("snap of ").name(origin(view, row.subvolume)).print(", ");
    }
    String flags = flags(row.subvolume.readOnly(), row.subvolume.unlinked());
    if (!flags.isEmpty()) {
      out.print(flags).print(", ");
    }
    out.print(Sectors.text(row.sectors));
    if (row.created != 0) {
      out.print(", ").print(time(row, zone));
    }
    out.println("]");
  }
}
