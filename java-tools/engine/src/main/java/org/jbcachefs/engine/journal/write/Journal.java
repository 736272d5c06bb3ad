// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal.write;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jbcachefs.engine.journal.SeqBlacklist;
import org.jbcachefs.engine.sb.Activity;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.journal.JsetBuilder;

/**
 * The journal of a filesystem that is being written to: one open entry that commits go into, closed
 * ones on their way to the devices, and how far all is durable.
 *
 * <p>Whoever wants something durable calls {@link #flush}. One caller at a time writes; whoever
 * comes meanwhile waits, and the next write is for all of them. Entries are flush entries, each
 * durable before the next is submitted.
 *
 * <p>Methods that say so are called with the commit lock held; {@link #flush} is called without.
 */
public final class Journal {
  /** Entries that are closed and not written yet, at most. */
  private static final int CLOSED_MOST = 4;

  /** Free buckets that are kept for the work that frees buckets: a quarter of them, but three. */
  private static final int RESERVED_SHARE = 4;

  private static final int RESERVED_LEAST = 3;

  /** So many blocks, besides its end, are the least that an entry is opened for. */
  private static final long LEFT_OVER_BLOCKS = 2;

  private final ReentrantLock lock;
  private final Condition changed;
  private final JournalSettings settings;
  private final EntryWriter writer;
  private final List<DeviceJournal> devices;
  private final SeqBlacklist blacklist;
  private final EntryEnd entryEnd;
  private final LongSupplier oldestPin;
  private final ArrayDeque<EntryBuffer> closed = new ArrayDeque<>();
  private final ArrayDeque<EntryBuffer> spare = new ArrayDeque<>();
  private EntryBuffer open;
  private boolean openForReclaim;
  private long newestSeq;
  private long durableSeq;
  private long neededSeq;
  private volatile int lastFillPercent;

  /** The newest entry that somebody waits for. */
  private long wantedSeq;

  /** What entries up to that one lead to was flushed already. */
  private long flushedSeq;

  private boolean writing;
  private BcachefsException broken;

  /** What every entry ends with: the roots and the clocks. */
  public interface EntryEnd {
    /** The most bytes that it takes. */
    int bytes();

    /** Adds it; with the commit lock held. */
    void addTo(JsetBuilder builder, long seq);
  }

  /** Whether there is room in the journal. */
  public enum Room {
    THERE,
    /** Closed entries must be written first: {@link #writeClosed}. */
    UNWRITTEN_ENTRIES,
    /** Entries must be made needless first, by writing nodes. */
    FULL
  }

  /**
   * @param lock the commit lock
   * @param newestSeq the highest sequence number ever used
   * @param durableSeq the newest flush entry
   * @param neededSeq the oldest entry that is still needed
   * @param oldestPin the oldest entry that somebody needs, or 0; asked with the lock held
   */
  public Journal(
      ReentrantLock lock,
      JournalSettings settings,
      EntryWriter writer,
      List<DeviceJournal> devices,
      SeqBlacklist blacklist,
      EntryEnd entryEnd,
      LongSupplier oldestPin,
      long newestSeq,
      long durableSeq,
      long neededSeq) {
    this.lock = lock;
    this.changed = lock.newCondition();
    this.settings = settings;
    this.writer = writer;
    this.devices = new ArrayList<>(devices);
    this.blacklist = blacklist;
    this.entryEnd = entryEnd;
    this.oldestPin = oldestPin;
    this.newestSeq = newestSeq;
    this.durableSeq = durableSeq;
    this.neededSeq = neededSeq;
    this.lastFillPercent = fillPercent();
    for (int i = 0; i <= CLOSED_MOST; i++) {
      spare.add(new EntryBuffer(settings.entryBytes()));
    }
  }

  /**
   * Sees to it that that many bytes can be added to the open entry; with the lock held.
   *
   * @param forReclaim whether it is for work that frees journal space
   */
  public Room reserve(long bytes, boolean forReclaim) {
    throwIfBroken();
    if (open != null && openForReclaim && !forReclaim) {
      if (!isRoomFor(unwritten() + reserved(), false)) {
        return closed.isEmpty() ? Room.FULL : Room.UNWRITTEN_ENTRIES;
      }
      openForReclaim = false;
    }
    if (open != null && open.isLimited() && isRoomFor(unwritten(), true)) {
      open.limit(settings.entryBytes());
    }
    long wanted = bytes + entryEnd.bytes() + settings.blockBytes();
    if (open != null && open.room() < wanted) {
      if (open.isEmpty() && open.isLimited()) {
        return Room.FULL;
      }
      if (open.isEmpty()) {
        throw new IllegalStateException("a transaction of " + bytes + " bytes of journal");
      }
      closeOpen();
    }
    return open != null ? Room.THERE : openNext(forReclaim);
  }

  private Room openNext(boolean forReclaim) {
    if (closed.size() >= CLOSED_MOST || spare.isEmpty()) {
      return Room.UNWRITTEN_ENTRIES;
    }
    int unwritten = unwritten();
    long limit = settings.entryBytes();
    if (!isRoomFor(unwritten + 1 + (forReclaim ? 0 : reserved()), forReclaim)) {
      if (unwritten > 0) {
        return Room.UNWRITTEN_ENTRIES;
      }
      // What is left of a bucket is enough for saying what is not needed any more.
      limit = forReclaim ? leftOver() : 0;
      if (limit < (long) entryEnd.bytes() + LEFT_OVER_BLOCKS * settings.blockBytes()) {
        return Room.FULL;
      }
    }
    open = spare.remove();
    openForReclaim = forReclaim;
    newestSeq = blacklist.nextAllowed(newestSeq + 1);
    open.open(newestSeq, settings.magic(), settings.version(), settings.checksum().number());
    open.limit(limit);
    return Room.THERE;
  }

  /** What every device has left in the bucket written last. */
  private long leftOver() {
    long least = Long.MAX_VALUE;
    for (DeviceJournal device : devices) {
      least = Math.min(least, device.free(neededSeq) > 0 ? least : device.roomInCurrent());
    }
    return least;
  }

  /** Entries that will take room and have not; each may want a bucket for itself. */
  private int unwritten() {
    return CLOSED_MOST + 1 - spare.size();
  }

  private int reserved() {
    int fewest = Integer.MAX_VALUE;
    for (DeviceJournal device : devices) {
      fewest = Math.min(fewest, device.size());
    }
    return Math.max(RESERVED_LEAST, fewest / RESERVED_SHARE);
  }

  /**
   * Whether as many devices as an entry wants have so many free buckets; for what frees the journal
   * one is enough. Failing devices only count if there are no others.
   */
  private boolean isRoomFor(int freeBuckets, boolean forReclaim) {
    int trusted = 0;
    int usable = 0;
    int usableFailing = 0;
    for (DeviceJournal device : devices) {
      boolean failing = writer.isFailing(device.device());
      boolean room = device.free(neededSeq) >= freeBuckets;
      trusted += failing ? 0 : 1;
      usable += room && !failing ? 1 : 0;
      usableFailing += room && failing ? 1 : 0;
    }
    if (trusted == 0) {
      return usableFailing > 0;
    }
    return usable >= (forReclaim ? 1 : Math.min(trusted, settings.replicas()));
  }

  /** The entry that is open; with the lock held, after {@link #reserve}. */
  public JsetBuilder builder() {
    return open.builder();
  }

  /** The sequence number of the open entry; with the lock held, after {@link #reserve}. */
  public long seq() {
    return open.seq();
  }

  /** The most bytes of updates that one transaction may have. */
  public long transactionBytesMax() {
    return settings.entryBytes() - entryEnd.bytes() - 2L * settings.blockBytes();
  }

  /** last_seq is fixed here, before the next entry is opened. */
  private void closeOpen() {
    entryEnd.addTo(open.builder(), open.seq());
    long oldest = oldestPin.getAsLong();
    open.close(oldest == 0 ? open.seq() : oldest, settings.blockBytes());
    closed.add(open);
    open = null;
  }

  /** The newest sequence number that an update was given; with the lock held. */
  public long newestSeq() {
    return newestSeq;
  }

  /** Up to where everything is durable. */
  public long durableSeq() {
    lock.lock();
    try {
      return durableSeq;
    } finally {
      lock.unlock();
    }
  }

  /** Whether what is not written yet would leave less than what is kept for freeing buckets. */
  public boolean isShort() {
    lock.lock();
    try {
      int wanted = unwritten() + reserved() + (open == null ? 1 : 0);
      return !isRoomFor(wanted, false);
    } finally {
      lock.unlock();
    }
  }

  /**
   * The newest entry in the bucket that becomes free next: what still needs it and older ones is to
   * be written; with the lock held. 0 if all buckets are free.
   */
  public long nextToFree() {
    DeviceJournal fullest = null;
    for (DeviceJournal device : devices) {
      if (fullest == null || device.free(neededSeq) < fullest.free(neededSeq)) {
        fullest = device;
      }
    }
    return fullest == null ? 0 : fullest.nextNeeded(neededSeq);
  }

  /** The oldest entry that is needed; with the lock held. */
  public long neededSeq() {
    return neededSeq;
  }

  /** Share of the journal's buckets that cannot be written over, in percent of the fullest. */
  public int fillPercent() {
    int fullest = 0;
    for (DeviceJournal device : devices) {
      int free = device.free(neededSeq);
      fullest = Math.max(fullest, 100 - 100 * free / Math.max(1, device.size() - 1));
    }
    return fullest;
  }

  /** The same as it was when an entry was written last, without the lock. */
  public int lastFillPercent() {
    return lastFillPercent;
  }

  /** Waits until everything up to that number is durable, writing what is to be written. */
  public void flush(long seq) {
    lock.lock();
    try {
      while (Long.compareUnsigned(durableSeq, seq) < 0) {
        throwIfBroken();
        if (writing) {
          wantedSeq = Long.compareUnsigned(seq, wantedSeq) > 0 ? seq : wantedSeq;
          changed.awaitUninterruptibly();
        } else {
          if (open != null && Long.compareUnsigned(open.seq(), seq) <= 0 && !open.isEmpty()) {
            closeOpen();
          }
          if (closed.isEmpty()) {
            return;
          }
          write();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Writes the entries that are closed; if somebody is doing so, waits for that one first. */
  public void writeClosed() {
    lock.lock();
    try {
      boolean waited = false;
      while (writing) {
        changed.awaitUninterruptibly();
        waited = true;
      }
      throwIfBroken();
      if (!waited && !closed.isEmpty()) {
        write();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Writes an entry, empty if nothing is there to be written, so that last_seq moves on. */
  public void flushNow() {
    long seq;
    lock.lock();
    try {
      while (open == null && reserve(0, true) != Room.THERE) {
        if (writing) {
          changed.awaitUninterruptibly();
        } else if (!closed.isEmpty()) {
          write();
        } else {
          throw new PosixException(PosixError.ENOSPC, "no room in the journal for an empty entry");
        }
      }
      seq = open.seq();
      closeOpen();
    } finally {
      lock.unlock();
    }
    flush(seq);
  }

  /** With the lock held; lets go of it while writing. */
  private void write() {
    List<EntryBuffer> entries = new ArrayList<>(closed);
    closed.clear();
    writing = true;
    try {
      for (EntryBuffer entry : entries) {
        writeOne(entry);
        spare.add(entry);
      }
    } catch (BcachefsException e) {
      broken = e;
      throw e;
    } finally {
      writing = false;
      changed.signalAll();
    }
  }

  private void writeOne(EntryBuffer entry) {
    Set<Integer> tried = new HashSet<>();
    List<EntryWriter.Target> targets = writer.place(devices, entry, neededSeq, tried);
    if (targets.isEmpty()) {
      throw new IllegalStateException("no device has room for journal entry " + entry.seq());
    }
    DeviceException failure = writeTo(entry, targets, true);
    while (failure != null) {
      targets = writer.place(devices, entry, neededSeq, tried);
      if (targets.isEmpty()) {
        throw failure;
      }
      failure = writeTo(entry, targets, false);
    }
    durableSeq = entry.seq();
    neededSeq = entry.lastSeq();
    lastFillPercent = fillPercent();
  }

  /** Lets go of the lock meanwhile. Null if the entry is durable. */
  private DeviceException writeTo(
      EntryBuffer entry, List<EntryWriter.Target> targets, boolean first) {
    boolean flushed = Long.compareUnsigned(entry.seq(), flushedSeq) <= 0;
    List<Integer> took = new ArrayList<>();
    DeviceException failure;
    lock.unlock();
    try {
      if (first) {
        writer.seal(entry);
      }
      failure = writer.write(entry, targets, flushed, took);
    } finally {
      lock.lock();
    }
    if (took.isEmpty()) {
      return failure;
    }
    // Who came meanwhile waits for the next entry: what it leads to is written, so the flush that
    // makes this one durable does for that what would have to come before it.
    if (open != null && !open.isEmpty() && Long.compareUnsigned(open.seq(), wantedSeq) <= 0) {
      closeOpen();
    }
    long closedSeq = closed.isEmpty() ? 0 : closed.getLast().seq();
    lock.unlock();
    try {
      failure = writer.force(targets.size(), took, closedSeq != 0);
    } finally {
      lock.lock();
    }
    if (!writer.flushesAnew()) {
      flushedSeq = newestSeq;
    } else if (closedSeq != 0 && writer.forces()) {
      flushedSeq = closedSeq;
    }
    return failure;
  }

  private void throwIfBroken() {
    if (broken != null) {
      throw broken;
    }
  }

  /** Where it is counted what is done with the filesystem. */
  public Activity activity() {
    return writer.activity();
  }

  /** The devices' rings; with the lock held. */
  public List<DeviceJournal> devices() {
    return devices;
  }

  /** Nothing is written to that device any more; what it has of the journal stays. */
  public void leave(int device) {
    lock.lock();
    try {
      devices.removeIf(ring -> ring.device() == device);
    } finally {
      lock.unlock();
    }
  }
}
