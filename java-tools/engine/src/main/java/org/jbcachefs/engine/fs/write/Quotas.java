// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.InodeWatch;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.QuotaSection;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Quota;
import org.jbcachefs.format.value.Shape;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.SnapshotTree;
import org.jbcachefs.format.value.Subvolume;

/**
 * Quotas of users, groups and projects: how much each has is counted when the filesystem is opened
 * and kept in memory; limits are in the btree {@code quotas}, grace times in the superblock. Only
 * what the master subvolume of a tree of snapshots sees counts. Thread-safe. Source: {@code
 * fs/fs/quota.c}.
 */
public final class Quotas implements InodeWatch {
  /** A week, as the reference has it where the superblock says nothing. */
  private static final int GRACE_SECONDS = 7 * 24 * 60 * 60;

  private static final ScopedValue<Boolean> EXEMPT = ScopedValue.newInstance();

  private final WritableFilesystem filesystem;
  private final Map<QuotaType, TreeMap<Integer, Account>> accounts = new EnumMap<>(QuotaType.class);
  private volatile Masters masters;

  /** What one user, group or project has and may have; guarded by the quotas' own lock. */
  private static final class Account {
    final long[] used = new long[QuotaCounter.COUNT];
    final long[] hard = new long[QuotaCounter.COUNT];
    final long[] soft = new long[QuotaCounter.COUNT];

    /** When the grace time ends, in seconds since 1970; 0 while it is not running. */
    final long[] graceEnds = new long[QuotaCounter.COUNT];

    boolean isEmpty() {
      long any = 0;
      for (int i = 0; i < QuotaCounter.COUNT; i++) {
        any |= used[i] | hard[i] | soft[i];
      }
      return any == 0;
    }
  }

  /** Which snapshots are those of master subvolumes, as of some state of these tables. */
  private record Masters(
      SnapshotTable snapshots, SubvolumeTable subvolumes, Map<Integer, Integer> byTree) {}

  /**
   * What somebody has and may have.
   *
   * @param id of the user, group or project
   * @param limits 0 for none
   */
  public record Report(int id, List<Counted> limits) {}

  /**
   * One of the two things that are counted.
   *
   * @param graceEnds seconds since 1970; 0 while the soft limit is not exceeded
   */
  public record Counted(QuotaCounter counter, long used, long soft, long hard, long graceEnds) {}

  Quotas(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
    for (QuotaType type : QuotaType.values()) {
      if (filesystem.options().value(type.option()) != 0) {
        accounts.put(type, new TreeMap<>(Integer::compareUnsigned));
      }
    }
  }

  /** Begins to keep account; before anybody changes anything. */
  void begin() {
    if (accounts.isEmpty()) {
      return;
    }
    readLimits();
    count(masters().byTree.values(), 1);
    filesystem.watchInodes(this);
  }

  /** Whether that is kept account of. */
  public boolean isOn(QuotaType type) {
    return accounts.containsKey(type);
  }

  /** Whether any is. */
  public boolean areOn() {
    return !accounts.isEmpty();
  }

  /** What is done there may exceed limits: it is for somebody with CAP_SYS_RESOURCE. */
  public static int exempt(IntSupplier work) {
    return ScopedValue.where(EXEMPT, true).<Integer, RuntimeException>call(work::getAsInt);
  }

  private void readLimits() {
    int btree = BtreeId.QUOTAS.number();
    try (KeyIterator keys = filesystem.btrees().iterate(btree, Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key();
        QuotaType type = QuotaType.of(key.inode());
        if (type != null && isOn(type) && key.type() == KeyType.QUOTA.number()) {
          limit(account(type, (int) key.offset()), Quota.decode(key));
        }
      }
    }
  }

  private static void limit(Account account, Quota limits) {
    account.hard[QuotaCounter.SPACE.number()] = limits.spaceHard();
    account.soft[QuotaCounter.SPACE.number()] = limits.spaceSoft();
    account.hard[QuotaCounter.INODES.number()] = limits.inodesHard();
    account.soft[QuotaCounter.INODES.number()] = limits.inodesSoft();
  }

  private Account account(QuotaType type, int id) {
    return accounts.get(type).computeIfAbsent(id, _ -> new Account());
  }

  /** A subvolume has come with that root. */
  synchronized void came(Inode root) {
    if (areOn()) {
      add(root, 1);
    }
  }

  /** The snapshot of a subvolume if what is in it counts, else 0. */
  int counted(int subvolume) {
    Subvolume found = areOn() ? filesystem.subvolumes().get(subvolume) : null;
    return found != null && concerns(found.snapshot()) ? found.snapshot() : 0;
  }

  /** What a subvolume saw counts no more: it is gone, and its keys are still there. */
  void left(int snapshot) {
    count(List.of(snapshot), -1);
  }

  /** Counts what those snapshots see; nobody changes them. */
  private synchronized void count(Collection<Integer> snapshots, int sign) {
    SnapshotTable table = filesystem.snapshots();
    List<Version> versions = new ArrayList<>();
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.INODES.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key();
        if (!versions.isEmpty() && versions.getFirst().number != key.offset()) {
          snapshots.forEach(snapshot -> count(table, snapshot, versions, sign));
          versions.clear();
        }
        Inode inode = Inode.is(key) ? Inode.decode(key) : null;
        versions.add(new Version(key.offset(), key.snapshot(), inode));
      }
    }
    snapshots.forEach(snapshot -> count(table, snapshot, versions, sign));
  }

  /**
   * A version of an inode.
   *
   * @param inode null for one that hides those above it
   */
  private record Version(long number, int snapshot, Inode inode) {}

  /** All versions of one number, ascending: a snapshot sees the first that is above it. */
  private void count(SnapshotTable table, int snapshot, List<Version> versions, int sign) {
    for (Version version : versions) {
      if (table.isAncestor(snapshot, version.snapshot)) {
        if (version.inode != null) {
          add(version.inode, sign);
        }
        return;
      }
    }
  }

  private void add(Inode inode, int sign) {
    for (QuotaType type : accounts.keySet()) {
      Account account = account(type, type.id(inode));
      account.used[QuotaCounter.SPACE.number()] += sign * inode.sectors();
      account.used[QuotaCounter.INODES.number()] += sign;
    }
  }

  private Masters masters() {
    SnapshotTable snapshots = filesystem.snapshots();
    SubvolumeTable subvolumes = filesystem.subvolumes();
    Masters known = masters;
    if (known == null || known.snapshots != snapshots || known.subvolumes != subvolumes) {
      Map<Integer, Integer> byTree = new TreeMap<>();
      int btree = BtreeId.SNAPSHOT_TREES.number();
      try (KeyIterator keys = filesystem.btrees().iterate(btree, Bpos.MIN, Bpos.MAX)) {
        while (keys.next()) {
          Bkey key = keys.key();
          if (key.type() == KeyType.SNAPSHOT_TREE.number()) {
            Subvolume master = subvolumes.get(SnapshotTree.decode(key).masterSubvolume());
            if (master != null && !master.unlinked()) {
              byTree.put((int) key.offset(), master.snapshot());
            }
          }
        }
      }
      known = new Masters(snapshots, subvolumes, byTree);
      masters = known;
    }
    return known;
  }

  @Override
  public boolean concerns(int snapshot) {
    Masters now = masters();
    if (!filesystem.rules().hold(WriteRule.MASTER_SUBVOLUME)) {
      return true;
    }
    Snapshot node = now.snapshots.get(snapshot);
    return node != null && Integer.valueOf(snapshot).equals(now.byTree.get(node.tree()));
  }

  /** What changes add to one account. */
  private record Added(QuotaType type, int id, long[] counts) {}

  private List<Added> added(List<Change> changes) {
    List<Added> all = new ArrayList<>();
    for (Change change : changes) {
      for (QuotaType type : accounts.keySet()) {
        add(all, type, change.before(), -1);
        add(all, type, change.after(), 1);
      }
    }
    return all;
  }

  private static void add(List<Added> all, QuotaType type, Inode inode, int sign) {
    if (inode == null) {
      return;
    }
    int id = type.id(inode);
    Added found = null;
    for (Added each : all) {
      found = each.type == type && each.id == id ? each : found;
    }
    if (found == null) {
      found = new Added(type, id, new long[QuotaCounter.COUNT]);
      all.add(found);
    }
    found.counts[QuotaCounter.SPACE.number()] += sign * inode.sectors();
    found.counts[QuotaCounter.INODES.number()] += sign;
  }

  private long now() {
    return filesystem.clocks().wall().instant().getEpochSecond();
  }

  @Override
  public synchronized void check(List<Change> changes) {
    if (EXEMPT.isBound()) {
      return;
    }
    for (Added each : added(changes)) {
      Account account = accounts.get(each.type).get(each.id);
      for (QuotaCounter counter : QuotaCounter.values()) {
        if (account != null && each.counts[counter.number()] > 0) {
          check(each, account, counter);
        }
      }
    }
  }

  private void check(Added more, Account account, QuotaCounter counter) {
    int at = counter.number();
    long used = account.used[at] + more.counts[at];
    boolean hard = account.hard[at] != 0 && used > account.hard[at];
    boolean soft =
        account.soft[at] != 0
            && used > account.soft[at]
            && account.graceEnds[at] != 0
            && now() >= account.graceEnds[at];
    if (hard || soft) {
      throw new PosixException(
          PosixError.EDQUOT,
          more.type
              + " "
              + Integer.toUnsignedString(more.id)
              + " has no more "
              + counter
              + ": "
              + (hard ? "the limit is " + account.hard[at] : "the grace time is over"));
    }
  }

  @Override
  public synchronized void committed(List<Change> changes) {
    for (Added each : added(changes)) {
      Account account = account(each.type, each.id);
      for (QuotaCounter counter : QuotaCounter.values()) {
        int at = counter.number();
        account.used[at] += each.counts[at];
        grace(each.type, counter, account);
      }
    }
  }

  /** The grace time runs from the moment at which the soft limit is exceeded. */
  private void grace(QuotaType type, QuotaCounter counter, Account account) {
    int at = counter.number();
    boolean over = account.soft[at] != 0 && account.used[at] > account.soft[at];
    if (!over) {
      account.graceEnds[at] = 0;
    } else if (account.graceEnds[at] == 0) {
      account.graceEnds[at] = now() + graceSeconds(type, counter);
    }
  }

  /** For how long a soft limit may be exceeded. */
  public long graceSeconds(QuotaType type, QuotaCounter counter) {
    return Integer.toUnsignedLong(
        section().types().get(type.number()).counters().get(counter.number()).timelimit());
  }

  private QuotaSection section() {
    return filesystem.superblock().quotas().orElseGet(Quotas::defaults);
  }

  private static QuotaSection defaults() {
    QuotaSection.Counter week = new QuotaSection.Counter(GRACE_SECONDS, 0);
    QuotaSection.Type type = new QuotaSection.Type(0, List.of(week, week));
    return new QuotaSection(List.of(type, type, type), Bytes.EMPTY);
  }

  /** Sets for how long a soft limit may be exceeded; grace times that run are left alone. */
  public void setGrace(QuotaType type, QuotaCounter counter, int seconds) {
    requireOn(type);
    QuotaSection before = section();
    List<QuotaSection.Type> types = new ArrayList<>(before.types());
    QuotaSection.Type old = types.get(type.number());
    List<QuotaSection.Counter> counters = new ArrayList<>(old.counters());
    int warnlimit = counters.get(counter.number()).warnlimit();
    counters.set(counter.number(), new QuotaSection.Counter(seconds, warnlimit));
    types.set(type.number(), new QuotaSection.Type(old.flags(), counters));
    QuotaSection changed = new QuotaSection(types, before.tail());
    filesystem.superblockWriter().update(editor -> editor.section(changed));
  }

  /**
   * Sets limits of one user, group or project; null leaves one as it is, 0 takes it away. What to
   * {@link WritableFilesystem#flush} for it to be durable.
   *
   * @param spaceSoft sectors
   * @param spaceHard sectors
   */
  public long setLimits(
      QuotaType type, int id, Long spaceSoft, Long spaceHard, Long inodesSoft, Long inodesHard) {
    requireOn(type);
    Bpos pos = Bpos.of(type.number(), Integer.toUnsignedLong(id));
    var set =
        filesystem.transact(
            "quota_set",
            transaction -> {
              Bkey key = new Bkey();
              boolean there =
                  transaction.lookup(BtreeId.QUOTAS, pos, key)
                      && key.type() == KeyType.QUOTA.number();
              Quota old = there ? Quota.decode(key) : new Quota(0, 0, 0, 0, Shape.of(Quota.BYTES));
              Quota limits =
                  new Quota(
                      or(spaceHard, old.spaceHard()),
                      or(spaceSoft, old.spaceSoft()),
                      or(inodesHard, old.inodesHard()),
                      or(inodesSoft, old.inodesSoft()),
                      old.shape());
              var bytes = MemorySegment.ofArray(new long[Math.ceilDiv(limits.bytes(), Long.BYTES)]);
              limits.encode(bytes, 0);
              Bkey changed = new Bkey().setPos(pos).setType(KeyType.QUOTA.number());
              transaction.update(BtreeId.QUOTAS, changed.setValue(bytes, 0, limits.bytes()));
              return limits;
            });
    synchronized (this) {
      Account account = account(type, id);
      limit(account, set.value());
      for (QuotaCounter counter : QuotaCounter.values()) {
        grace(type, counter, account);
      }
    }
    return set.seq();
  }

  private static long or(Long wanted, long old) {
    return wanted == null ? old : wanted;
  }

  private void requireOn(QuotaType type) {
    if (!isOn(type)) {
      throw new RefusedException(
          "quota_off",
          Place.NOWHERE,
          "no account is kept of " + type + " quotas: mount with -o " + type.option());
    }
  }

  /** Everybody who has something or is limited, by id. */
  public synchronized List<Report> report(QuotaType type) {
    requireOn(type);
    List<Report> all = new ArrayList<>();
    accounts
        .get(type)
        .forEach((id, account) -> {
          if (!account.isEmpty()) {
            List<Counted> counted = new ArrayList<>();
            for (QuotaCounter counter : QuotaCounter.values()) {
              int at = counter.number();
              counted.add(
                  new Counted(
                      counter,
                      account.used[at],
                      account.soft[at],
                      account.hard[at],
                      account.graceEnds[at]));
            }
            all.add(new Report(id, counted));
          }
        });
    return all;
  }
}
