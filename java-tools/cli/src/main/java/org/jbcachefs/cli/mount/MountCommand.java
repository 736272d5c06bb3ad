// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.control.DaemonCall;
import org.jbcachefs.cli.control.MountedHere;
import org.jbcachefs.cli.open.MemberOptions;
import org.jbcachefs.cli.open.MemberSpec;
import org.jbcachefs.cli.open.MountOptions;
import org.jbcachefs.cli.open.PassphraseSources;
import org.jbcachefs.cli.open.SiblingMembers;
import org.jbcachefs.engine.recovery.KeySource;
import org.jbcachefs.fuse.mount.Background;
import org.jbcachefs.fuse.mount.FuseMount;
import org.jbcachefs.fuse.mount.MountFlags;
import org.jbcachefs.fuse.mount.MountPlan;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code mount DEVS DIR}: in the foreground, or by a child that stays in the background. */
@Command(
    name = "mount",
    description = {
      "Mounts a filesystem.",
      "DEVS is a device or image, several joined by ':', or UUID=...; without DIR everything is done"
          + " but the mounting. Exit codes are those of mount(8)."
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:Mounted; the kernel's first request has been answered.",
      "1:The command line makes no sense.",
      "2:The system lacks something: memory, processes, programs.",
      "32:It could not be mounted; standard error says why."
    })
public final class MountCommand implements CliCommand {
  private static final Set<String> TYPES =
      Set.of("jbcachefs", "fuse.jbcachefs", "fuse", "bcachefs", "bcachefs.fuse", "auto");

  @Mixin private MemberOptions members = new MemberOptions();

  @Parameters(index = "0", arity = "1", paramLabel = "DEVS", description = "The member devices.")
  private String devices;

  @Parameters(index = "1", arity = "0..1", paramLabel = "DIR", description = "Where to mount.")
  private String directory;

  @Option(
      names = "-o",
      paramLabel = "OPTIONS",
      description = {
        "Options, separated by commas: ro, rw (else: if it can be written to),",
        "degraded=ask|yes|very|no, version_upgrade=compatible|incompatible|none,",
        "nochanges, norecovery, journal_rewind=SEQ, rescue (these four: read-only),",
        "allow_other, nosuid, nodev, noexec, noatime, ...; unique_inodes: no inode number twice,",
        "whatever snapshots share; transport=auto|uring|dev, threads=N, readahead=KiB."
      })
  private List<String> options = new ArrayList<>();

  @Option(
      names = {"-f", "--passphrase-file"},
      paramLabel = "FILE",
      description = {
        "Where the passphrase of an encrypted filesystem is; - for standard input.",
        "Without it: environment JBCACHEFS_PASSPHRASE, the keyring key bcachefs:UUID, the terminal."
      })
  private String passphraseFile;

  @Option(
      names = {"-k", "--key-location"},
      paramLabel = "WHERE",
      description = {
        "Where alone the key may come from: fail (the keyring, or it is an error), wait (the keyring,",
        "until it is there), ask (the terminal), stdin."
      })
  private String keyLocation;

  @Option(
      names = {"-c", "--colorize"},
      arity = "1",
      paramLabel = "BOOL",
      description = "Accepted; nothing is coloured.")
  @SuppressWarnings("unused")
  private boolean colorize;

  @Option(names = "--foreground", description = "Stay here and serve until it is unmounted.")
  private boolean foreground;

  @Option(names = "--rescue", description = "Use what is left of a damaged filesystem.")
  private boolean rescue;

  @Option(
      names = {"-t", "--type"},
      paramLabel = "TYPE",
      hidden = true,
      description = "As mount(8) calls its helpers.")
  private String type;

  @Option(
      names = {"-v", "--verbose"},
      description = "Say how requests are served.")
  private boolean verbose;

  @Option(
      names = "-s",
      description = "Tolerate words in -o that are no options, as mount(8)'s -s says.")
  private boolean sloppy;

  /** mount(8) tells its helpers not to write /etc/mtab, which nothing does any more. */
  @Option(names = "-n", hidden = true)
  @SuppressWarnings("unused")
  private boolean noMtab;

  @Option(
      names = "--dry-run",
      description = {
        "Do everything but the mounting, recovery and upgrade among it, on copies of what would be",
        "written, and say what would be mounted."
      })
  private boolean dryRun;

  @Override
  public boolean offersJson() {
    return false;
  }

  @Override
  public int usageCode() {
    return MountExit.USAGE;
  }

  @Override
  public int failureCode() {
    return MountExit.FAILED;
  }

  @Override
  public int run(Invocation invocation) throws IOException {
    try {
      return mount(invocation);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private int mount(Invocation invocation) throws IOException, InterruptedException {
    if (type != null && !TYPES.contains(type)) {
      throw new UsageException("-t " + type + " is not what this mounts");
    }
    MemberSpec spec = members.members(devices);
    MountOptions words = MountOptions.parse(options);
    if (words.isSet("remount")) {
      return remount(invocation);
    }
    MountFlags flags = MountFlags.parse(words.values());
    FilesystemWords filesystem = FilesystemWords.of(flags.filesystem(), rescue, sloppy);
    KeySource keys = new PassphraseSources(invocation, passphraseFile, policy());
    if (directory == null && !dryRun) {
      new MountOpening(invocation, SiblingMembers.of(spec), filesystem, keys)
          .open(flags.readOnly())
          .close();
      return MountExit.DONE;
    }
    MountPlan plan = directory == null ? null : plan(spec, flags);
    if (dryRun) {
      return tryOut(
          invocation,
          new MountOpening(invocation, SiblingMembers.of(spec), filesystem, keys),
          flags);
    }
    boolean child = Background.isChild(invocation.environment());
    if (!foreground && !child) {
      return Background.runChild();
    }
    MountOpening opening = new MountOpening(invocation, SiblingMembers.of(spec), filesystem, keys);
    new MountService(invocation, plan, opening, words.isSet("unique_inodes"), verbose).serve(child);
    return MountExit.DONE;
  }

  private int tryOut(Invocation invocation, MountOpening opening, MountFlags flags)
      throws IOException {
    try (MountedFilesystem opened = opening.onScratch().open(flags)) {
      String where = directory == null ? "" : " at " + directory;
      invocation.out().text().println("would mount " + opened.description() + where);
    }
    return MountExit.DONE;
  }

  /** mount(8) calls its helpers for this, too; what is mounted there knows its devices. */
  private int remount(Invocation invocation) throws IOException {
    if (directory == null) {
      throw new UsageException("-o remount needs the directory");
    }
    Path where = Path.of(directory);
    List<String> words = new ArrayList<>(List.of(directory, "-o", String.join(",", options)));
    if (dryRun) {
      words.add("--dry-run");
    }
    return DaemonCall.run(invocation.surroundings(), "remount", words, new RemountCommand(where))
        .map(code -> code == MountExit.DONE ? code : MountExit.FAILED)
        .orElseThrow(() -> MountedHere.notOurs(where));
  }

  private PassphraseSources.Policy policy() {
    return switch (keyLocation) {
      case null -> null;
      case "fail" -> PassphraseSources.Policy.FAIL;
      case "wait" -> PassphraseSources.Policy.WAIT;
      case "ask" -> PassphraseSources.Policy.ASK;
      case "stdin" -> PassphraseSources.Policy.STDIN;
      default ->
          throw new UsageException(
              "--key-location takes fail, wait, ask or stdin, not '" + keyLocation + "'");
    };
  }

  private MountPlan plan(MemberSpec spec, MountFlags flags) throws IOException {
    String source =
        spec.uuid() != null
            ? "UUID=" + spec.uuid()
            : String.join(":", spec.paths().stream().map(Path::toString).toList());
    Path where = Path.of(directory).toRealPath();
    FuseMount.requireDirectory(where);
    try {
      return MountPlan.of(source, where, flags);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }
}
