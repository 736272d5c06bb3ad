// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.reconcile;

import java.util.Arrays;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckKeys;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeCursor;

/**
 * The options of files, asked for by ascending inode: those of each version of an inode in the
 * snapshots. Belongs to one thread.
 */
final class FileOptions implements AutoCloseable {
  /** Inodes that are stepped over; beyond that many, the next one is looked for. */
  private static final int STEPS = 16;

  private final CheckContext context;
  private final Findings findings;
  private final SnapshotTable snapshots;
  private final InodeCursor cursor = new InodeCursor();
  private final IoOptions filesystem;
  private int[] ids = new int[1];
  private IoOptions[] options = new IoOptions[1];
  private int count;
  private long inode;
  private CheckKeys keys;
  private boolean ready;

  FileOptions(CheckContext context, IoOptions filesystem, Findings findings) {
    this.context = context;
    this.findings = findings;
    this.snapshots = SnapshotFacts.of(context).snapshots();
    this.filesystem = new IoOptions(filesystem);
  }

  /**
   * What holds for the data of an inode in a snapshot; the filesystem's options where no version of
   * the inode is to be seen. Valid until the next call.
   */
  IoOptions of(long number, int snapshot) {
    if (keys == null || number != inode) {
      read(number);
    }
    for (int i = 0; i < count; i++) {
      if (snapshots.isAncestor(snapshot, ids[i])) {
        return options[i];
      }
    }
    return filesystem;
  }

  /** Whether versions of an inode may be missing because they cannot be read. */
  boolean mayLack(long number) {
    return context
        .damaged()
        .mayLack(BtreeId.INODES.number(), new Bpos(0, number, 0), new Bpos(0, number, -1));
  }

  private void read(long number) {
    inode = number;
    count = 0;
    if (keys == null) {
      keys = context.keys(BtreeId.INODES, Bpos.of(0, number), new Bpos(0, -1, -1), findings);
      ready = keys.next();
    }
    for (int steps = 0; isBefore(number); steps++) {
      if (steps == STEPS) {
        keys.seek(Bpos.of(0, number));
      }
      ready = keys.next();
    }
    for (; ready && keys.key().offset() == number; ready = keys.next()) {
      add(keys.key());
    }
  }

  private boolean isBefore(long number) {
    return ready && Long.compareUnsigned(keys.key().offset(), number) < 0;
  }

  private void add(Bkey key) {
    if (!Inode.is(key)) {
      return;
    }
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, count * 2);
      options = Arrays.copyOf(options, count * 2);
    }
    if (options[count] == null) {
      options[count] = new IoOptions(filesystem);
    }
    options[count].ofInode(cursor.of(key));
    ids[count++] = key.snapshot();
  }

  @Override
  public void close() {
    if (keys != null) {
      keys.close();
    }
  }
}
