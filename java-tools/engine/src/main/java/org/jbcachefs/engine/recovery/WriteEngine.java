// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.alloc.UsageReader;
import org.jbcachefs.engine.alloc.write.BucketChanges;
import org.jbcachefs.engine.alloc.write.BucketGeometry;
import org.jbcachefs.engine.alloc.write.Counters;
import org.jbcachefs.engine.alloc.write.Discards;
import org.jbcachefs.engine.alloc.write.KeyDifference;
import org.jbcachefs.engine.alloc.write.OpenBuckets;
import org.jbcachefs.engine.alloc.write.ReconcileScanner;
import org.jbcachefs.engine.alloc.write.ReconcileTrigger;
import org.jbcachefs.engine.alloc.write.SpaceAllocator;
import org.jbcachefs.engine.alloc.write.SpaceBudget;
import org.jbcachefs.engine.alloc.write.Watermark;
import org.jbcachefs.engine.btree.KeyChecks;
import org.jbcachefs.engine.btree.KeySequence;
import org.jbcachefs.engine.btree.NodeReader;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.btree.live.NodeContent;
import org.jbcachefs.engine.btree.live.Tail;
import org.jbcachefs.engine.btree.write.BtreeRebuild;
import org.jbcachefs.engine.btree.write.NodeSettings;
import org.jbcachefs.engine.btree.write.NodeStorage;
import org.jbcachefs.engine.btree.write.NodeWork;
import org.jbcachefs.engine.commit.Clocks;
import org.jbcachefs.engine.commit.CommitWork;
import org.jbcachefs.engine.commit.Committer;
import org.jbcachefs.engine.commit.RootsAndClocks;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.damage.write.DamageKeys;
import org.jbcachefs.engine.damage.write.DamageLog;
import org.jbcachefs.engine.data.move.CachedBuckets;
import org.jbcachefs.engine.data.move.ChecksumNarrowing;
import org.jbcachefs.engine.data.move.Copygc;
import org.jbcachefs.engine.data.move.InPlaceMarks;
import org.jbcachefs.engine.data.move.MoveParts;
import org.jbcachefs.engine.data.move.Promotions;
import org.jbcachefs.engine.data.move.Reconcile;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.journal.JournalReplay;
import org.jbcachefs.engine.journal.Overlay;
import org.jbcachefs.engine.journal.SeqBlacklist;
import org.jbcachefs.engine.journal.write.DeviceJournal;
import org.jbcachefs.engine.journal.write.EntryWriter;
import org.jbcachefs.engine.journal.write.Journal;
import org.jbcachefs.engine.journal.write.JournalPins;
import org.jbcachefs.engine.journal.write.JournalSettings;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.engine.sb.EffectiveOptions;
import org.jbcachefs.engine.sb.TargetMembers;
import org.jbcachefs.engine.sb.write.BtreeBitmaps;
import org.jbcachefs.engine.sb.write.ReplicasEntries;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.NodeContext;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.MetadataVersion;

/** The parts of the write path, put together for one filesystem. */
final class WriteEngine {
  private static final int ENTRY_BYTES_MOST = 256 << 10;

  /** What frees the journal needs room in it. Nobody makes one of fewer than eight buckets. */
  private static final int JOURNAL_BUCKETS_LEAST = 5;

  /** So many free buckets before they are short copygc begins. */
  private static final int AHEAD_BUCKETS = 16;

  private final DeviceSet devices;
  private final SuperblockWriter superblock;
  private final ReplicasEntries replicas;
  private final LiveBtrees btrees;
  private final JournalPins<LiveNode> pins = new JournalPins<>();
  private final Clocks clocks;
  private final RootsAndClocks roots;
  private final Journal journal;
  private final NodeWork nodeWork;
  private final NodeStorage nodes;
  private final NodeSettings nodeSettings;
  private long keptSeq;
  private final Committer committer;
  private final KeyDifference difference;
  private final RandomGenerator random;
  private final SpaceAllocator space;
  private final Discards discards;
  private final SpaceBudget budget = new SpaceBudget();
  private final Copygc copygc;
  private final CachedBuckets cached;
  private final InPlaceMarks inPlace = new InPlaceMarks();
  private final Reconcile reconcile;
  private final Promotions promotions;
  private final ChecksumNarrowing narrowing;
  private volatile Runnable whenPartial = () -> {};
  private final FailingMembers failing;
  private final DamageLog damage;

  /** The stock of room when nothing could be done to make it larger. */
  private volatile long fruitless = -1;

  /** What is read as it was at some moment; null if nothing is. */
  private volatile FrozenFilesystem frozen;

  private final SeqBlacklist blacklist;
  private final TableCache<SnapshotTable> snapshots;
  private final TableCache<SubvolumeTable> subvolumes;
  private final EffectiveOptions effective;
  private final WriteRules rules;

  WriteEngine(
      DeviceSet devices,
      FilesystemKey key,
      SuperblockWriter superblock,
      WriteStart start,
      WriteOptions options) {
    this.devices = devices;
    this.superblock = superblock;
    this.random = options.random();
    this.rules = options.rules();
    this.blacklist = start.blacklist();
    this.replicas = new ReplicasEntries(superblock);
    this.effective = new EffectiveOptions(superblock::current, options.given());
    NodeContext context = nodeContext(key, start);
    NodeReader reader = reader(context, options.open());
    this.btrees = new LiveBtrees(reader, options.cacheBytes());
    this.snapshots = new TableCache<>(() -> SnapshotTable.read(btrees));
    this.subvolumes = new TableCache<>(() -> SubvolumeTable.read(btrees));
    this.clocks =
        new Clocks(options.clock(), start.readClock(), start.writeClock(), start.keyVersion());
    this.damage = new DamageLog(() -> DamageKeys.areKept(current().version()), options.clock());
    this.roots = new RootsAndClocks(btrees, clocks, options.rules());
    this.journal = journal(key, start, options);
    this.failing =
        new FailingMembers(
            devices, superblock, journal, effective, options.clock(), this::countCapacity);
    OpenBuckets open = new OpenBuckets();
    this.discards = new Discards(devices, btrees, open, options.rules());
    this.space = new SpaceAllocator(devices, btrees, open, this::refill);
    this.nodes =
        new NodeStorage(
            devices,
            space,
            new BtreeBitmaps(superblock),
            options.rules(),
            context.nodeSectors(),
            (int) current().flag(SuperblockFlag.META_REPLICAS_WANT),
            TargetMembers.of(current(), metadataTarget()),
            options.placement());
    this.nodeSettings =
        new NodeSettings(
            context,
            checksum(),
            options.random(),
            options.rules().hold(WriteRule.SHARDS)
                ? (int) current().flag(SuperblockFlag.SHARD_INUMS_NBITS)
                : 0);
    this.nodeWork = new NodeWork(btrees, journal, pins, nodeSettings, nodes, options.rules());
    BucketChanges buckets = new BucketChanges(BucketGeometry.of(current()), open, options.rules());
    Counters counters = new Counters();
    ExtentEntrySizes sizes = ExtentEntrySizes.of(current()::extentTypeU64s);
    this.difference =
        new KeyDifference(
            sizes,
            context.nodeSectors(),
            current().extentBpShift(),
            current().version(),
            buckets,
            counters,
            options.rules());
    CommitWork work =
        new CommitWork(
            btrees,
            journal,
            pins,
            difference,
            new ReconcileTrigger(effective, sizes, snapshots::get),
            buckets,
            counters,
            budget,
            replicas,
            clocks,
            options.rules(),
            current().version(),
            this::changed);
    this.committer = new Committer(btrees, journal, work, new Help());
    nodeWork.commitWith(committer);
    MoveParts parts =
        new MoveParts(
            devices,
            btrees,
            committer,
            nodeWork,
            space,
            effective,
            clocks,
            key,
            snapshots::get,
            inPlace,
            this::announce,
            damage.ofBackground(),
            options.rules());
    this.copygc = new Copygc(parts, this::makeFree);
    this.cached = new CachedBuckets(parts, copygc.exclusive());
    this.promotions = new Promotions(parts, copygc.exclusive(), cached);
    this.narrowing =
        new ChecksumNarrowing(committer, sizes, () -> whenPartial.run(), devices.activity());
    this.reconcile =
        new Reconcile(
            parts,
            copygc.exclusive(),
            new ReconcileScanner(effective, sizes, snapshots::get),
            budget);
  }

  /** Where metadata goes if nothing is said of it is where data goes first. */
  private int metadataTarget() {
    int target = (int) current().flag(SuperblockFlag.METADATA_TARGET);
    return target != 0 ? target : (int) current().flag(SuperblockFlag.FOREGROUND_TARGET);
  }

  private Superblock current() {
    return superblock.current();
  }

  private NodeReader reader(NodeContext context, OpenOptions options) {
    Consumer<Finding> findings = options.findings();
    return options.keyChecks()
        ? NodeReader.checking(
            devices, context, findings, new KeyChecks(current().version(), findings))
        : new NodeReader(devices, context, false, findings);
  }

  /** An upgrade that was begun is carried out, if there is one. */
  void finishUpgrade() {
    if (CompatibleUpgrade.isNeeded(superblock.current())) {
      CompatibleUpgrade.finish(superblock, btrees, committer);
    }
  }

  /** What stripes count is made anew by whoever changes keys in them, from now on. */
  void leaveStripes() {
    difference.leaveStripes();
  }

  boolean leavesStripes() {
    return difference.leavesStripes();
  }

  RepairAccess repair() {
    return new RepairAccess(this, space, discards, nodeWork, replicas);
  }

  private NodeContext nodeContext(FilesystemKey key, WriteStart start) {
    return new NodeContext(
        NodeContext.magicOf(current().magicWord()),
        current().blockBytes(),
        current().btreeNodeBytes(),
        current().version(),
        current().versionMin(),
        key,
        current().encrypted(),
        start.blacklist()::contains);
  }

  private ChecksumType checksum() {
    return MetadataChecksum.of(current());
  }

  private Journal journal(FilesystemKey key, WriteStart start, WriteOptions options) {
    if (start.devices().isEmpty()) {
      throw new RefusedException(
          "no_journal",
          Place.structure("journal"),
          "no member that is here and may be written to has a journal, and nothing can be changed"
              + " without one");
    }
    int most = start.devices().stream().mapToInt(DeviceJournal::size).max().orElseThrow();
    if (most < JOURNAL_BUCKETS_LEAST) {
      throw new RefusedException(
          "journal_too_small",
          Place.structure("journal"),
          "no member's journal has more than "
              + most
              + " buckets, and with fewer than "
              + JOURNAL_BUCKETS_LEAST
              + " it could fill for good");
    }
    int entryBytes = ENTRY_BYTES_MOST;
    for (DeviceJournal device : start.devices()) {
      entryBytes = Math.min(entryBytes, device.bucketSectors() << 9);
    }
    JournalSettings settings =
        new JournalSettings(
            Jset.magic(current().magicWord()),
            current().version(),
            current().blockBytes(),
            entryBytes,
            checksum(),
            key,
            (int) current().flag(SuperblockFlag.META_REPLICAS_WANT));
    EntryWriter writer = new EntryWriter(settings, devices, writable(), replicas, options.rules());
    boolean pinned = options.rules().hold(WriteRule.PINS);
    return new Journal(
        btrees.lock(),
        settings,
        writer,
        start.devices(),
        start.blacklist(),
        roots,
        () -> pinned ? pins.oldest() : 0,
        start.newestSeq(),
        start.durableSeq(),
        start.neededSeq());
  }

  private List<Integer> writable() {
    List<Integer> writable = new ArrayList<>();
    for (int index = 0; index < devices.size(); index++) {
      Member member = devices.member(index);
      if (member != null && devices.device(index) != null && member.state() == MemberState.RW) {
        writable.add(index);
      }
    }
    return writable;
  }

  private void changed(LiveNode node) {
    nodeWork.changed(node);
    if (node.btree() == BtreeId.SNAPSHOTS.number()) {
      snapshots.forget();
    } else if (node.btree() == BtreeId.SUBVOLUMES.number()) {
      subvolumes.forget();
    }
  }

  /**
   * Reads the roots, and puts into the btrees what only the journal has.
   *
   * @param lost btrees that begin empty
   * @param damaged btrees whose roots are kept and not read; the journal is kept for them
   */
  void load(JournalReplay replay, Set<Integer> lost, Set<Integer> damaged) {
    for (BtreeRoot root : replay.roots()) {
      if (lost.contains(root.btree()) || (root.key() == null && damaged.contains(root.btree()))) {
        continue;
      }
      Place place = Place.structure("root of btree " + BtreeId.nameOf(root.btree()));
      if (root.key() == null) {
        throw new CorruptionException("btree_root_bkey_invalid", place, "no valid key");
      }
      if (damaged.contains(root.btree())) {
        keepRoot(root, place, replay);
      } else {
        btrees.loadRoot(BtreePointer.parse(root.btree(), root.level(), root.key(), place));
      }
    }
    if (!replay.clean()) {
      Set<Integer> without = new HashSet<>(lost);
      without.addAll(damaged);
      new OverlayReplay(btrees, replay.overlay(), pins, replay.firstSeq(), replay.lastSeq())
          .run(without);
      // Before any node is written: another crash must find a number near those in the nodes.
      journal.flushNow();
    }
    countSpace();
  }

  private void keepRoot(BtreeRoot root, Place place, JournalReplay replay) {
    BtreePointer pointer;
    try {
      pointer = BtreePointer.parse(root.btree(), root.level(), root.key(), place);
    } catch (CorruptionException e) {
      // There is nothing to be kept.
      return;
    }
    LiveNode kept =
        new LiveNode(
            root.btree(),
            root.level(),
            Bpos.MIN,
            Bpos.MAX,
            pointer,
            NodeContent.of(null, Tail.EMPTY));
    btrees.lock().lock();
    try {
      btrees.setRoot(kept);
      if (!replay.clean()) {
        pins.pin(replay.firstSeq(), kept);
        keptSeq = replay.firstSeq();
      }
    } finally {
      btrees.lock().unlock();
    }
  }

  /** Puts a btree made of those keys in the place of one that is damaged. */
  void rebuild(int btree, KeySequence keys) {
    LiveNode before = btrees.root(btree);
    sync();
    new BtreeRebuild(btrees, committer, nodeSettings, nodes).run(btree, keys, newestSeq());
    btrees.lock().lock();
    try {
      pins.unpin(keptSeq, before);
    } finally {
      btrees.lock().unlock();
    }
    sync();
  }

  /** What is on devices that take no more stays used, and nothing more has room there. */
  private void countCapacity() {
    budget.resize(UsageReader.budget(btrees, current()).capacity());
  }

  EffectiveOptions effective() {
    return effective;
  }

  /** Finds out how much may still be written; when the filesystem is there and nobody uses it. */
  void countSpace() {
    UsageReader.Budget begin = UsageReader.budget(btrees, current());
    budget.begin(begin.capacity(), begin.used(), begin.reserved());
  }

  SuperblockWriter superblock() {
    return superblock;
  }

  LiveBtrees btrees() {
    return btrees;
  }

  SnapshotTable snapshots() {
    return snapshots.get();
  }

  SubvolumeTable subvolumes() {
    return subvolumes.get();
  }

  WriteRules rules() {
    return rules;
  }

  SpaceAllocator space() {
    return space;
  }

  RandomGenerator random() {
    return random;
  }

  Clocks clocks() {
    return clocks;
  }

  Committer committer() {
    return committer;
  }

  Journal journal() {
    return journal;
  }

  void sync() {
    journal.flush(newestSeq());
  }

  long newestSeq() {
    btrees.lock().lock();
    try {
      return journal.newestSeq();
    } finally {
      btrees.lock().unlock();
    }
  }

  NodeWork nodeWork() {
    return nodeWork;
  }

  void tick() {
    failing.judge();
    sync();
    discard();
    nodeWork.work();
    nodeWork.dropDeadCounters();
    if (space.isShort(AHEAD_BUCKETS) && !spoil()) {
      copygc.run();
    }
    writeDamage();
  }

  private void writeDamage() {
    if (!damage.isEmpty()) {
      makeRoom();
      damage.write(body ->
          committer.transact(
              "damage",
              transaction -> {
                body.accept(transaction);
                return null;
              }));
    }
  }

  /** Room for what is not file data: buckets are emptied if hardly any are free. */
  void makeRoom() {
    while (space.isShort(0) && space.stock(copygc.point()) != fruitless) {
      if (!refill(Watermark.NORMAL)) {
        fruitless = space.stock(copygc.point());
      }
    }
  }

  private void announce(Feature feature) {
    if (!current().has(feature)) {
      superblock.update(editor -> editor.feature(feature));
    }
  }

  SpaceBudget budget() {
    return budget;
  }

  Reconcile reconcile() {
    return reconcile;
  }

  DamageLog damage() {
    return damage;
  }

  Promotions promotions() {
    return promotions;
  }

  ChecksumNarrowing narrowing() {
    return narrowing;
  }

  /** Called when {@link #narrowing} has something to do. */
  void whenPartial(Runnable told) {
    whenPartial = told;
  }

  InPlaceMarks inPlace() {
    return inPlace;
  }

  Copygc copygc() {
    return copygc;
  }

  FailingMembers failing() {
    return failing;
  }

  private int discard() {
    return discards.run(journal.durableSeq(), this::markFree);
  }

  private void markFree(List<Discards.Bucket> buckets) {
    // Each time: one round may free more buckets than the journal's reserve has room for.
    nodeWork.ensureJournalRoom();
    Transaction transaction = committer.begin("bucket_discard").forReclaim();
    buckets.forEach(bucket -> transaction.discarded(bucket.device(), bucket.bucket()));
    transaction.commit();
  }

  /** Free buckets are getting scarce: those that were emptied are made free, or more emptied. */
  private boolean refill(Watermark watermark) {
    if (spoil()) {
      sync();
    }
    if (discard() > 0) {
      return true;
    }
    sync();
    if (discard() > 0) {
      return true;
    }
    if (watermark != Watermark.NORMAL) {
      return false;
    }
    if (cached.giveUpSome() > 0) {
      sync();
      return discard() > 0;
    }
    return copygc.run();
  }

  private void makeFree() {
    sync();
    discard();
  }

  /** All nodes are written, and nothing that they lead to is used for anything else from now on. */
  FrozenFilesystem freeze(DeviceSet set, FilesystemKey key, Consumer<Finding> findings) {
    discards.keep(_ -> true);
    boolean done = false;
    try {
      checkpoint();
      Map<Integer, BtreeRoot> found = new TreeMap<>();
      for (int btree : btrees.present()) {
        LiveNode root = btrees.root(btree);
        if (root.pointer() != null) {
          found.put(btree, new BtreeRoot(btree, root.level(), root.pointer().toKey()));
        }
      }
      long seq = newestSeq();
      JournalReplay state =
          new JournalReplay(
              false,
              seq,
              seq,
              seq,
              clocks.keyVersion(),
              clocks.read(),
              clocks.write(),
              0,
              Overlay.ofRoots(found),
              blacklist,
              List.of());
      OpenOptions options = OpenOptions.defaults().withKeyChecks(true).withFindings(findings);
      frozen =
          new FrozenFilesystem(ReadFilesystem.of(current(set), key, state, options), this::release);
      done = true;
      return frozen;
    } finally {
      if (!done) {
        release();
      }
    }
  }

  private void release() {
    frozen = null;
    discards.keep(_ -> false);
  }

  /** The same devices with their superblocks as they are now. */
  private DeviceSet current(DeviceSet set) {
    List<BlockDevice> members = new ArrayList<>();
    List<Superblock> superblocks = new ArrayList<>();
    for (int index = 0; index < set.size(); index++) {
      members.add(set.device(index));
      superblocks.add(set.device(index) == null ? current() : superblock.of(index));
    }
    return DeviceSetAssembly.of(members, superblocks);
  }

  /** Room comes before what others want to know of the past; whether there may be some now. */
  private boolean spoil() {
    FrozenFilesystem kept = frozen;
    if (kept == null) {
      return false;
    }
    kept.spoil();
    return true;
  }

  /** Writes all nodes: no journal entry of before is replayed after a crash. */
  void checkpoint() {
    nodeWork.writeAll();
    journal.flushNow();
  }

  /** Writes everything and says in the superblock that the journal is not needed. */
  void shutDown() {
    writeDamage();
    nodes.close();
    copygc.close();
    reconcile.close();
    promotions.close();
    checkpoint();
    if (nodeWork.dropDeadCounters()) {
      checkpoint();
    }
    new CleanShutdown(superblock, replicas, btrees, roots, journal).run();
  }

  private final class Help implements Committer.CommitHelp {
    @Override
    public void freeJournal() {
      nodeWork.freeJournal();
    }

    @Override
    public void afterCommit() {
      nodeWork.afterCommit();
    }

    @Override
    public void addReplicas(CommitWork.Missing missing) {
      replicas.require(missing.dataType(), missing.required(), missing.devices());
    }

    @Override
    public void announceNotes() {
      int version = MetadataVersion.SB_FIELD_EXTENT_TYPE_U64S.number();
      superblock.update(editor -> editor.flag(SuperblockFlag.VERSION_INCOMPAT, version));
    }
  }
}
