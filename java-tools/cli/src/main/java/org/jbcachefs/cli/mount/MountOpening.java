// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.ScratchDevice;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.format.OptionValues;
import org.jbcachefs.cli.open.MemberSpec;
import org.jbcachefs.cli.open.OpeningOptions;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.cli.platform.TerminalQuestion;
import org.jbcachefs.engine.fs.write.QuotaType;
import org.jbcachefs.engine.recovery.KeySource;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.OpenOptions.Degraded;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.engine.upgrade.UpgradeOptions;
import org.jbcachefs.engine.upgrade.UpgradeRun;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.fuse.mount.MountFlags;

/**
 * Opens a filesystem to be mounted: missing members are a matter of policy here, unlike for offline
 * readers. Findings go to standard error until {@link #tellFindingsTo} says otherwise.
 */
final class MountOpening implements ReadOnlyAtFirst.Opening {
  private static final String INSUFFICIENT = "insufficient_devices";

  private final Invocation invocation;
  private final MemberSpec spec;
  private final FilesystemWords words;
  private final KeySource keys;

  /** Where relative paths begin. */
  private final Path folder = Path.of("").toAbsolutePath();

  /** Whether what is written is thrown away. */
  private boolean scratch;

  private volatile Consumer<Finding> findings;

  MountOpening(Invocation invocation, MemberSpec spec, FilesystemWords words, KeySource keys) {
    this.invocation = invocation;
    this.spec = spec;
    this.words = words;
    this.keys = keys;
    this.findings =
        finding ->
            invocation.problem(
                new Problem(finding.name(), finding.place().toString(), finding.what()));
  }

  /** Nothing is written to the devices: what would be is kept aside, and thrown away. */
  MountOpening onScratch() {
    scratch = true;
    return this;
  }

  /** From now on findings go there; called by any thread. */
  void tellFindingsTo(Consumer<Finding> listener) {
    findings = listener;
  }

  /**
   * Opens it.
   *
   * @param flags whether it is to be changed; one that was not told to be and cannot be is opened
   *     read-only, with a remark
   */
  MountedFilesystem open(MountFlags flags) throws IOException {
    if (!flags.writable() || words.readOnly()) {
      return read();
    }
    try {
      return withPolicy(this::write);
    } catch (RefusedException e) {
      if (flags.readWriteAsked() || e.reason().equals(INSUFFICIENT)) {
        throw e;
      }
      invocation.note(e.sentence() + "; mounting it read-only");
      return read();
    }
  }

  private MountedFilesystem read() throws IOException {
    ReadOnlyFilesystem opened =
        new ReadOnlyFilesystem(withPolicy(this::openToRead), words.whyReadOnly());
    return words.readOnly()
        ? opened
        : new ReadOnlyAtFirst(opened, quotas(opened.filesystem().superblock()), this);
  }

  private boolean quotas(Superblock superblock) {
    for (QuotaType type : QuotaType.values()) {
      String given = words.overriding().words().get(type.option());
      boolean on =
          given != null
              ? OptionValues.parse(type.option(), given) != 0
              : superblock.option(type.option()).orElse(0) != 0;
      if (on) {
        return true;
      }
    }
    return false;
  }

  @Override
  public ReadOnlyFilesystem read(Optional<KeySource> key) throws IOException {
    return new ReadOnlyFilesystem(later(key).withPolicy(later(key)::openToRead), "");
  }

  @Override
  public ChangeableFilesystem change(Optional<KeySource> key) throws IOException {
    return later(key).withPolicy(later(key)::write);
  }

  /** The same at a time when this process has left its folder, and whoever was asked for a key. */
  private MountOpening later(Optional<KeySource> key) {
    List<Path> paths = spec.paths().stream().map(folder::resolve).toList();
    MountOpening later =
        new MountOpening(invocation, new MemberSpec(paths, spec.uuid()), words, key.orElse(keys));
    later.scratch = scratch;
    later.findings = finding -> findings.accept(finding);
    return later;
  }

  private ChangeableFilesystem write(Degraded policy) throws IOException {
    List<BlockDevice> devices = devicesToWrite();
    WritableFilesystem filesystem =
        UpgradeRun.open(
            devices, UpgradeOptions.of(writeOptions(policy, devices)).withPolicy(words.upgrade()));
    boolean done = false;
    try {
      if (filesystem.options().differ()) {
        // What is written now may not be what the superblock's options want afterwards.
        filesystem.askForScan();
      }
      ChangeableFilesystem opened =
          new ChangeableFilesystem(
              filesystem, words.errors(), words.reconcile(), finding -> findings.accept(finding));
      done = true;
      return opened;
    } finally {
      if (!done) {
        filesystem.abandon();
      }
    }
  }

  private List<BlockDevice> devicesToWrite() throws IOException {
    if (!scratch) {
      return OpeningOptions.openDevicesToWrite(invocation, spec);
    }
    return OpeningOptions.openDevices(invocation, spec).stream()
        .<BlockDevice>map(ScratchDevice::new)
        .toList();
  }

  private WriteOptions writeOptions(Degraded policy, List<BlockDevice> devices) {
    WriteOptions options = WriteOptions.defaults().withOpen(options(policy));
    if (words.overriding().words().isEmpty()) {
      return options;
    }
    boolean done = false;
    try {
      DeviceSet set = DeviceSetAssembly.assemble(devices);
      WriteOptions with = options.withGiven(words.overriding().values(set));
      done = true;
      return with;
    } finally {
      if (!done) {
        devices.forEach(BlockDevice::close);
      }
    }
  }

  private ReadFilesystem openToRead(Degraded policy) throws IOException {
    return ReadFilesystem.open(OpeningOptions.openDevices(invocation, spec), options(policy));
  }

  /** Opens by a policy. */
  private interface Opening<T> {
    T open(Degraded policy) throws IOException;
  }

  private <T> T withPolicy(Opening<T> opening) throws IOException {
    Degraded policy = words.degraded() != null ? words.degraded() : storedPolicy();
    try {
      return opening.open(policy);
    } catch (RefusedException e) {
      boolean answerable = policy == Degraded.ASK && e.reason().equals(INSUFFICIENT);
      if (answerable && TerminalQuestion.confirm(e.sentence() + "\nMount it without them?")) {
        return opening.open(Degraded.YES);
      }
      throw e;
    }
  }

  private OpenOptions options(Degraded policy) {
    return OpenOptions.defaults()
        .withDegraded(policy)
        .withNorecovery(words.norecovery())
        .withRewindTo(words.rewindTo())
        .withKeySource(keys)
        .withRescue(words.rescue())
        .withFindings(finding -> findings.accept(finding));
  }

  /** What the superblock says; its numbers are those of the option's choices. */
  private Degraded storedPolicy() throws IOException {
    if (words.rescue()) {
      return Degraded.VERY;
    }
    var devices = OpeningOptions.openDevices(invocation, spec);
    try {
      OptionalLong stored =
          DeviceSetAssembly.assemble(devices).superblock().option(FilesystemOption.DEGRADED);
      return switch ((int) stored.orElse(0)) {
        case 1 -> Degraded.YES;
        case 2 -> Degraded.VERY;
        case 3 -> Degraded.NO;
        default -> Degraded.ASK;
      };
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }
}
