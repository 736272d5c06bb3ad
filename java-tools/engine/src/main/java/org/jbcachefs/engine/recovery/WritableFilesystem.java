// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.alloc.write.ReconcileLists;
import org.jbcachefs.engine.alloc.write.SpaceAllocator;
import org.jbcachefs.engine.alloc.write.SpaceBudget;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.commit.Clocks;
import org.jbcachefs.engine.commit.Committer;
import org.jbcachefs.engine.commit.InodeWatch;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.data.PartialReads;
import org.jbcachefs.engine.data.ReadErrors;
import org.jbcachefs.engine.data.ReadWatch;
import org.jbcachefs.engine.data.move.InPlaceMarks;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.FilesystemDefaults;
import org.jbcachefs.engine.journal.JournalIndex;
import org.jbcachefs.engine.journal.JournalRecovery;
import org.jbcachefs.engine.journal.JournalReplay;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.EffectiveOptions;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.ExtentTypesSection;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Inode;

/**
 * A filesystem that is open for writing. Thread-safe.
 *
 * <p>What it holds is read through {@link #btrees}, on which all readers (namespace, file data,
 * snapshots) work as they are, and changed by transactions: {@link #transact}. A transaction that
 * has committed is seen by everybody at once; it is durable after {@link #flush} of its sequence
 * number. File data is written before the key that points to it is committed, to sectors from
 * {@link #space}.
 *
 * <p>Nothing happens by itself: work that is due is done by the threads that commit and flush, and
 * by whoever calls {@link #tick}.
 *
 * <p>{@link #close} ends cleanly: everything is written, and the next one who opens it need not
 * read the journal. After {@link #abandon} it is as after a crash.
 */
public final class WritableFilesystem implements FilesystemParts, AutoCloseable {
  private static final int SECTOR_SHIFT = 9;

  /** Room for so many nodes must be left where anything is added to metadata. */
  private static final int NODES_KEPT = 4;

  private final List<BlockDevice> opened;
  private final DeviceSet devices;
  private final FilesystemKey key;
  private final WriteEngine engine;
  private boolean closed;

  WritableFilesystem(
      List<BlockDevice> opened, DeviceSet devices, FilesystemKey key, WriteEngine engine) {
    this.opened = List.copyOf(opened);
    this.devices = devices;
    this.key = key;
    this.engine = engine;
  }

  /**
   * Opens a filesystem from its members, in any order, and recovers it if it was not shut down
   * cleanly; one that a kernel of version 1.28 left is upgraded. The devices are closed with it, or
   * at once if it cannot be opened.
   *
   * @throws org.jbcachefs.format.error.RefusedException by name, if it must not be written to by
   *     this version
   */
  public static WritableFilesystem open(List<BlockDevice> opened, WriteOptions options) {
    ReadFilesystem read = ReadFilesystem.open(opened, options.open());
    boolean done = false;
    try {
      WritableFilesystem filesystem = open(opened, read, options);
      done = true;
      return filesystem;
    } finally {
      if (!done) {
        read.close();
      }
    }
  }

  /**
   * Opens a filesystem that is damaged. Keys that contradict the format by themselves are left out,
   * and until {@link RepairAccess#allocateFrom} says where free buckets are, none are given out.
   * Keys in stripes may be changed; what stripes and their buckets count of them is left as it is,
   * to be made anew by the next one who opens it for repair.
   *
   * @param damaged btrees that cannot be read as they are: they hold nothing until {@link
   *     RepairAccess#rebuild} has made them anew, but keep their roots
   * @param derived btrees that cannot be read as they are, and are to be computed from others: they
   *     begin empty
   */
  public static WritableFilesystem openForRepair(
      List<BlockDevice> opened, WriteOptions options, Set<Integer> damaged, Set<Integer> derived) {
    WriteOptions checking = options.withOpen(options.open().withKeyChecks(true));
    ReadFilesystem read = ReadFilesystem.open(opened, checking.open());
    boolean done = false;
    try {
      WriteRefusals.checkForRepair(read.devices(), read.btrees());
      WritableFilesystem filesystem =
          start(opened, read, checking, derived, damaged, WritableFilesystem::beginUpgrade);
      filesystem.engine.leaveStripes();
      done = true;
      return filesystem;
    } finally {
      if (!done) {
        read.close();
      }
    }
  }

  /**
   * Opens a filesystem of an older version to bring it to this one. Until {@link
   * RepairAccess#allocateFrom} says where free buckets are, none are given out.
   */
  public static WritableFilesystem openForUpgrade(
      List<BlockDevice> opened, WriteOptions options, UpgradeBeginning beginning) {
    ReadFilesystem read = ReadFilesystem.open(opened, options.open());
    boolean done = false;
    try {
      if (beginning.mayBeShort(read.superblock())
          && CompatibleUpgrade.obstacle(read.superblock(), read.btrees()).isEmpty()) {
        WritableFilesystem filesystem = open(opened, read, options);
        done = true;
        return filesystem;
      }
      WriteRefusals.checkMembers(read.devices());
      Set<Integer> empty = new TreeSet<>();
      beginning.check(read).forEach(btree -> empty.add(btree.number()));
      WritableFilesystem filesystem =
          start(
              opened,
              read,
              options,
              empty,
              Set.of(),
              superblock ->
                  superblock.update(editor -> {
                    beginning.begin(superblock.current(), editor);
                    editor.section(ExtentTypesSection.known());
                  }));
      done = true;
      return filesystem;
    } finally {
      if (!done) {
        read.close();
      }
    }
  }

  /**
   * Opens a filesystem whose superblock was just told of what is kept about space, and which has
   * nothing of it yet: those btrees begin empty. Until {@link RepairAccess#allocateFrom} says where
   * free buckets are, none are given out.
   */
  public static WritableFilesystem openWithoutSpace(
      List<BlockDevice> opened, WriteOptions options) {
    ReadFilesystem read = ReadFilesystem.open(opened, options.open());
    boolean done = false;
    try {
      WriteRefusals.check(read.devices(), read.btrees());
      Set<Integer> empty = new TreeSet<>();
      DerivedBtrees.ALL.forEach(btree -> empty.add(btree.number()));
      WritableFilesystem filesystem =
          start(opened, read, options, empty, Set.of(), WritableFilesystem::beginUpgrade);
      done = true;
      return filesystem;
    } finally {
      if (!done) {
        read.close();
      }
    }
  }

  private static WritableFilesystem open(
      List<BlockDevice> opened, ReadFilesystem read, WriteOptions options) {
    WriteRefusals.check(read.devices(), read.btrees());
    WritableFilesystem filesystem =
        start(opened, read, options, null, Set.of(), WritableFilesystem::beginUpgrade);
    filesystem.engine.finishUpgrade();
    return filesystem;
  }

  private static void beginUpgrade(SuperblockWriter superblock) {
    if (CompatibleUpgrade.isNeeded(superblock.current())) {
      CompatibleUpgrade.begin(superblock);
    }
  }

  /**
   * @param lost null unless what is kept about space is made anew: then the btrees that begin empty
   * @param upgrade what the superblock is told before anything else is written
   */
  private static WritableFilesystem start(
      List<BlockDevice> opened,
      ReadFilesystem read,
      WriteOptions options,
      Set<Integer> lost,
      Set<Integer> damaged,
      Consumer<SuperblockWriter> upgrade) {
    if (options.open().rewindTo() != 0 || options.open().norecovery()) {
      throw new RefusedException(
          "not_the_newest_state",
          Place.structure("journal"),
          "an older state of the filesystem (norecovery, journal_rewind) is for reading only");
    }
    DeviceSet devices = read.devices();
    JournalReplay replay = read.journal();
    FilesystemKey key = read.key().orElse(null);
    SuperblockWriter superblock = new SuperblockWriter(devices, options.clock());
    WriteStart start;
    if (replay.clean()) {
      start = WriteStart.ofClean(devices, replay);
    } else {
      JournalIndex index = JournalRecovery.reader(devices, key, options.open().threads()).readAll();
      start = WriteStart.ofUnclean(devices, replay, index);
      if (options.rules().hold(WriteRule.BLACKLIST)) {
        UncleanStart.record(superblock, start, index);
      }
    }
    upgrade.accept(superblock);
    trustNoBtree(superblock);
    WriteEngine engine = new WriteEngine(devices, key, superblock, start, options);
    if (lost != null) {
      engine.repair().allocateFrom(RepairAccess.NOWHERE);
    }
    engine.load(replay, lost == null ? Set.of() : lost, damaged);
    return new WritableFilesystem(opened, devices, key, engine);
  }

  /** Btrees that were found consistent are going to change, and are not checked here. */
  private static void trustNoBtree(SuperblockWriter superblock) {
    if (superblock.current().ext().map(ExtSection::btreesClean).orElse(0L) != 0) {
      superblock.update(editor -> editor.btreesClean(0));
    }
  }

  /** The superblock as it is now. */
  @Override
  public Superblock superblock() {
    return engine.superblock().current();
  }

  /** Whether the filesystem is of that version or a newer one. */
  public boolean since(MetadataVersion version) {
    return superblock().version() >= version.number();
  }

  /** Changes the superblock. */
  public SuperblockWriter superblockWriter() {
    return engine.superblock();
  }

  /**
   * Whether what a version brought may be used that older kernels do not understand; the superblock
   * says so from then on.
   */
  public boolean allow(MetadataVersion version) {
    if (superblock().flag(SuperblockFlag.VERSION_INCOMPAT_ALLOWED) < version.number()) {
      return false;
    }
    if (superblock().flag(SuperblockFlag.VERSION_INCOMPAT) < version.number()) {
      superblockWriter()
          .update(editor -> editor.flag(SuperblockFlag.VERSION_INCOMPAT, version.number()));
    }
    return true;
  }

  /** Announces in the superblock that a feature is used, before its first use. */
  public void require(Feature feature) {
    if (!superblock().has(feature)) {
      superblockWriter().update(editor -> editor.feature(feature));
    }
  }

  /** Reads and writes sectors of members. */
  @Override
  public DeviceSet devices() {
    return devices;
  }

  /** The key of a filesystem that is encrypted, else empty. */
  public Optional<FilesystemKey> key() {
    return Optional.ofNullable(key);
  }

  /** The btrees as they are at any moment. */
  @Override
  public Btrees btrees() {
    return engine.btrees();
  }

  /** The snapshots as of the last commit that changed any. */
  @Override
  public SnapshotTable snapshots() {
    return engine.snapshots();
  }

  /** The subvolumes as of the last commit that changed any. */
  @Override
  public SubvolumeTable subvolumes() {
    return engine.subvolumes();
  }

  /** The options that count: those it was opened with, else the superblock's. */
  public EffectiveOptions options() {
    return engine.effective();
  }

  /** What inodes are read by. */
  public FilesystemDefaults defaults() {
    return FilesystemDefaults.of(superblock(), new TargetNames(devices)::of);
  }

  /** Randomness: safe for several threads. */
  public RandomGenerator random() {
    return engine.random();
  }

  /** Which rules of the write path hold: all, but in tests. */
  public WriteRules rules() {
    return engine.rules();
  }

  /** Sectors for file data. */
  public SpaceAllocator space() {
    return engine.space();
  }

  /** What may still be written. */
  public SpaceBudget budget() {
    return engine.budget();
  }

  /**
   * Where hardly any bucket is free, others are emptied; to be called before changes, when no lock
   * is held.
   */
  public void makeRoom() {
    engine.makeRoom();
  }

  /**
   * To be called before a change that makes metadata larger: where hardly any bucket is free,
   * others are emptied first.
   *
   * @throws PosixException ENOSPC if the filesystem is full
   */
  public void requireRoomForMetadata() {
    engine.makeRoom();
    long least = (long) NODES_KEPT * (superblock().btreeNodeBytes() >> SECTOR_SHIFT);
    engine.budget().promise(least, least).close();
  }

  /** Held while data of extents is read: they stay where they are. */
  public Lock reading() {
    return engine.copygc().reading();
  }

  /** Held while keys of extents move from one node to another, maybe: nobody reads data then. */
  public Lock exclusive() {
    return engine.copygc().exclusive();
  }

  /** For whoever overwrites extents where they are, with {@link #reading} held. */
  public InPlaceMarks inPlace() {
    return engine.inPlace();
  }

  /** For whoever reads data: what of it was damaged, to be put on record by {@link #tick}. */
  public ReadErrors readErrors() {
    return engine.damage().ofUsers();
  }

  /** Whether extents or options ask for work in the background: {@link #reconcile}. */
  public boolean hasBackgroundWork() {
    return engine.reconcile().any();
  }

  /**
   * Does the work that extents and options ask for: compresses, copies, moves, looks for what
   * changed options mean.
   *
   * @param goOn asked every now and then; what is left is for the next time
   * @return how many things were done; 0 if nothing could be done
   */
  public long reconcile(BooleanSupplier goOn) {
    return engine.reconcile().run(goOn);
  }

  /**
   * Whoever reads files tells of it here, so that they get copies on {@code promote_target}.
   *
   * @param inodes of files
   */
  public ReadWatch reads(Function<FileId, Inode> inodes) {
    return engine.promotions().watch(inodes);
  }

  /** Whether anything was read that is to be had on {@code promote_target}: {@link #promote}. */
  public boolean hasPromotions() {
    return engine.promotions().any();
  }

  /**
   * Writes cached copies of what was read to {@code promote_target}.
   *
   * @param goOn asked before each one; what is left is for the next time
   * @return how many extents were copied
   */
  public int promote(BooleanSupplier goOn) {
    return engine.promotions().run(goOn);
  }

  /** Whoever reads extents as a whole for a part of them tells of it here. */
  public PartialReads partialReads() {
    return engine.narrowing();
  }

  /**
   * Who calls {@link #narrowChecksums}.
   *
   * @param told called when there is something to be done, by any thread
   */
  public void whenPartiallyRead(Runnable told) {
    engine.whenPartial(told);
  }

  /**
   * Parts of extents that had to be read as a whole get checksums of their own.
   *
   * @param goOn asked before each extent; what is left is for the next time
   * @return how many parts got one
   */
  public int narrowChecksums(BooleanSupplier goOn) {
    return engine.narrowing().run(goOn);
  }

  /** Clocks and versions. */
  public Clocks clocks() {
    return engine.clocks();
  }

  /** What only a repair may do. */
  public RepairAccess repair() {
    return engine.repair();
  }

  /** From now on that has to agree to changes of inodes. */
  public void watchInodes(InodeWatch watch) {
    engine.committer().watchInodes(watch);
  }

  /** A new transaction, for those who restart by hand; the name goes into the journal. */
  public Transaction begin(String name) {
    return engine.committer().begin(name);
  }

  /**
   * Runs a transaction as often as needed until what it read was still so when it committed.
   *
   * @param body reads and changes; may be called several times
   * @return what the body returned, and what to {@link #flush} for it to be durable
   */
  public <T> Committer.Committed<T> transact(String name, Function<Transaction, T> body) {
    return engine.committer().transact(name, body);
  }

  /**
   * Notes that all extents and nodes are to be held against the options: these are going to change,
   * or have changed. Nothing where the filesystem's version has no such notes.
   */
  public void askForScan() {
    askForScan(ReconcileLists.scanOfAll());
  }

  /** The same for one of the other scans that there are, by where it is noted. */
  public void askForScan(Bpos pos) {
    if (superblock().version() >= MetadataVersion.RECONCILE.number()) {
      transact(
          "set_needs_scan",
          transaction -> {
            Bkey before = new Bkey();
            boolean there = transaction.lookup(BtreeId.RECONCILE_SCAN, pos, before);
            transaction.update(
                BtreeId.RECONCILE_SCAN, ReconcileLists.scan(pos, there ? before : null));
            return null;
          });
    }
  }

  /** Waits until everything up to that sequence number is durable. */
  public void flush(long seq) {
    engine.journal().flush(seq);
  }

  /** Waits until everything that is committed is durable. */
  public void sync() {
    engine.sync();
  }

  /**
   * Btree nodes are written by another thread from now on, as long as they are not many, so that
   * those who commit do not wait for devices.
   *
   * @param told called by whoever commits while there is something to do, often; the other thread
   *     is to call {@link #writeNodes} then
   */
  public void writeNodesElsewhere(Runnable told) {
    engine.nodeWork().elsewhere(told);
  }

  /**
   * Writes btree nodes that have many unwritten keys, and others if the journal is getting full.
   */
  public void writeNodes() {
    engine.nodeWork().work();
  }

  /**
   * Does what is due: makes what was committed durable, frees buckets that were emptied, writes
   * nodes that the journal waits for, puts on record what readers met. To be called about once a
   * second.
   */
  public void tick() {
    engine.tick();
  }

  /**
   * A device is gone or refuses writes: the filesystem goes on without writing to it, if it can.
   *
   * @param why as a clause
   * @throws org.jbcachefs.format.error.DeviceException if it cannot be written to without it
   */
  public void deviceLost(int index, String why) {
    engine.failing().stop(index, why);
  }

  /**
   * Empties some buckets of which only a part is live, however many are free: {@link #tick} does so
   * where free ones get scarce.
   *
   * @return whether there is more room than before, or may be
   */
  public boolean compact() {
    return engine.copygc().run();
  }

  /**
   * The filesystem as it is at this moment, to be checked beside whatever is changed from now on.
   * To be called when nobody changes anything, and by one at a time.
   *
   * @param findings told of what reading finds
   */
  public synchronized FrozenFilesystem freeze(Consumer<Finding> findings) {
    return engine.freeze(devices, key, findings);
  }

  /**
   * Leaves the devices as {@link #close} does, and stays open: the next change makes the filesystem
   * unclean again. To be called when nobody changes anything.
   */
  public synchronized void rest() {
    if (!closed) {
      engine.shutDown();
    }
  }

  /** Ends cleanly and closes the devices. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      engine.shutDown();
    } finally {
      opened.forEach(BlockDevice::close);
    }
  }

  /** Closes the devices and nothing else. */
  public synchronized void abandon() {
    if (!closed) {
      closed = true;
      opened.forEach(BlockDevice::close);
    }
  }
}
