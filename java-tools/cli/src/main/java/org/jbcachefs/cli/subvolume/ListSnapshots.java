// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.subvolume;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.Subvolume;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code subvolume list-snapshots}. */
@Command(
    name = "list-snapshots",
    description = {
      "Shows the tree of snapshots that a subvolume belongs to, with the space that each node alone"
          + " uses; nodes that several subvolumes share have no name.",
      "With --flat a table of subvolumes: their own space, and with all that they share."
    })
public final class ListSnapshots extends SubvolumeCommand {
  @Option(
      names = {"-f", "--flat"},
      description = "A table instead of a tree.")
  private boolean flat;

  @Option(
      names = {"-a", "--all"},
      description = "The trees of all subvolumes.")
  private boolean all;

  /** A node on its way to the screen. */
  private record Branch(int id, String prefix, boolean last) {}

  @Override
  int run(Invocation invocation, View view) {
    SnapshotForest forest = new SnapshotForest(view.filesystem().snapshots());
    Subvolume asked = view.filesystem().subvolumes().get(view.subvolume());
    List<Integer> roots = all ? forest.roots() : List.of(forest.rootOf(asked.snapshot()));
    if (invocation.out().isJson()) {
      json(invocation.out().data(), view, forest, roots);
    } else if (flat) {
      table(invocation.out().text(), view, forest.under(roots));
    } else {
      for (int root : roots) {
        draw(invocation.out().text(), view, forest, root);
      }
    }
    return ExitCode.DONE;
  }

  private static void draw(TextWriter out, View view, SnapshotForest forest, int root) {
    if (forest.get(root) == null) {
      out.println("(no snapshot nodes)");
      return;
    }
    label(out, view, forest.get(root));
    Deque<Branch> stack = new ArrayDeque<>();
    pushChildren(stack, forest.get(root), "");
    while (!stack.isEmpty()) {
      Branch branch = stack.pop();
      out.print(branch.prefix).print(branch.last ? "└── " : "├── ");
      label(out, view, forest.get(branch.id));
      pushChildren(stack, forest.get(branch.id), branch.prefix + (branch.last ? "    " : "│   "));
    }
  }

  private static void pushChildren(Deque<Branch> stack, SnapshotForest.Node node, String prefix) {
    for (int i = node.children().size() - 1; i >= 0; i--) {
      stack.push(new Branch(node.children().get(i), prefix, i == node.children().size() - 1));
    }
  }

  private static void label(TextWriter out, View view, SnapshotForest.Node node) {
    out.name(name(view, node)).print(" [" + Sectors.text(view.usage().of(node.id())) + "]");
    String flags = flagsOf(node.snapshot(), view);
    out.println(flags.isEmpty() ? "" : " (" + flags + ")");
  }

  /** The subvolume's path, or what there is to say if it has none. */
  private static byte[] name(View view, SnapshotForest.Node node) {
    int subvolume = node.snapshot().subvolume();
    if (subvolume == 0) {
      return Names.encode("(shared)");
    }
    return view.paths()
        .absolute(subvolume)
        .orElseGet(() -> Names.encode("subvol " + Integer.toUnsignedString(subvolume)));
  }

  private static String flagsOf(Snapshot snapshot, View view) {
    Subvolume subvolume = view.filesystem().subvolumes().get(snapshot.subvolume());
    return subvolume == null ? "" : flags(subvolume.readOnly(), subvolume.unlinked());
  }

  private void table(TextWriter out, View view, List<SnapshotForest.Node> nodes) {
    List<SnapshotForest.Node> rows = new ArrayList<>();
    for (SnapshotForest.Node node : nodes) {
      Subvolume subvolume = view.filesystem().subvolumes().get(node.snapshot().subvolume());
      if (subvolume != null && (!readOnlyOnly || subvolume.readOnly())) {
        rows.add(node);
      }
    }
    order(rows, view);
    out.left("Path", 24).print(" ").left("ID", 8).print(" ").left("Own", 12).print(" ");
    out.left("Total", 12).println(" Flags");
    for (SnapshotForest.Node row : rows) {
      byte[] path = name(view, row);
      String flags = flagsOf(row.snapshot(), view);
      out.name(path).blanks(24 - Names.printableString(path).length()).print(" ");
      out.left(Integer.toUnsignedString(row.snapshot().subvolume()), 8).print(" ");
      out.left(Sectors.text(view.usage().of(row.id())), 12).print(" ");
      out.left(Sectors.text(total(view, row)), 12).print(" ");
      out.println(flags.isEmpty() ? "-" : flags);
    }
  }

  private static long total(View view, SnapshotForest.Node node) {
    return view.usage().visibleTo(node.id(), view.filesystem().snapshots());
  }

  private void order(List<SnapshotForest.Node> rows, View view) {
    switch (sort()) {
      case null -> {}
      case NAME -> rows.sort((a, b) -> Arrays.compareUnsigned(name(view, a), name(view, b)));
      case SIZE ->
          rows.sort(
              Comparator.comparingLong((SnapshotForest.Node node) -> total(view, node)).reversed());
      case TIME ->
          rows.sort(
              Comparator.comparingLong((SnapshotForest.Node node) ->
                      view.created(view.filesystem().subvolumes().get(node.snapshot().subvolume())))
                  .reversed());
    }
  }

  private static void json(JsonWriter json, View view, SnapshotForest forest, List<Integer> roots) {
    json.beginObject();
    json.beginObject("query_root");
    json.field("subvol", view.subvolume() & 0xffffffffL);
    json.field("snapshot", roots.getFirst() & 0xffffffffL);
    json.name("path", view.paths().absolute(view.subvolume()).orElse(null));
    json.endObject();
    json.beginArray("nodes");
    forest.under(roots).forEach(node -> json(json, view, node));
    json.endArray().endObject();
  }

  private static void json(JsonWriter json, View view, SnapshotForest.Node node) {
    Snapshot snapshot = node.snapshot();
    json.beginObject();
    json.field("id", node.id() & 0xffffffffL);
    json.field("parent", snapshot.parent() & 0xffffffffL);
    json.field("children", node.children().stream().map(id -> id & 0xffffffffL).toList());
    json.field("subvol", snapshot.subvolume() & 0xffffffffL);
    long sectors = view.usage().of(node.id());
    json.field("sectors", sectors);
    json.field("size", Sectors.text(sectors));
    String flags = flagsOf(snapshot, view);
    if (!flags.isEmpty()) {
      json.field("flags", flags);
    }
    if (snapshot.subvolume() != 0) {
      json.name("path", view.paths().absolute(snapshot.subvolume()).orElse(null));
    }
    json.endObject();
  }
}
