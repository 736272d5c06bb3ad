// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;
import org.jbcachefs.engine.commit.Committer;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.hash.Casefold;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeAllocCursor;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Shape;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.SnapshotTree;
import org.jbcachefs.format.value.Subvolume;
import org.jbcachefs.format.value.Value;

/** The first snapshot and subvolume of a new filesystem, its root directory and lost+found. */
final class FirstInodes {
  private static final int SNAPSHOT = -1;
  private static final int TREE = 1;
  private static final int DIRECTORY = 0x4000;

  /** Where numbers of inodes begin that are not of 32 bits. */
  private static final long FIRST_INODE = 1L << 31;

  private static final long FIRST_32BIT_INODE = 4097;

  /** Where the cursors are that inode numbers come from; the first is that of 32 bits. */
  private static final long CURSORS = 1;

  private static final byte[] LOST_AND_FOUND = "lost+found".getBytes(UTF_8);

  private final Committer committer;
  private final Superblock superblock;
  private final RandomGenerator random;
  private final boolean states;

  FirstInodes(Committer committer, Superblock superblock, RandomGenerator random) {
    this.committer = committer;
    this.superblock = superblock;
    this.random = random;
    this.states = superblock.version() >= MetadataVersion.PER_DEV_FRAGMENTATION_LRU.number();
  }

  void create() {
    Transaction transaction = committer.begin("fs_initialize");
    update(
        transaction,
        BtreeId.SNAPSHOT_TREES,
        Bpos.of(0, TREE),
        KeyType.SNAPSHOT_TREE,
        new SnapshotTree(Subvolume.ROOT, SNAPSHOT, Shape.of(SnapshotTree.BYTES)));
    update(
        transaction,
        BtreeId.SNAPSHOTS,
        Bpos.of(0, Integer.toUnsignedLong(SNAPSHOT)),
        KeyType.SNAPSHOT,
        snapshot().inState(Snapshot.STATE_LIVE, states));
    update(
        transaction,
        BtreeId.SUBVOLUMES,
        Bpos.of(0, Subvolume.ROOT),
        KeyType.SUBVOLUME,
        subvolume().inState(Subvolume.STATE_LIVE, states));
    directories(transaction);
    // Kernels of 1.28 drop the counters of btrees, which had one number where now there are three,
    // and take a node for unreadable if the last key in it is one that they drop. Counters of
    // inodes come behind those of btrees.
    transaction.countExtents(Inode.ROOT);
    transaction.commit();
  }

  private static Snapshot snapshot() {
    Shape shape = Shape.of(Snapshot.BYTES_WITHOUT_STATE);
    int flags = Snapshot.FLAG_SUBVOL;
    return new Snapshot(flags, 0, 0, 0, Subvolume.ROOT, TREE, 0, 0, 0, 0, 0, 0, 0, shape);
  }

  private static Subvolume subvolume() {
    Shape shape = Shape.of(Subvolume.BYTES_WITHOUT_STATE);
    return new Subvolume(0, SNAPSHOT, Inode.ROOT, 0, 0, 0, 0, 0, shape);
  }

  private void directories(Transaction transaction) {
    int option = (int) superblock.flag(SuperblockFlag.STR_HASH_TYPE);
    int hashType = StrHash.typeOf(option, superblock.has(Feature.NEW_SIPHASH));
    long rootSeed = random.nextLong();
    boolean small = superblock.isSet(SuperblockFlag.INODE_32BIT);
    long number = small ? FIRST_32BIT_INODE : FIRST_INODE;
    boolean folds = superblock.isSet(SuperblockFlag.CASEFOLD);
    byte[] folded = folds ? Casefold.fold(LOST_AND_FOUND) : null;
    byte[] hashed = folds ? folded : LOST_AND_FOUND;
    long offset = StrHash.of(hashType, rootSeed).direntOffset(hashed, false);
    InodeBuilder root = new InodeBuilder(Inode.ROOT, SNAPSHOT).mode(DIRECTORY | 0755);
    int flags = folds ? Inode.FLAG_HAS_CASE_INSENSITIVE : 0;
    root.flags(flags).hash(hashType, rootSeed).set(InodeField.SUBVOL, Subvolume.ROOT);
    root.set(InodeField.NLINK, 1);
    transaction.update(BtreeId.INODES, root.toKey());
    InodeBuilder lost = new InodeBuilder(number, SNAPSHOT).mode(DIRECTORY | 0700);
    lost.flags(flags).hash(hashType, random.nextLong()).set(InodeField.DEPTH, 1);
    lost.set(InodeField.DIR, Inode.ROOT).set(InodeField.DIR_OFFSET, offset);
    transaction.update(BtreeId.INODES, lost.toKey());
    int bytes =
        folds
            ? Dirent.OFFSET_NAMES + LOST_AND_FOUND.length + folded.length
            : Dirent.OFFSET_NAME + LOST_AND_FOUND.length;
    update(
        transaction,
        BtreeId.DIRENTS,
        new Bpos(Inode.ROOT, offset, SNAPSHOT),
        KeyType.DIRENT,
        new Dirent(number, Dirent.TYPE_DIRECTORY, 0, LOST_AND_FOUND, folded, Shape.of(bytes)));
    int bits = (int) superblock.flag(SuperblockFlag.SHARD_INUMS_NBITS);
    update(
        transaction,
        BtreeId.LOGGED_OPS,
        Bpos.of(CURSORS, small ? 0 : 1),
        KeyType.INODE_ALLOC_CURSOR,
        new InodeAllocCursor(bits, 0, number + 1, Shape.of(InodeAllocCursor.BYTES)));
  }

  private static void update(
      Transaction transaction, BtreeId btree, Bpos pos, KeyType type, Value value) {
    MemorySegment bytes = MemorySegment.ofArray(new long[value.bytes() / Long.BYTES]);
    value.encode(bytes, 0);
    Bkey key = new Bkey().setPos(pos).setType(type.number());
    transaction.update(btree, key.setValue(bytes, 0, value.bytes()));
  }
}
