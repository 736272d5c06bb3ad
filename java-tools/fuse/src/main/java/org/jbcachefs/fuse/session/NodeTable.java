// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.IntUnaryOperator;
import org.jbcachefs.engine.fs.FileId;

/**
 * The node numbers by which the kernel knows files. A file gets one when the kernel first learns of
 * it, and keeps it until the kernel has forgotten it as often as it was told of it. A number is
 * never given out twice. Thread-safe.
 *
 * <p>Hundreds of millions of files may be known at once, so a node is a few numbers in arrays: 44
 * bytes each, hash table included.
 */
final class NodeTable {
  /** FUSE_ROOT_ID: the root has this number from the beginning and for ever. */
  static final long ROOT = 1;

  private static final int SHARDS = 16;

  private final FileId root;
  private final IntUnaryOperator snapshotOf;
  private final NodeShard[] shards = new NodeShard[SHARDS];

  /**
   * @param snapshotOf the snapshot that a subvolume has now, which changes with each snapshot made
   *     of it; 0 if there is no such subvolume
   */
  NodeTable(FileId root, IntUnaryOperator snapshotOf) {
    this.root = key(root);
    this.snapshotOf = snapshotOf;
    for (int i = 0; i < SHARDS; i++) {
      shards[i] = new NodeShard();
    }
  }

  /** What a file is known by as long as the kernel knows it: its snapshot may change. */
  FileId key(FileId file) {
    return file.subvolume() == 0 || file.snapshot() == 0
        ? file
        : new FileId(file.subvolume(), 0, file.inode());
  }

  /** The file as it is now; null if its subvolume is gone. */
  private FileId current(FileId key) {
    if (key == null || key.subvolume() == 0) {
      return key;
    }
    int snapshot = snapshotOf.applyAsInt(key.subvolume());
    return snapshot == 0 ? null : new FileId(key.subvolume(), snapshot, key.inode());
  }

  /** The file's node number, told to the kernel once more. */
  long remember(FileId found) {
    FileId file = key(found);
    if (file.equals(root)) {
      return ROOT;
    }
    int shard = shardOf(file);
    // Numbers begin at 2: the lowest four bits say which shard, the rest is never below 1.
    return shards[shard].remember(file) * SHARDS + shard;
  }

  /** The file of a node number that the kernel remembers; null if it is none. */
  FileId file(long node) {
    return current(node == ROOT ? root : shards[(int) (node & (SHARDS - 1))].file(node >>> 4));
  }

  /**
   * The kernel forgot the node that many times.
   *
   * @return the {@link #key} of its file if the kernel knows it no more, else null
   */
  FileId forget(long node, long times) {
    return node == ROOT ? null : shards[(int) (node & (SHARDS - 1))].forget(node >>> 4, times);
  }

  /** The node number of a file if the kernel knows it, else 0. */
  long known(FileId found) {
    FileId file = key(found);
    if (file.equals(root)) {
      return ROOT;
    }
    int shard = shardOf(file);
    long number = shards[shard].known(file);
    return number == 0 ? 0 : number * SHARDS + shard;
  }

  /** Calls for each node that the kernel knows, and whose subvolume is there, with its file. */
  void each(BiConsumer<Long, FileId> consumer) {
    Map<Long, FileId> found = new HashMap<>();
    found.put(ROOT, root);
    for (int i = 0; i < SHARDS; i++) {
      int shard = i;
      shards[i].each((number, file) -> found.put(number * SHARDS + shard, file));
    }
    found.forEach((node, file) -> {
      FileId now = current(file);
      if (now != null) {
        consumer.accept(node, now);
      }
    });
  }

  /** How many nodes the kernel knows, the root not counted. */
  long size() {
    long size = 0;
    for (NodeShard shard : shards) {
      size += shard.size();
    }
    return size;
  }

  private static int shardOf(FileId file) {
    return (int) (hash(file.subvolume(), file.snapshot(), file.inode()) >>> 60);
  }

  static long hash(int subvolume, int snapshot, long inode) {
    long mixed = inode * 0x9e3779b97f4a7c15L + subvolume * 0xc2b2ae3d27d4eb4fL + snapshot;
    mixed ^= mixed >>> 32;
    mixed *= 0xd6e8feb86659fd93L;
    return mixed ^ (mixed >>> 29);
  }
}
