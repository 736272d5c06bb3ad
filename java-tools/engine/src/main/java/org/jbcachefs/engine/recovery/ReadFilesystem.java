// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.function.ToLongFunction;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.BtreesOverDevices;
import org.jbcachefs.engine.btree.KeyChecks;
import org.jbcachefs.engine.btree.NodeReader;
import org.jbcachefs.engine.btree.NodeScan;
import org.jbcachefs.engine.btree.RescueReport;
import org.jbcachefs.engine.data.ExtentReader;
import org.jbcachefs.engine.data.FileDataReader;
import org.jbcachefs.engine.data.VerifySubject;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.FileSizes;
import org.jbcachefs.engine.fs.FilesystemDefaults;
import org.jbcachefs.engine.fs.Inodes;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.engine.fs.NamespaceReader;
import org.jbcachefs.engine.fs.RescuedFiles;
import org.jbcachefs.engine.journal.JournalRecovery;
import org.jbcachefs.engine.journal.JournalReplay;
import org.jbcachefs.engine.journal.Overlay;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.node.NodeContext;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.value.KeyContext;

/**
 * A filesystem opened for reading from its devices, writing nothing. Thread-safe. Closing it
 * releases what it holds in memory and closes the devices.
 */
public final class ReadFilesystem implements FilesystemView {
  /** Memory for btree nodes that nobody uses at the moment. */
  private static final long NODE_CACHE_BYTES = 64 << 20;

  private final List<BlockDevice> opened;
  private final DeviceSet devices;
  private final FilesystemKey key;
  private final JournalReplay journal;
  private final NodeReader nodes;
  private final BtreesOverDevices btrees;
  private final FirstUse<SnapshotTable> snapshots;
  private final FirstUse<SubvolumeTable> subvolumes;
  private final FirstUse<FileData> data;
  private final FirstUse<Namespace> namespace;

  /**
   * Whether enough members are there to change a filesystem, by the options' policy. Members that
   * superblocks name and that nobody has are not missed.
   *
   * @throws RefusedException "insufficient_devices", naming what is missing
   */
  public static void requireMembers(List<BlockDevice> devices, OpenOptions options) {
    DeviceSet named = DeviceSetAssembly.assemble(devices);
    boolean missing =
        named.superblock().members().stream()
            .anyMatch(member -> member.exists() && named.device(member.index()) == null);
    if (missing) {
      new DegradedRules(named).check(options.degraded());
    }
  }

  private ReadFilesystem(List<BlockDevice> opened, OpenOptions options) {
    this.opened = List.copyOf(opened);
    DeviceSet named = assemble(opened, options);
    new DegradedRules(named).check(options.degraded());
    this.key = StoredKey.of(named.superblock(), options.keySource()).orElse(null);
    this.devices = options.rescue() ? NamelessMembers.adopt(named, opened, key, options) : named;
    this.journal = journal(options);
    NodeContext context = nodeContext(journal.blacklist()::contains);
    this.nodes = nodes(context, options);
    this.btrees = btrees(options);
    Consumer<Finding> findings = options.findings();
    this.snapshots = new FirstUse<>(() -> readSnapshots(options));
    this.subvolumes =
        new FirstUse<>(() ->
            options.rescue()
                ? SubvolumeTable.rescue(btrees, findings)
                : SubvolumeTable.read(btrees));
    if (options.rescue()) {
      FirstUse<RescuedFiles> rescued = new FirstUse<>(() -> rescue(findings));
      this.data = new FirstUse<>(() -> rescued.get().data());
      this.namespace = new FirstUse<>(() -> rescued.get().namespace());
    } else {
      this.data = new FirstUse<>(() -> makeData(findings));
      this.namespace = new FirstUse<>(this::makeNamespace);
    }
  }

  private ReadFilesystem(
      DeviceSet devices, FilesystemKey key, JournalReplay journal, OpenOptions options) {
    this.opened = List.of();
    this.devices = devices;
    this.key = key;
    this.journal = journal;
    this.nodes = nodes(nodeContext(journal.blacklist()::contains), options);
    this.btrees = btrees(options);
    Consumer<Finding> findings = options.findings();
    this.snapshots = new FirstUse<>(() -> readSnapshots(options));
    this.subvolumes = new FirstUse<>(() -> SubvolumeTable.read(btrees));
    this.data = new FirstUse<>(() -> makeData(findings));
    this.namespace = new FirstUse<>(this::makeNamespace);
  }

  /**
   * A filesystem of which everything is known that is not in btrees; its devices stay open.
   *
   * @param key null if it is not encrypted
   */
  static ReadFilesystem of(
      DeviceSet devices, FilesystemKey key, JournalReplay journal, OpenOptions options) {
    return new ReadFilesystem(devices, key, journal, options);
  }

  /**
   * Opens a filesystem from its members, in any order. The devices are closed with it, or at once
   * if it cannot be opened.
   */
  public static ReadFilesystem open(List<BlockDevice> devices, OpenOptions options) {
    boolean open = false;
    try {
      ReadFilesystem filesystem = new ReadFilesystem(devices, options);
      open = true;
      return filesystem;
    } finally {
      if (!open) {
        devices.forEach(BlockDevice::close);
      }
    }
  }

  private static DeviceSet assemble(List<BlockDevice> opened, OpenOptions options) {
    try {
      return DeviceSetAssembly.assemble(opened, options.rescue(), options.findings());
    } catch (RefusedException e) {
      if (!options.rescue() || opened.isEmpty() || !e.reason().equals("no_superblock")) {
        throw e;
      }
      return new SuperblockReconstruction(opened, options.threads()).run(options.findings());
    }
  }

  private JournalReplay journal(OpenOptions options) {
    JournalReplay replay =
        options.rewindTo() == 0
            ? JournalRecovery.of(devices, key, options.threads())
            : JournalRecovery.reader(devices, key, options.threads()).replayTo(options.rewindTo());
    replay.findings().forEach(options.findings());
    if (options.norecovery()) {
      return replay.withoutKeys();
    }
    return options.keyChecks() ? withoutWrongKeys(replay, options.findings()) : replay;
  }

  private JournalReplay withoutWrongKeys(JournalReplay replay, Consumer<Finding> findings) {
    KeyChecks checks = new KeyChecks(devices.superblock().version(), findings);
    return replay.withOverlay(
        replay
            .overlay()
            .only((btree, level, key) -> {
              String name = "journal, btree " + BtreeId.nameOf(btree) + " level " + level;
              return key.type() == KeyType.DELETED.number()
                  || checks.accept(btree, level, key, Place.structure(name));
            }));
  }

  private NodeReader nodes(NodeContext context, OpenOptions options) {
    Consumer<Finding> findings = options.findings();
    return options.keyChecks()
        ? NodeReader.checking(
            devices, context, findings, new KeyChecks(devices.superblock().version(), findings))
        : new NodeReader(devices, context, options.rescue(), findings);
  }

  private BtreesOverDevices btrees(OpenOptions options) {
    Overlay overlay = journal.overlay();
    if (!options.rescue()) {
      return new BtreesOverDevices(nodes, overlay, NODE_CACHE_BYTES, options.findings());
    }
    NodeContext context = nodeContext(this::neverDurable);
    NodeScan scan = new NodeScan(devices, context, options.threads(), bytes -> {});
    return BtreesOverDevices.forRescue(nodes, overlay, NODE_CACHE_BYTES, options.findings(), scan);
  }

  /** Whether the journal gave that sequence number up, or never got to it. */
  private boolean neverDurable(long seq) {
    boolean known = !journal.clean() && journal.lastSeq() != 0;
    return journal.blacklist().contains(seq)
        || (known && Long.compareUnsigned(seq, journal.lastSeq()) > 0);
  }

  private NodeContext nodeContext(LongPredicate blacklisted) {
    return nodeContext(devices.superblock(), key, blacklisted);
  }

  static NodeContext nodeContext(
      Superblock superblock, FilesystemKey key, LongPredicate blacklisted) {
    return new NodeContext(
        NodeContext.magicOf(superblock.magicWord()),
        superblock.blockBytes(),
        superblock.btreeNodeBytes(),
        superblock.version(),
        superblock.versionMin(),
        key,
        superblock.encrypted(),
        blacklisted);
  }

  private SnapshotTable readSnapshots(OpenOptions options) {
    return options.rescue()
        ? SnapshotTable.rescue(btrees, subvolumes(), options.findings())
        : SnapshotTable.read(btrees);
  }

  private FileData makeData(Consumer<Finding> findings) {
    return makeData(findings, new FileSizes(new Inodes(btrees, snapshots())));
  }

  private FileData makeData(Consumer<Finding> findings, ToLongFunction<FileId> sizes) {
    ExtentReader extents = new ExtentReader(devices, btrees, key, findings);
    return new FileDataReader(btrees, snapshots(), extents, sizes);
  }

  private Namespace makeNamespace() {
    return new NamespaceReader(btrees, snapshots(), subvolumes(), data(), defaults());
  }

  private RescuedFiles rescue(Consumer<Finding> findings) {
    return new RescuedFiles(
        btrees,
        snapshots(),
        subvolumes(),
        sizes -> makeData(findings, sizes),
        defaults(),
        findings);
  }

  private FilesystemDefaults defaults() {
    return FilesystemDefaults.of(devices.superblock(), new TargetNames(devices)::of);
  }

  @Override
  public Superblock superblock() {
    return devices.superblock();
  }

  @Override
  public DeviceSet devices() {
    return devices;
  }

  /** The key of a filesystem that is or once was encrypted, else empty. */
  public Optional<FilesystemKey> key() {
    return Optional.ofNullable(key);
  }

  /** What the journal said. */
  public JournalReplay journal() {
    return journal;
  }

  /** Reads single nodes. */
  public NodeReader nodes() {
    return nodes;
  }

  /** The btrees, the journal's keys over them. */
  @Override
  public Btrees btrees() {
    return btrees;
  }

  /** How this filesystem's keys are shown as text. */
  public KeyContext keyContext() {
    return new FilesystemKeyContext(devices);
  }

  /** What was lost of the btrees and what was found again; nothing unless opened for rescue. */
  public RescueReport rescueReport() {
    return btrees.rescueReport();
  }

  /** All snapshots; read on first use. */
  @Override
  public SnapshotTable snapshots() {
    return snapshots.get();
  }

  /** All subvolumes; read on first use. */
  @Override
  public SubvolumeTable subvolumes() {
    return subvolumes.get();
  }

  /** Files and directories. */
  @Override
  public Namespace namespace() {
    return namespace.get();
  }

  /** What is needed to verify all of it. */
  public VerifySubject verifySubject() {
    return new VerifySubject(
        devices, btrees, key, journal.overlay(), nodes.context(), snapshots(), subvolumes());
  }

  /** What is in files. */
  public FileData data() {
    return data.get();
  }

  @Override
  public void close() {
    for (BlockDevice device : opened) {
      device.close();
    }
  }
}
