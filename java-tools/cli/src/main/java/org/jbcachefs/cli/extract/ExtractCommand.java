// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.files.BytePath;
import org.jbcachefs.cli.files.FilesCommand;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.cli.output.Sizes;
import org.jbcachefs.cli.platform.LibC;
import org.jbcachefs.engine.fs.FileId;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code extract}. */
@Command(
    name = "extract",
    description = {
      "Copies files out of a filesystem that is not mounted: the contents of a directory, or one"
          + " file, into DEST.",
      "Keeps modes, times, links, holes and extended attributes; as root also owners, devices, ACLs"
          + " and the attributes that belong to root.",
      "A file that cannot be read in full keeps what can be read, with holes for the rest, under"
          + " NAME.jbcachefs-partial; the exit code is then 3."
    })
public final class ExtractCommand extends FilesCommand {
  @Parameters(
      index = "1",
      paramLabel = "PATH",
      description = "What to copy; absolute from the root subvolume.")
  private String path;

  @Parameters(
      index = "2",
      paramLabel = "DEST",
      description = "The directory to copy into; made if missing.")
  private Path destination;

  @Option(
      names = {"-f", "--force"},
      description = "Copy into a DEST that is not empty, replacing files of the same names.")
  private boolean force;

  @Option(
      names = "--resume",
      description = "Go on with an extraction that was interrupted; DEST holds its state.")
  private boolean resume;

  @Option(
      names = "--xattr-list",
      paramLabel = "FILE",
      description = {
        "Write extended attributes that DEST cannot hold, and the options set on files"
            + " (bcachefs.*), to this file, in the form of getfattr --dump."
      })
  private Path xattrList;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only say how much would be copied.")
  private boolean dryRun;

  @Option(
      names = {"-j", "--jobs"},
      paramLabel = "N",
      description =
          "So many files at a time; by default as many as there are processors, 2 at least.")
  private int jobs;

  @Override
  protected int run(Invocation invocation, Opened opened) throws IOException {
    byte[] raw = BytePath.normalize(Names.encode(path));
    FileId file = opened.resolver().resolve(raw, false);
    boolean made = !Files.exists(destination);
    StateFile state = new StateFile(destination, subject(opened, file, raw));
    if (dryRun) {
      return rehearse(invocation, opened, raw, file, state);
    }
    boolean goesOn = resume && state.exists();
    if (!prepared(invocation, state)) {
      return ExitCode.FAILED;
    }
    Tally tally = new Tally();
    try (Destination to = open(destination);
        XattrList list = xattrList(goesOn);
        Progress progress = invocation.progress("extracting")) {
      boolean root = isRoot();
      if (!root) {
        notKept(
            invocation,
            "not running as root: owners, device nodes and the attributes that belong to root are"
                + " not kept");
      }
      ExtractRequest request =
          new ExtractRequest(raw, file, force || resume, root, made, workers());
      XattrCopy xattrs = new XattrCopy(opened.namespace(), list);
      if (progress.shown()) {
        Totals.count(opened.namespace(), file, progress);
      }
      new Extraction(
              invocation,
              opened.namespace(),
              opened.data(),
              request,
              to,
              new Extraction.Progressed(state, list),
              xattrs,
              progress,
              tally)
          .run();
      tellNotKept(invocation, tally, xattrs);
    }
    state.remove();
    summary(invocation, tally);
    return ExitCode.DONE;
  }

  private XattrList xattrList(boolean goesOn) throws IOException {
    return xattrList == null ? null : XattrList.open(xattrList, goesOn);
  }

  private int rehearse(
      Invocation invocation, Opened opened, byte[] path, FileId file, StateFile state)
      throws IOException {
    boolean goesOn = resume && state.exists();
    if (!force && !goesOn && Files.exists(destination) && !isEmpty()) {
      return refusedAsNotEmpty(invocation);
    }
    Tally tally = new Tally();
    new Rehearsal(invocation, opened.namespace(), tally).from(path, file);
    if (invocation.out().isJson()) {
      json(invocation.out().data(), tally);
    } else {
      invocation.out().text().println("would copy " + counts(tally) + " to " + destination);
    }
    return ExitCode.DONE;
  }

  /** One line that tells this extraction from others. */
  private static String subject(Opened opened, FileId file, byte[] path) {
    return opened.filesystem()
        + " "
        + Integer.toUnsignedString(file.subvolume())
        + " "
        + Integer.toUnsignedString(file.snapshot())
        + " "
        + HexFormat.of().formatHex(path);
  }

  private boolean prepared(Invocation invocation, StateFile state) throws IOException {
    if (resume && state.exists()) {
      if (state.resume()) {
        return true;
      }
      return refused(invocation, "holds the state of another extraction; choose another DEST");
    }
    Files.createDirectories(destination);
    if (!force && !isEmpty()) {
      return refusedAsNotEmpty(invocation) == ExitCode.DONE;
    }
    state.create();
    return true;
  }

  private int refusedAsNotEmpty(Invocation invocation) {
    refused(
        invocation,
        resume
            ? "is not empty and holds no state of an extraction to resume; -f copies into it"
            : "is not empty; -f copies into it all the same, --resume goes on with an extraction"
                + " that was interrupted");
    return ExitCode.FAILED;
  }

  private boolean refused(Invocation invocation, String what) {
    invocation.problem(new Problem("refused", destination.toString(), what));
    return false;
  }

  private boolean isEmpty() throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(destination)) {
      return !entries.iterator().hasNext();
    }
  }

  private static Destination open(Path path) throws IOException {
    return LibC.isAvailable() ? new LinuxDestination(path) : new PortableDestination(path);
  }

  private static boolean isRoot() {
    return LibC.isAvailable() && LibC.geteuid() == 0;
  }

  private int workers() {
    if (jobs < 0) {
      throw new UsageException("-j takes a number of 1 or more");
    }
    return jobs > 0 ? jobs : Math.max(2, Runtime.getRuntime().availableProcessors());
  }

  private static void tellNotKept(Invocation invocation, Tally tally, XattrCopy xattrs) {
    StringBuilder text = new StringBuilder();
    add(text, tally.ownersNotKept.sum(), "owners of files");
    add(text, tally.devicesNotMade.sum(), "device nodes");
    add(
        text,
        xattrs.notKept(),
        xattrs.listed()
            ? "extended attributes, which are in the list"
            : "extended attributes; --xattr-list FILE writes them down");
    if (!text.isEmpty()) {
      notKept(invocation, "not kept: " + text);
    }
  }

  private static void notKept(Invocation invocation, String what) {
    invocation.problem(new Problem("not_kept", "", what));
  }

  private static void add(StringBuilder text, long count, String what) {
    if (count > 0) {
      text.append(text.isEmpty() ? "" : ", ").append(count).append(' ').append(what);
    }
  }

  private static void summary(Invocation invocation, Tally tally) {
    if (invocation.out().isJson()) {
      json(invocation.out().data(), tally);
    } else if (invocation.terminal().error()) {
      invocation.note(
          counts(tally)
              + (tally.partial.sum() > 0 ? ", " + tally.partial.sum() + " of them partial" : ""));
    }
  }

  private static String counts(Tally tally) {
    return tally.files.sum()
        + " files, "
        + tally.directories.sum()
        + " directories, "
        + Sizes.iec(tally.bytes.sum());
  }

  private static void json(JsonWriter json, Tally tally) {
    json.beginObject();
    json.field("files", tally.files.sum());
    json.field("directories", tally.directories.sum());
    json.field("symlinks", tally.symlinks.sum());
    json.field("hard_links", tally.hardLinks.sum());
    json.field("special_files", tally.special.sum());
    json.field("bytes", tally.bytes.sum());
    json.field("done_before", tally.skipped.sum());
    json.field("partial", tally.partial.sum());
    json.field("failed", tally.failed.sum());
    json.field("owners_not_kept", tally.ownersNotKept.sum());
    json.field("devices_not_made", tally.devicesNotMade.sum());
    json.endObject();
  }
}
