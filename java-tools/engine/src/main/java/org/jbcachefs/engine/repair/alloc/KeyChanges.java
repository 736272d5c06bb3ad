// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;

/** Changes of keys that nothing follows from, made some at a time. Belongs to one thread. */
final class KeyChanges {
  private static final int BATCH = 64;

  private final WritableFilesystem filesystem;
  private final List<Consumer<Transaction>> waiting = new ArrayList<>();
  private long made;

  KeyChanges(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
  }

  /** How many changes there were. */
  long made() {
    return made;
  }

  /** Puts a copy of the key in its place. */
  void set(BtreeId btree, Bkey key) {
    Bkey copy = key.copy();
    add(transaction -> transaction.updateAlone(btree, copy));
  }

  /** Puts a key of type {@code set} without a value there. */
  void set(BtreeId btree, Bpos pos) {
    set(btree, new Bkey().setPos(pos).setType(KeyType.SET.number()));
  }

  void delete(BtreeId btree, Bpos pos) {
    add(transaction -> transaction.deleteAlone(btree, pos));
  }

  void correct(Bpos counter, long[] differences) {
    add(transaction -> transaction.correctCounter(counter, differences));
  }

  private void add(Consumer<Transaction> change) {
    waiting.add(change);
    made++;
    if (waiting.size() == BATCH) {
      commit();
    }
  }

  /** Makes those that wait. */
  void commit() {
    if (waiting.isEmpty()) {
      return;
    }
    List<Consumer<Transaction>> batch = List.copyOf(waiting);
    waiting.clear();
    filesystem.transact(
        "fsck",
        transaction -> {
          batch.forEach(change -> change.accept(transaction));
          return null;
        });
  }
}
