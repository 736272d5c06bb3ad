// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.move;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import org.jbcachefs.engine.alloc.write.ReconcileLists;
import org.jbcachefs.engine.alloc.write.ReconcileOptions;
import org.jbcachefs.engine.alloc.write.ReconcileScanner;
import org.jbcachefs.engine.alloc.write.SpaceBudget;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.sb.TargetMembers;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.PersistentCounter;
import org.jbcachefs.format.value.Backpointer;
import org.jbcachefs.format.value.Cookie;
import org.jbcachefs.format.value.ReflinkP;

/**
 * Does the work that extents have noted and that is on the filesystem's lists: they are written
 * anew as the options for the background want them (copies, checksum, compression, target), and
 * scans find out what options that have changed mean for what is there. What cannot be done waits
 * on a list of its own until devices or room have come. One thread at a time. Source: {@code
 * fs/data/reconcile/work.c}.
 */
public final class Reconcile {
  /** Positions on lists below that are no inodes'. Source: {@code BCACHEFS_ROOT_INO}. */
  private static final long FIRST_INODE = 4096;

  /** The inode of shared data's positions on lists. */
  private static final long SHARED = 1;

  /** Which scans there are, besides inodes. Source: {@code RECONCILE_SCAN_COOKIE_*}. */
  private static final long SCAN_ALL = 0;

  private static final long SCAN_METADATA = 1;
  private static final long SCAN_PENDING = 2;
  private static final long SCAN_DEVICE = 32;

  private static final int ERASURE_CODE = 1 << 2;

  /** Entries of a list, or extents of a scan, that are looked at before the next look at time. */
  private static final int BATCH = 32;

  /** So many free buckets are left to others. */
  private static final int SPARE_BUCKETS = 16;

  private static final int SECTOR_SHIFT = 9;

  private final MoveParts parts;
  private final ReconcileScanner scanner;
  private final ExtentMove mover;
  private final Map<Bpos, Long> stuck = new ConcurrentHashMap<>();
  private long done;

  /**
   * @param exclusive held while an extent is replaced: nobody reads then
   * @param budget what may be written
   */
  public Reconcile(MoveParts parts, Lock exclusive, ReconcileScanner scanner, SpaceBudget budget) {
    this.parts = parts;
    this.scanner = scanner;
    this.mover = ExtentMove.forReconcile(parts, exclusive, budget);
  }

  /** Whether there is something to do, or to try. */
  public boolean any() {
    return first(BtreeId.RECONCILE_SCAN, Bpos.MIN).stream().anyMatch(this::isDue)
        || !first(BtreeId.RECONCILE_HIPRI, Bpos.MIN).isEmpty()
        || !first(BtreeId.RECONCILE_WORK, Bpos.MIN).isEmpty();
  }

  /**
   * Goes through all there is to do, as long as that says yes.
   *
   * @return how many extents, nodes and scans were dealt with
   */
  public synchronized long run(BooleanSupplier goOn) {
    done = 0;
    scans(goOn);
    for (BtreeId list : List.of(BtreeId.RECONCILE_HIPRI, BtreeId.RECONCILE_WORK)) {
      work(list, goOn);
    }
    return done;
  }

  /** Whether a scan is asked for that was not found to be in vain. */
  private boolean isDue(Bkey cookie) {
    return cookie.type() == KeyType.COOKIE.number()
        && !Long.valueOf(Cookie.decode(cookie).cookie()).equals(stuck.get(cookie.pos()));
  }

  /** Lets go of the buckets that are being filled. */
  public void close() {
    parts.space().close(mover.point());
  }

  private List<Bkey> first(BtreeId btree, Bpos from) {
    List<Bkey> found = new ArrayList<>();
    try (KeyIterator keys = parts.btrees().iterate(btree.number(), from, Bpos.MAX)) {
      while (found.size() < BATCH && keys.next()) {
        found.add(keys.key().copy());
      }
    }
    return found;
  }

  // Lists

  private void work(BtreeId list, BooleanSupplier goOn) {
    Bpos from = Bpos.MIN;
    List<Bkey> entries = first(list, from);
    while (!entries.isEmpty()) {
      for (Bkey entry : entries) {
        if (!goOn.getAsBoolean() || parts.space().isShort(SPARE_BUCKETS)) {
          return;
        }
        extent(entry.pos());
      }
      Bpos last = entries.getLast().pos();
      entries = last.equals(Bpos.MAX) ? List.of() : first(list, last.successor());
    }
  }

  private void extent(Bpos entry) {
    BtreeId btree = entry.inode() >= FIRST_INODE ? BtreeId.EXTENTS : BtreeId.REFLINK;
    Bpos pos = btree == BtreeId.EXTENTS ? entry : new Bpos(0, entry.offset(), 0);
    Bkey key = new Bkey();
    boolean known = btree == BtreeId.EXTENTS || entry.inode() == SHARED;
    if (!known || !parts.btrees().lookup(btree.number(), pos, key)) {
      return;
    }
    Bkey old = key.copy();
    long note = scanner.noteOf(old);
    int need = ExtentReconcile.NEED_RB.getInt(note);
    boolean urgent = ExtentReconcile.HIPRI.isSet(note);
    if (need == 0) {
      return;
    }
    done++;
    if ((need & ~ERASURE_CODE) == 0 || !isPossible(note, urgent)) {
      setPending(btree, old, true);
      return;
    }
    if (mover.move(btree, old, urgent) == ExtentMove.Outcome.MOVED) {
      count(PersistentCounter.RECONCILE_DATA, Integer.toUnsignedLong(old.size()));
      // What is not as it should be after that will not become so by doing it again.
      for (Bkey now : pieces(btree, old)) {
        if (ExtentReconcile.NEED_RB.get(scanner.noteOf(now)) != 0) {
          setPending(btree, now, true);
        }
      }
    } else {
      setPending(btree, old, true);
    }
  }

  private void count(PersistentCounter counter, long amount) {
    parts.devices().activity().add(counter, amount);
  }

  private List<Bkey> pieces(BtreeId btree, Bkey old) {
    List<Bkey> found = new ArrayList<>();
    Bpos from = new Bpos(old.inode(), old.start() + 1, old.snapshot());
    try (KeyIterator keys = parts.btrees().iterate(btree.number(), from, old.pos())) {
      while (keys.next()) {
        if (keys.key().snapshot() == old.snapshot()) {
          found.add(keys.key().copy());
        }
      }
    }
    return found;
  }

  /** Whether there are devices where the extent is to go. */
  private boolean isPossible(long note, boolean urgent) {
    int target = ExtentReconcile.BACKGROUND_TARGET.getInt(note);
    int there = devices(urgent ? 0 : target, DataType.USER);
    boolean lacking = urgent && ExtentReconcile.PTRS_MOVING.get(note) == 0;
    return there >= (lacking ? ExtentReconcile.DATA_REPLICAS.getInt(note) : 1);
  }

  /** How many copies devices of a target can hold of such data. */
  private int devices(int target, DataType type) {
    int count = 0;
    for (int index = 0; index < parts.devices().size(); index++) {
      Member member = parts.devices().member(index);
      boolean usable =
          member != null
              && parts.devices().device(index) != null
              && member.state() == MemberState.RW
              && !parts.devices().health().isStopped(index)
              && member.durability() > 0
              && (member.dataAllowed() >>> type.number() & 1) != 0;
      boolean in =
          target == 0 || TargetMembers.of(parts.options().superblock(), target).test(index);
      count += usable && in ? member.durability() : 0;
    }
    return count;
  }

  /** Puts an extent on the list of what has to wait, or back from there. */
  private void setPending(BtreeId btree, Bkey old, boolean pending) {
    if (pending) {
      count(PersistentCounter.RECONCILE_SET_PENDING, Integer.toUnsignedLong(old.size()));
    }
    parts
        .committer()
        .transact(
            "reconcile_pending",
            transaction -> {
              Bkey there = new Bkey();
              if (transaction.lookup(btree, old.pos(), there) && ExtentMove.same(old, there)) {
                transaction.update(btree, scanner.withPending(there.copy(), pending));
              }
              return null;
            });
  }

  // Scans

  private void scans(BooleanSupplier goOn) {
    for (Bkey cookie : first(BtreeId.RECONCILE_SCAN, Bpos.MIN)) {
      if (!isDue(cookie)) {
        continue;
      }
      long what = cookie.pos().offset();
      if (!scan(what, goOn)) {
        return;
      }
      done++;
      if (what < FIRST_INODE && what != SCAN_PENDING && anyNodeIsWrong()) {
        // That is said nowhere else: it stays until somebody asks again.
        stuck.put(cookie.pos(), Cookie.decode(cookie).cookie());
      } else {
        finished(cookie);
      }
    }
  }

  /** The scan is done, if nobody has asked for it once more. */
  private void finished(Bkey cookie) {
    count(PersistentCounter.RECONCILE_CLEAR_SCAN, 1);
    long asked = Cookie.decode(cookie).cookie();
    parts
        .committer()
        .transact(
            "reconcile_scan_done",
            transaction -> {
              Bkey now = new Bkey();
              boolean same =
                  transaction.lookup(BtreeId.RECONCILE_SCAN, cookie.pos(), now)
                      && now.type() == KeyType.COOKIE.number()
                      && Cookie.decode(now).cookie() == asked;
              if (same) {
                transaction.delete(BtreeId.RECONCILE_SCAN, cookie.pos());
              }
              return null;
            });
  }

  /** False if it was broken off. */
  private boolean scan(long what, BooleanSupplier goOn) {
    if (what >= FIRST_INODE) {
      return scanInode(what, goOn);
    }
    if (what >= SCAN_DEVICE) {
      return scanDevice((int) (what - SCAN_DEVICE), goOn);
    }
    if (what == SCAN_PENDING) {
      return scanPending(goOn);
    }
    if (what == SCAN_METADATA || what == SCAN_ALL) {
      boolean whole = scanNodes(goOn);
      if (what == SCAN_METADATA || !whole) {
        return whole;
      }
      return scan(BtreeId.EXTENTS, Bpos.MIN, Bpos.MAX, goOn)
          && scan(BtreeId.REFLINK, Bpos.MIN, Bpos.MAX, goOn);
    }
    // Of stripes, which there are none of here.
    return true;
  }

  private boolean scan(BtreeId btree, Bpos from, Bpos to, BooleanSupplier goOn) {
    List<Bpos> batch = new ArrayList<>();
    try (KeyIterator keys = parts.btrees().iterate(btree.number(), from, to)) {
      while (keys.next()) {
        if (!scanner.isRight(btree, keys.key(), parts.btrees())) {
          batch.add(keys.key().pos());
        }
        if (batch.size() == BATCH) {
          note(btree, batch);
          batch.clear();
        }
        if (!goOn.getAsBoolean()) {
          return false;
        }
      }
    }
    note(btree, batch);
    return true;
  }

  /** Extents get the notes that they must have by being put where they are. */
  private void note(BtreeId btree, List<Bpos> batch) {
    if (batch.isEmpty()) {
      return;
    }
    done += batch.size();
    parts
        .committer()
        .transact(
            "reconcile_scan",
            transaction -> {
              batch.forEach(pos -> touch(transaction, btree, pos));
              return null;
            });
  }

  private static void touch(Transaction transaction, BtreeId btree, Bpos pos) {
    Bkey key = new Bkey();
    if (transaction.lookup(btree, pos, key)) {
      transaction.update(btree, key.copy());
    }
  }

  private boolean scanInode(long inode, BooleanSupplier goOn) {
    Bpos from = Bpos.of(inode, 0);
    Bpos to = new Bpos(inode, -1, -1);
    if (!scan(BtreeId.EXTENTS, from, to, goOn)) {
      return false;
    }
    try (KeyIterator keys = parts.btrees().iterate(BtreeId.EXTENTS.number(), from, to)) {
      while (keys.next()) {
        Bkey key = keys.key();
        if (key.type() == KeyType.REFLINK_P.number()) {
          scanShared(key.copy());
        }
        if (!goOn.getAsBoolean()) {
          return false;
        }
      }
    }
    return true;
  }

  /** What is shared obeys the options of the file that it was first of. */
  private void scanShared(Bkey pointer) {
    ReflinkP reference = ReflinkP.decode(pointer);
    if (!reference.mayUpdateOptions()) {
      return;
    }
    long begin = reference.index() - Integer.toUnsignedLong(reference.frontPad());
    long end = reference.index() + Integer.toUnsignedLong(pointer.size());
    ReconcileOptions options =
        scanner.optionsOf(pointer.inode(), pointer.snapshot(), parts.btrees());
    Bpos from = Bpos.of(0, begin + 1);
    List<Bkey> found = new ArrayList<>();
    try (KeyIterator keys = parts.btrees().iterate(BtreeId.REFLINK.number(), from, Bpos.MAX)) {
      while (keys.next() && keys.key().start() < end) {
        found.add(keys.key().copy());
      }
    }
    for (Bkey key : found) {
      Bkey now = scanner.noted(key, options);
      if (now != key) {
        done++;
        parts
            .committer()
            .transact(
                "reconcile_scan",
                transaction -> {
                  Bkey there = new Bkey();
                  if (transaction.lookup(BtreeId.REFLINK, key.pos(), there)
                      && ExtentMove.same(key, there)) {
                    transaction.update(BtreeId.REFLINK, now);
                  }
                  return null;
                });
      }
    }
  }

  private boolean scanDevice(int device, BooleanSupplier goOn) {
    Bpos from = Bpos.of(device, 0);
    Bpos to = Bpos.of(device, -1);
    List<Bpos> extents = new ArrayList<>();
    List<Bpos> shared = new ArrayList<>();
    try (KeyIterator keys = parts.btrees().iterate(BtreeId.BACKPOINTERS.number(), from, to)) {
      while (keys.next()) {
        Backpointer pointer = Backpointer.decode(keys.key());
        if (pointer.level() == 0 && pointer.btree() == BtreeId.EXTENTS.number()) {
          extents.add(pointer.pos());
        } else if (pointer.level() == 0 && pointer.btree() == BtreeId.REFLINK.number()) {
          shared.add(pointer.pos());
        }
        if (extents.size() + shared.size() >= BATCH) {
          noteWrong(BtreeId.EXTENTS, extents);
          noteWrong(BtreeId.REFLINK, shared);
        }
        if (!goOn.getAsBoolean()) {
          return false;
        }
      }
    }
    noteWrong(BtreeId.EXTENTS, extents);
    noteWrong(BtreeId.REFLINK, shared);
    return scanNodes(goOn);
  }

  private void noteWrong(BtreeId btree, List<Bpos> places) {
    Bkey key = new Bkey();
    places.removeIf(pos ->
        !parts.btrees().lookup(btree.number(), pos, key)
            || scanner.isRight(btree, key, parts.btrees()));
    note(btree, places);
    places.clear();
  }

  /** What waits is tried once more. */
  private boolean scanPending(BooleanSupplier goOn) {
    List<Bkey> entries = first(BtreeId.RECONCILE_PENDING, Bpos.MIN);
    while (!entries.isEmpty()) {
      for (Bkey entry : entries) {
        BtreeId btree = entry.inode() >= FIRST_INODE ? BtreeId.EXTENTS : BtreeId.REFLINK;
        Bpos pos = btree == BtreeId.EXTENTS ? entry.pos() : new Bpos(0, entry.offset(), 0);
        Bkey key = new Bkey();
        if (parts.btrees().lookup(btree.number(), pos, key)) {
          setPending(btree, key.copy(), false);
        }
        if (!goOn.getAsBoolean()) {
          return false;
        }
      }
      Bpos last = entries.getLast().pos();
      entries =
          last.equals(Bpos.MAX) ? List.of() : first(BtreeId.RECONCILE_PENDING, last.successor());
    }
    return true;
  }

  /** Nodes that are not where or as often as they should be are written anew. */
  private boolean scanNodes(BooleanSupplier goOn) {
    ReconcileOptions wanted = ReconcileOptions.ofNodes(parts.options());
    if (devices(wanted.target(), DataType.BTREE) < wanted.replicas()) {
      return true;
    }
    for (int btree : parts.btrees().present()) {
      for (int level = 1; level <= parts.btrees().rootLevel(btree); level++) {
        List<Bkey> wrong = new ArrayList<>();
        try (KeyIterator keys = parts.btrees().iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
          while (keys.next()) {
            if (scanner.needsWork(keys.key())) {
              wrong.add(keys.key().copy());
            }
          }
        }
        for (Bkey pointer : wrong) {
          if (!goOn.getAsBoolean() || !rewrite(btree, level - 1, pointer.pos())) {
            return false;
          }
        }
      }
      LiveNode root = parts.btrees().root(btree);
      boolean stored = root != null && root.pointer() != null;
      if (stored && scanner.needsWork(root.pointer().toKey())) {
        rewrite(btree, root.level(), Bpos.MAX);
      }
    }
    return true;
  }

  private boolean anyNodeIsWrong() {
    for (int btree : parts.btrees().present()) {
      for (int level = 1; level <= parts.btrees().rootLevel(btree); level++) {
        try (KeyIterator keys = parts.btrees().iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
          while (keys.next()) {
            if (scanner.needsWork(keys.key())) {
              return true;
            }
          }
        }
      }
      LiveNode root = parts.btrees().root(btree);
      boolean stored = root != null && root.pointer() != null;
      if (stored && scanner.needsWork(root.pointer().toKey())) {
        return true;
      }
    }
    return false;
  }

  private boolean rewrite(int btree, int level, Bpos pos) {
    try {
      parts.nodes().rewrite(btree, level, pos, _ -> true);
      count(
          PersistentCounter.RECONCILE_BTREE,
          parts.options().superblock().btreeNodeBytes() >> SECTOR_SHIFT);
      done++;
      return true;
    } catch (PosixException e) {
      if (e.error() != PosixError.ENOSPC) {
        throw e;
      }
      return false;
    }
  }

  /** Where the scan for what waits is noted. */
  public static Bpos scanOfPending() {
    return ReconcileLists.scanOf(SCAN_PENDING);
  }
}
