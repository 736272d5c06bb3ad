// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.dump;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.block.qcow2.Qcow2Writer;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.open.FindingReport;
import org.jbcachefs.cli.open.MemberOptions;
import org.jbcachefs.cli.open.OpeningOptions;
import org.jbcachefs.cli.open.PassphraseSources;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.cli.output.Sizes;
import org.jbcachefs.engine.dump.MetadataDump;
import org.jbcachefs.engine.dump.Sanitizing;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code dump}. */
@Command(
    name = "dump",
    description = {
      "Writes the metadata of a filesystem that is not mounted to qcow2 images, one for each device:"
          + " superblocks, journal, btree nodes. Nothing that is in files is in them; names are,"
          + " unless they are sanitized too. So a broken filesystem can be shown to others.",
      "Changes nothing on the devices. 'undump' makes images of devices again, and qemu-img and"
          + " qemu-nbd know the format."
    })
public final class DumpCommand implements CliCommand {
  private static final String SUFFIX = ".qcow2";

  @Parameters(arity = "1..*", paramLabel = "DEVICE", description = "All members, in any order.")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = "-o",
      required = true,
      paramLabel = "OUTPUT",
      description = {
        "OUTPUT.qcow2 is written, of several devices OUTPUT.N.qcow2 with N the member's index."
      })
  private String output;

  @Option(
      names = {"-f", "--force"},
      description = "Overwrite existing files.")
  private boolean force;

  @Option(
      names = {"-s", "--sanitize"},
      arity = "0..1",
      fallbackValue = "data",
      defaultValue = "data",
      paramLabel = "WHAT",
      description = {
        "What is blotted out: data (of small files, which lies in keys; so without this option too),",
        "filenames (names in directories and values of extended attributes as well; fsck then finds",
        "names that do not match their hashes), or none."
      })
  private String sanitize;

  @Option(
      names = "--nojournal",
      description = "Only journal entries that are still needed, not all that are there.")
  private boolean noJournal;

  @Option(
      names = "--noexcl",
      hidden = true,
      description = "Accepted; devices are never opened exclusively.")
  @SuppressWarnings("unused")
  private boolean noExclusive;

  @Option(
      names = {"-v", "--verbose"},
      description = "Accepted; counts are shown anyway.")
  @SuppressWarnings("unused")
  private boolean verbose;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only count what would be written.")
  private boolean dryRun;

  @Option(
      names = "--passphrase-file",
      paramLabel = "FILE",
      description = {
        "Where the passphrase of an encrypted filesystem is; - for standard input. Without it:",
        "environment JBCACHEFS_PASSPHRASE, the keyring key bcachefs:UUID, the terminal."
      })
  private String passphraseFile;

  @Mixin private MemberOptions members = new MemberOptions();

  @Override
  public int run(Invocation invocation) throws IOException {
    Sanitizing what = what();
    OpenOptions options =
        OpenOptions.defaults()
            .withFindings(new FindingReport(invocation))
            .withKeySource(new PassphraseSources(invocation, passphraseFile));
    try (ReadFilesystem filesystem =
            OpeningOptions.open(invocation, members.members(devices), options);
        Progress progress = invocation.progress("dump")) {
      Map<Integer, Path> paths = paths(filesystem);
      if (!force && !dryRun) {
        paths.values().forEach(DumpCommand::requireNew);
      }
      progress.begin("looking for btree nodes");
      MetadataDump dump =
          new MetadataDump(
              filesystem, what, !noJournal, options.threads(), new FindingReport(invocation));
      List<Dumped> done = new ArrayList<>();
      for (Map.Entry<Integer, Path> one : paths.entrySet()) {
        progress.begin(one.getValue().toString());
        done.add(dump(filesystem, dump, one.getKey(), one.getValue(), progress));
      }
      progress.erase();
      show(invocation, dump, done);
      return invocation.isDamaged() ? ExitCode.DAMAGE : ExitCode.DONE;
    }
  }

  private Sanitizing what() {
    return switch (sanitize) {
      case "none" -> Sanitizing.NONE;
      case "data" -> Sanitizing.DATA;
      case "filenames" -> Sanitizing.FILENAMES;
      default ->
          throw new UsageException(
              "--sanitize takes none, data or filenames, not '" + sanitize + "'");
    };
  }

  private Map<Integer, Path> paths(ReadFilesystem filesystem) {
    List<Integer> present = new ArrayList<>();
    for (int index = 0; index < filesystem.devices().size(); index++) {
      if (filesystem.devices().device(index) != null) {
        present.add(index);
      }
    }
    Map<Integer, Path> paths = new LinkedHashMap<>();
    boolean single = present.size() == 1;
    for (int index : present) {
      paths.put(index, Path.of(output + (single ? "" : "." + index) + SUFFIX));
    }
    return paths;
  }

  private static void requireNew(Path path) {
    if (Files.exists(path)) {
      throw new RefusedException(
          "exists", Place.device(path.toString(), -1), "is there already; -f overwrites it");
    }
  }

  private record Dumped(
      int index, String device, Path path, long size, MetadataDump.Totals totals, long file) {}

  private Dumped dump(
      ReadFilesystem filesystem, MetadataDump dump, int index, Path path, Progress progress) {
    long size = filesystem.devices().device(index).size();
    String name = filesystem.devices().name(index);
    if (dryRun) {
      MetadataDump.Totals totals = dump.device(index, new Target(null, progress));
      return new Dumped(index, name, path, size, totals, 0);
    }
    try (Qcow2Writer writer = new Qcow2Writer(path, size, force)) {
      MetadataDump.Totals totals = dump.device(index, new Target(writer, progress));
      writer.finish();
      return new Dumped(index, name, path, size, totals, writer.fileBytes());
    }
  }

  /** Writes pieces; without a writer it only counts. */
  private record Target(Qcow2Writer writer, Progress progress) implements MetadataDump.Sink {
    @Override
    public void piece(long offset, MemorySegment bytes) {
      if (writer != null) {
        writer.write(offset, bytes);
      }
      progress.did(1, bytes.byteSize());
    }

    @Override
    public void progress(double fraction) {
      progress.fraction(fraction);
    }
  }

  private void show(Invocation invocation, MetadataDump dump, List<Dumped> done) {
    if (invocation.out().isJson()) {
      json(invocation.out().data(), dump, done);
      return;
    }
    for (Dumped one : done) {
      invocation
          .out()
          .text()
          .println(
              (dryRun ? "would write " : "")
                  + one.path
                  + ": "
                  + one.totals.nodes()
                  + " nodes, "
                  + one.totals.entries()
                  + " journal entries, "
                  + Sizes.iec(one.totals.bytes())
                  + " of "
                  + one.device);
    }
    if (dump.lost() > 0) {
      invocation
          .out()
          .text()
          .println(
              dump.lost()
                  + " nodes with pointers could not be read; nodes were looked for everywhere");
    }
  }

  private void json(JsonWriter json, MetadataDump dump, List<Dumped> done) {
    json.beginObject().field("dry_run", dryRun).field("sanitized", sanitize);
    json.field("lost_nodes", dump.lost()).beginArray("images");
    for (Dumped one : done) {
      json.beginObject().field("device_index", one.index).field("device", one.device);
      json.field("path", one.path.toString()).field("device_bytes", one.size);
      json.field("nodes", one.totals.nodes()).field("journal_entries", one.totals.entries());
      json.field("metadata_bytes", one.totals.bytes()).field("file_bytes", one.file).endObject();
    }
    json.endArray().endObject();
  }
}
