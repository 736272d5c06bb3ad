// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.NodeMissException;
import org.jbcachefs.engine.journal.write.Journal;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * The one place where btrees change. Transactions gather outside of the commit lock; under it they
 * are validated, get their place in the journal and are applied, one after another. Whatever would
 * take time (a node that is not in memory, a superblock to be written, a full journal) makes the
 * commit let go of the lock, see to it, and begin again.
 */
public final class Committer {
  /** Some ten microseconds. */
  private static final int SPINS = 200;

  /** Whoever frees the journal that often, and still finds no room, never will. */
  private static final int MOST_ATTEMPTS = 10_000;

  private final LiveBtrees btrees;
  private final Journal journal;
  private final CommitWork work;
  private final CommitHelp help;
  private volatile InodeWatch inodeWatch;

  /** What commits need done that cannot be done under the lock. */
  public interface CommitHelp {
    /** Writes nodes until the journal has room again. */
    void freeJournal();

    /** Sees to nodes that have grown; called after each commit that is not itself such work. */
    void afterCommit();

    /** Sees to it that the superblock has a replicas entry. */
    void addReplicas(CommitWork.Missing missing);

    /** Sees to it that the superblock says that extents may have notes for background work. */
    void announceNotes();
  }

  public Committer(LiveBtrees btrees, Journal journal, CommitWork work, CommitHelp help) {
    this.btrees = btrees;
    this.journal = journal;
    this.work = work;
    this.help = help;
  }

  /** From now on that has to agree to changes of inodes. */
  public void watchInodes(InodeWatch watch) {
    inodeWatch = watch;
  }

  InodeWatch inodeWatch() {
    return inodeWatch;
  }

  /** A new transaction; the name goes into the journal. */
  public Transaction begin(String name) {
    return new Transaction(this, btrees, name);
  }

  /** A value, and what must be durable for it to be so. */
  public record Committed<T>(T value, long seq) {}

  /** Runs a transaction as often as needed until it commits. */
  public <T> Committed<T> transact(String name, Function<Transaction, T> body) {
    while (true) {
      Transaction transaction = begin(name);
      T value = body.apply(transaction);
      try {
        return new Committed<>(value, transaction.commit());
      } catch (TransactionRestartException e) {
        // What it read has changed: once more.
        Thread.onSpinWait();
      }
    }
  }

  /** The highest sequence number in use, if the transaction changes nothing. */
  long commit(Transaction transaction) {
    if (transaction.isEmpty()) {
      return newestSeq();
    }
    long seq = 0;
    for (int attempts = 1; seq == 0; attempts++) {
      seq = attempt(transaction, attempts);
    }
    if (!transaction.isForReclaim()) {
      help.afterCommit();
    }
    return seq;
  }

  private long newestSeq() {
    ReentrantLock lock = btrees.lock();
    lock.lock();
    try {
      return journal.newestSeq();
    } finally {
      lock.unlock();
    }
  }

  /**
   * One attempt; 0 if something had to be done first, and was.
   *
   * @param attempts how many it makes with this one
   */
  private long attempt(Transaction transaction, int attempts) {
    NodeMissException missing;
    try {
      CommitWork.Outcome outcome = underLock(transaction);
      switch (outcome.kind()) {
        case COMMITTED -> {
          journal.activity().count(PersistentCounter.TRANSACTION_COMMIT);
          return outcome.seq();
        }
        case CHANGED -> throw new TransactionRestartException();
        case JOURNAL_UNWRITTEN -> journal.writeClosed();
        case JOURNAL_FULL -> {
          if (attempts >= MOST_ATTEMPTS) {
            throw new PosixException(
                PosixError.ENOSPC, "the journal is too small for what is to be changed at once");
          }
          journal.activity().count(PersistentCounter.JOURNAL_FULL);
          help.freeJournal();
        }
        case REPLICAS_MISSING -> help.addReplicas(outcome.missing());
        case VERSION_MISSING -> help.announceNotes();
      }
      return 0;
    } catch (NodeMissException e) {
      missing = e;
    }
    btrees.find(missing.btree(), missing.level(), missing.pos());
    return 0;
  }

  /** A commit holds it for less time than it takes to put a thread to sleep and wake it. */
  private static void acquire(ReentrantLock lock) {
    for (int i = 0; i < SPINS; i++) {
      if (lock.tryLock()) {
        return;
      }
      Thread.onSpinWait();
    }
    lock.lock();
  }

  private CommitWork.Outcome underLock(Transaction transaction) {
    ReentrantLock lock = btrees.lock();
    acquire(lock);
    try {
      return work.run(transaction);
    } finally {
      lock.unlock();
    }
  }
}
