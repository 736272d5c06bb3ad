// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.OpenOptions.Degraded;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.sb.Member;
import picocli.CommandLine.Option;

/**
 * How to open a filesystem offline for reading, and the opening itself; which members is said
 * elsewhere. A mixin.
 */
public final class OpeningOptions {
  @Option(
      names = "-o",
      paramLabel = "OPTIONS",
      description =
          "Mount options, separated by commas: degraded=no, norecovery, journal_rewind=SEQ.")
  private List<String> mountOptions = new ArrayList<>();

  @Option(
      names = "--passphrase-file",
      paramLabel = "FILE",
      description = {
        "Where the passphrase of an encrypted filesystem is; - for standard input.",
        "Without it: environment JBCACHEFS_PASSPHRASE, the keyring key bcachefs:UUID, the terminal."
      })
  private String passphraseFile;

  /**
   * Opens the filesystem for reading, writing nothing; whatever is missing or damaged on the way is
   * told on standard error. Close what you get.
   */
  public ReadFilesystem open(Invocation invocation, MemberSpec spec, boolean rescue)
      throws IOException {
    return open(
        invocation,
        spec,
        options(invocation).withRescue(rescue).withFindings(new FindingReport(invocation)));
  }

  /**
   * Opens the filesystem for those who check it: what is found on the way is told to {@code
   * findings}, and keys that contradict the format are left out.
   */
  public ReadFilesystem openForCheck(
      Invocation invocation, MemberSpec spec, Consumer<Finding> findings) throws IOException {
    return open(invocation, spec, options(invocation).withKeyChecks(true).withFindings(findings));
  }

  /** What {@code -o} says. */
  public MountOptions mountOptions() {
    return MountOptions.parse(mountOptions);
  }

  /** How the options say that the filesystem is to be opened. */
  public OpenOptions options(Invocation invocation) {
    MountOptions mount = mountOptions();
    return OpenOptions.defaults()
        .withDegraded(mount.degraded())
        .withNorecovery(mount.norecovery())
        .withRewindTo(mount.journalRewind())
        .withKeySource(new PassphraseSources(invocation, passphraseFile));
  }

  /**
   * The same for those who repair: what lies on missing members is no reason to give it up, unless
   * {@code -o degraded=very} says so.
   */
  public OpenOptions optionsToRepair(Invocation invocation) {
    return options(invocation).withDegraded(mountOptions().degraded(Degraded.YES));
  }

  /** Opens the filesystem in a way of the caller's own; missing members are told. */
  public static ReadFilesystem open(Invocation invocation, MemberSpec spec, OpenOptions options)
      throws IOException {
    ReadFilesystem filesystem = ReadFilesystem.open(openDevices(invocation, spec), options);
    invocation.out().filesystem(filesystem.superblock().userUuid());
    nameMissing(invocation, filesystem.devices());
    return filesystem;
  }

  /**
   * The devices themselves, opened for reading. One that cannot be opened is told on standard error
   * and left out, as if it were missing; if none can be opened, the first one's error is thrown.
   */
  public static List<BlockDevice> openDevices(Invocation invocation, MemberSpec spec)
      throws IOException {
    List<BlockDevice> opened = new ArrayList<>();
    BcachefsException first = null;
    for (Path path : paths(invocation, spec)) {
      try {
        opened.add(invocation.devices().openReadOnly(path));
      } catch (BcachefsException e) {
        if (first != null) {
          invocation.problem("", e);
        } else {
          first = e;
        }
      }
    }
    if (first != null && opened.isEmpty()) {
      throw first;
    }
    if (first != null) {
      invocation.problem("", first);
    }
    return opened;
  }

  /**
   * The devices themselves, opened for reading and writing, and kept from others. One that cannot
   * be opened is an error: a filesystem must not be changed on some of its devices only because
   * somebody else holds another one.
   */
  public static List<BlockDevice> openDevicesToWrite(Invocation invocation, MemberSpec spec)
      throws IOException {
    List<BlockDevice> opened = new ArrayList<>();
    boolean done = false;
    try {
      for (Path path : paths(invocation, spec)) {
        opened.add(invocation.devices().openReadWrite(path));
      }
      done = true;
      return opened;
    } finally {
      if (!done) {
        opened.forEach(BlockDevice::close);
      }
    }
  }

  private static List<Path> paths(Invocation invocation, MemberSpec spec) throws IOException {
    List<Path> paths = new ArrayList<>(spec.paths());
    if (spec.uuid() != null) {
      paths.addAll(DeviceScan.paths(spec.uuid(), invocation));
    }
    return paths;
  }

  private static void nameMissing(Invocation invocation, DeviceSet devices) {
    for (int index = 0; index < devices.size(); index++) {
      Member member = devices.member(index);
      if (member != null && devices.device(index) == null) {
        invocation.problem(
            new Problem(
                "missing_member",
                "device " + index,
                "this member is missing; reading what the others have"));
      }
    }
  }
}
