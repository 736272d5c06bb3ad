// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.fsck;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.control.MountedCommand;
import org.jbcachefs.cli.control.MountedHere;
import org.jbcachefs.cli.open.DevicesInUse;
import org.jbcachefs.cli.open.MemberSpec;
import org.jbcachefs.cli.open.MountOptions;
import org.jbcachefs.cli.open.OpeningOptions;
import org.jbcachefs.cli.open.ReadOptions;
import org.jbcachefs.cli.open.SiblingMembers;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.cli.platform.TerminalQuestion;
import org.jbcachefs.cli.show.ByteSizes;
import org.jbcachefs.engine.check.Check;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.CheckSummary;
import org.jbcachefs.engine.check.FindingPaths;
import org.jbcachefs.engine.check.ReadingFindings;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.repair.undo.Undo;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.RecoveryPass;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code fsck}. */
@Command(
    name = "fsck",
    description = {
      "Checks a filesystem: everything that its metadata promises; and repairs what it is told to."
          + " Without -p, -y and a terminal to ask on nothing is changed.",
      "One that is mounted by jbcachefs (its devices or its mountpoint are named) is checked as it"
          + " was at one moment, while it is used; with -p and -y what can be is repaired meanwhile:"
          + " what belongs to passes that the format lets run online.",
      "Names every problem by the format's error id, with the key, the device and the files"
          + " concerned. After a repair it checks again, and says what is left.",
      "Exit codes are those of fsck(8), added up: 0 nothing is wrong, 1 something was and was"
          + " corrected, 4 something is and was left so, 8 it could not be checked or repaired, 16"
          + " wrong words on the command line."
    })
public final class FsckCommand implements MountedCommand {
  private static final int MOST_OF_ONE_KIND = 10;

  /** Of a daemon's memory a check may take that part. */
  private static final int DAEMONS_SHARE = 8;

  private static final int ALL_THAT_ARE_KEPT = 1000;
  private static final long LEAST_MEMORY_BYTES = 16L << 20;

  @Parameters(
      arity = "1..*",
      paramLabel = "DEVICE",
      description = "Image files or devices, or UUID=...")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = "-a",
      description = {
        "As the system calls it at boot: nothing is checked, unless with -f, since the filesystem",
        "checks itself when it is mounted."
      })
  private boolean atBoot;

  @Option(
      names = "-p",
      description = "Repair without questions what the format says may be; leave everything else.")
  private boolean automatic;

  @Option(
      names = "-n",
      description = "Change nothing, and ask nothing; check also what is mounted, with a warning.")
  private boolean no;

  @Option(names = "-y", description = "Repair everything that can be.")
  private boolean yes;

  @Option(
      names = "--dry-run",
      description = {
        "Repair in memory alone, as -y or -p say: show what would be done, and what would be wrong",
        "afterwards."
      })
  private boolean dryRun;

  @Option(
      names = "--save-undo",
      paramLabel = "FILE",
      description = "Keep everything that is overwritten in a new file, for --undo.")
  private Path saveUndo;

  @Option(
      names = "--undo",
      paramLabel = "FILE",
      description = "Check nothing: put back what --save-undo has kept in that file.")
  private Path undo;

  @Option(names = "-f", description = "Check also what is marked clean. Always so.")
  private boolean force;

  @Option(
      names = {"-v", "--verbose"},
      description = "Name each pass, and how long it took.")
  private boolean verbose;

  @Option(
      names = {"-C", "-C0", "-C1", "-C2"},
      description = "Show progress; it is shown on a terminal anyway.")
  @SuppressWarnings("unused")
  private boolean progress;

  @Option(
      names = {"-r", "--ratelimit-errors"},
      description = "Show no more than 10 problems of a kind, and count the others.")
  private boolean ratelimit;

  @Option(
      names = {"-k", "--kernel", "-K", "--no-kernel"},
      hidden = true,
      description = "Accepted; the kernel's checker is never used.")
  @SuppressWarnings("unused")
  private boolean kernel;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description = {
        "What the checks may take for their tables, e.g. 256M; what needs more goes to temporary",
        "files, or is done in several rounds. Without it an eighth of the memory."
      })
  private String memory;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "How many threads check; without it one for each processor.")
  private int threads;

  @Mixin private ReadOptions read = new ReadOptions();

  @Override
  public int usageCode() {
    return FsckExit.USAGE;
  }

  @Override
  public int failureCode() {
    return FsckExit.OPERATIONAL;
  }

  @Override
  public int run(Invocation invocation) throws IOException {
    checkWords();
    if (atBoot && !force) {
      return FsckExit.CLEAN;
    }
    CheckOptions options = options(read.mountOptions());
    Optional<MountedHere> here = invocation.mounted();
    if (here.isPresent()) {
      return mounted(invocation, here.get(), options);
    }
    MemberSpec members = members(invocation);
    if (undo != null) {
      return undo(invocation, members);
    }
    RepairAnswers answers = answers(invocation);
    try (Progress line = invocation.progress("fsck")) {
      int most = ratelimit ? MOST_OF_ONE_KIND : ALL_THAT_ARE_KEPT;
      return answers == null
          ? check(invocation, members, options, line, most)
          : new FsckRepair(invocation, line, answers, most, verbose)
              .run(members, read.openOptionsToRepair(invocation), options, dryRun, saveUndo);
    }
  }

  private int mounted(Invocation invocation, MountedHere here, CheckOptions options) {
    if (dryRun || saveUndo != null || undo != null) {
      throw new UsageException("a mounted filesystem takes -n, -p and -y alone");
    }
    invocation.out().filesystem(here.view().superblock().userUuid());
    long most = Math.min(options.memoryBytes(), Runtime.getRuntime().maxMemory() / DAEMONS_SHARE);
    try (Progress line = invocation.progress("fsck")) {
      return new FsckMounted(
              invocation,
              here.checks(),
              options.withMemory(most),
              ratelimit ? MOST_OF_ONE_KIND : ALL_THAT_ARE_KEPT,
              verbose)
          .run(answers(invocation), line);
    }
  }

  /** A mountpoint stands for what is mounted there; other paths are devices. */
  @Override
  public List<Path> mountedPaths() {
    List<Path> paths = isName(devices.getFirst()) ? List.of() : paths();
    boolean isPlace = paths.size() == 1 && Files.isDirectory(paths.getFirst());
    return isPlace ? paths : List.of();
  }

  private static boolean isName(String word) {
    return word.startsWith("UUID=") || word.startsWith("OLD_BLKID_UUID=");
  }

  private List<Path> paths() {
    return devices.stream().map(Path::of).toList();
  }

  @Override
  public Optional<UUID> mountedFilesystem() throws IOException {
    Path first = isName(devices.getFirst()) ? null : Path.of(devices.getFirst());
    if (first == null || (atBoot && !force) || DevicesInUse.user(first) == null) {
      return Optional.empty();
    }
    try (BlockDevice device = FileBlockDevice.openReadOnly(first)) {
      return SuperblockSearch.find(device).newest().map(Superblock::userUuid);
    } catch (DeviceException e) {
      // Whoever opens it for the check says what is wrong with it.
      return Optional.empty();
    }
  }

  private void checkWords() {
    int ways = (no ? 1 : 0) + (yes ? 1 : 0) + (automatic ? 1 : 0);
    if (ways > 1) {
      throw new UsageException("-n, -p and -y exclude each other");
    }
    if (no && dryRun) {
      throw new UsageException("-n repairs nothing; --dry-run goes with -y or -p");
    }
    if (undo != null && (ways > 0 || saveUndo != null || dryRun)) {
      throw new UsageException("--undo goes with no other way of repairing");
    }
    if (saveUndo != null && no) {
      throw new UsageException("-n changes nothing that --save-undo could keep");
    }
  }

  /** Null if nothing is to be repaired. */
  private RepairAnswers answers(Invocation invocation) {
    if (yes || (dryRun && !automatic)) {
      return RepairAnswers.all();
    }
    if (automatic) {
      return RepairAnswers.automatic();
    }
    boolean someone = invocation.terminal().input() && invocation.terminal().error();
    return no || !someone ? null : RepairAnswers.asking(TerminalQuestion::ask);
  }

  private int check(
      Invocation invocation, MemberSpec members, CheckOptions options, Progress line, int most)
      throws IOException {
    ReadingFindings reading = new ReadingFindings();
    try (ReadFilesystem filesystem = read.openForCheck(invocation, members, reading)) {
      FsckListener listener =
          new FsckListener(invocation.out(), line, new FindingPaths(filesystem), most, verbose);
      CheckSummary summary = new Check(filesystem, reading, options, listener).run();
      line.erase();
      new FsckReport(invocation.out(), listener, summary).write();
      return summary.findings() == 0 ? FsckExit.CLEAN : FsckExit.UNCORRECTED;
    }
  }

  private int undo(Invocation invocation, MemberSpec members) throws IOException {
    List<BlockDevice> opened = OpeningOptions.openDevicesToWrite(invocation, members);
    try {
      Undo.Done done = new Undo(undo, opened).run();
      if (invocation.out().isJson()) {
        invocation.out().data().beginObject().field("bytes", done.bytes()).endObject();
      } else {
        invocation.out().text().println("put back " + done.bytes() + " bytes");
      }
      return FsckExit.CLEAN;
    } finally {
      opened.forEach(BlockDevice::close);
    }
  }

  /** All members that can be found; none of them may change meanwhile, unless with -n. */
  private MemberSpec members(Invocation invocation) throws IOException {
    MemberSpec members = SiblingMembers.found(read.members(devices), invocation);
    for (Path path : members.paths()) {
      String user = DevicesInUse.user(path);
      if (user != null && !no) {
        throw new RefusedException(
            "in_use",
            Place.device(path.toString(), -1),
            "is in use (" + user + "); unmount it, or look at it as it is with -n");
      } else if (user != null) {
        invocation.problem(
            new Problem(
                "in_use",
                path.toString(),
                "is in use (" + user + "): what changes meanwhile may be reported as a problem"));
      }
    }
    return members;
  }

  private CheckOptions options(MountOptions mount) {
    CheckOptions options = CheckOptions.defaults().withSpill(temporary());
    if (threads < 0) {
      throw new UsageException("--threads takes a number from 1 on");
    }
    if (threads > 0) {
      options = options.withThreads(threads);
    }
    if (memory != null) {
      options = options.withMemory(memoryBytes());
    }
    String last = mount.values().get("recovery_pass_last");
    return options
        .withPasses(passes("recovery_passes", mount))
        .withoutPasses(passes("recovery_passes_exclude", mount))
        .withLast(last == null ? null : pass("recovery_pass_last", last));
  }

  private long memoryBytes() {
    long bytes = ByteSizes.parse(memory);
    if (bytes < LEAST_MEMORY_BYTES) {
      throw new UsageException("--memory takes a size of 16M or more, not '" + memory + "'");
    }
    return bytes;
  }

  private static Path temporary() {
    return Path.of(System.getProperty("java.io.tmpdir"));
  }

  /** The passes that a mount option names: {@code a;b}, since commas separate options. */
  private static Set<RecoveryPass> passes(String option, MountOptions mount) {
    Set<RecoveryPass> passes = new LinkedHashSet<>();
    String value = mount.values().get(option);
    if (value != null) {
      for (String name : value.split("[+:;]", -1)) {
        passes.add(pass(option, name));
      }
    }
    return passes;
  }

  private static RecoveryPass pass(String option, String name) {
    try {
      return RecoveryPass.valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
    } catch (IllegalArgumentException e) {
      throw new UsageException("-o " + option + ": there is no pass '" + name + "'");
    }
  }
}
