// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.list;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.open.ReadOptions;
import org.jbcachefs.cli.open.RescueSummary;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.value.KeyText;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code list}. */
@Command(
    name = "list",
    description = {
      "Lists what is in a btree of a filesystem that is not mounted; journalled keys count.",
      "Positions are inode:offset:snapshot, POS_MIN or SPOS_MAX; with a start in a snapshot only"
          + " what that snapshot sees is listed."
    })
public final class ListCommand implements CliCommand {
  @Parameters(arity = "1..*", paramLabel = "DEVICE", description = "All members, in any order.")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = {"-m", "--mode"},
      paramLabel = "MODE",
      defaultValue = "keys",
      description = "keys, formats, nodes or nodes-ondisk; keys if not given.")
  private String mode;

  @Option(
      names = {"-b", "--btree"},
      paramLabel = "BTREE",
      defaultValue = "extents",
      description = "By name or number; extents if not given.")
  private String btree;

  @Option(
      names = {"-k", "--bkey-type"},
      paramLabel = "TYPE",
      description = "Only keys of that type, by name or number.")
  private String keyType;

  @Option(
      names = {"-l", "--level"},
      paramLabel = "LEVEL",
      defaultValue = "0",
      description = "0 for leaves, which is the default.")
  private int level;

  @Option(
      names = {"-s", "--start"},
      paramLabel = "POS",
      defaultValue = "POS_MIN",
      description = "The first position.")
  private String start;

  @Option(
      names = {"-e", "--end"},
      paramLabel = "POS",
      defaultValue = "SPOS_MAX",
      description = "The last position.")
  private String end;

  @Option(
      names = {"-f", "--fsck"},
      description = "First read every node of every btree, and tell what is wrong.")
  private boolean check;

  @Option(
      names = {"-c", "--colorize"},
      paramLabel = "BOOL",
      arity = "1",
      description = "Accepted; nothing is coloured.")
  @SuppressWarnings("UnusedVariable")
  private boolean colorize;

  @Option(
      names = {"-v", "--verbose"},
      description = "Values in hexadecimal too.")
  private boolean verbose;

  @Mixin private ReadOptions read = new ReadOptions();
  @Mixin private ReadOptions.Rescue rescue = new ReadOptions.Rescue();

  @Override
  public int run(Invocation invocation) throws IOException {
    int number = PositionWords.btree(btree);
    int type = keyType == null ? -1 : PositionWords.keyType(keyType);
    Bpos from = PositionWords.position(start);
    Bpos to = PositionWords.position(end);
    NodeLister.Show show = show();
    try (ReadFilesystem filesystem =
        read.open(invocation, read.members(devices), rescue.rescue())) {
      if (check) {
        readAll(invocation, filesystem.btrees());
      }
      if (show != null) {
        new NodeLister(invocation, filesystem, number).list(show, level, from, to);
        return ExitCode.DONE;
      }
      KeyText text = new KeyText(filesystem.keyContext());
      try (KeyIterator keys = keys(filesystem, number, from, to)) {
        new KeyLister(invocation.out(), text, number, level, type, verbose).list(keys);
      }
      RescueSummary.tell(invocation, filesystem);
      return ExitCode.DONE;
    }
  }

  /** What of nodes is shown, or null for keys. */
  private NodeLister.Show show() throws org.jbcachefs.cli.UsageException {
    return switch (mode) {
      case "keys" -> null;
      case "nodes" -> NodeLister.Show.POINTER;
      case "formats" -> NodeLister.Show.FORMAT;
      case "nodes-ondisk", "nodes_ondisk" -> NodeLister.Show.ONDISK;
      default ->
          throw new org.jbcachefs.cli.UsageException(
              "'" + mode + "' is no mode; expected keys, formats, nodes or nodes-ondisk");
    };
  }

  private KeyIterator keys(ReadFilesystem filesystem, int number, Bpos from, Bpos to) {
    BtreeId id = BtreeId.of(number);
    if (from.snapshot() != 0 && level == 0 && id != null && id.hasSnapshots()) {
      return new VisibleKeys(
          filesystem.btrees(), filesystem.snapshots(), number, from.snapshot(), from, to);
    }
    return filesystem.btrees().iterate(number, level, from, to);
  }

  private static void readAll(Invocation invocation, Btrees btrees) {
    for (int number : btrees.present()) {
      try (KeyIterator keys = btrees.iterate(number, Bpos.MIN, Bpos.MAX)) {
        boolean more = true;
        while (more) {
          more = step(invocation, keys);
        }
      }
    }
  }

  private static boolean step(Invocation invocation, KeyIterator keys) {
    try {
      return keys.next();
    } catch (CorruptionException e) {
      invocation.damaged("", e);
      return true;
    }
  }
}
