// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.List;
import java.util.function.IntPredicate;
import org.jbcachefs.engine.alloc.write.Discards;
import org.jbcachefs.engine.alloc.write.FreeSource;
import org.jbcachefs.engine.alloc.write.SpaceAllocator;
import org.jbcachefs.engine.btree.KeySequence;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.btree.write.NodeWork;
import org.jbcachefs.engine.sb.write.ReplicasEntries;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.node.NodeContext;

/** What a repair may do to a filesystem that is open for writing, besides what everybody may. */
public final class RepairAccess {
  /** No bucket is free. */
  static final FreeSource NOWHERE =
      new FreeSource() {
        @Override
        public long count(int device) {
          return 0;
        }

        @Override
        public long next(int device, long from) {
          return -1;
        }
      };

  private final WriteEngine engine;
  private final SpaceAllocator space;
  private final Discards discards;
  private final NodeWork nodes;
  private final ReplicasEntries replicas;

  RepairAccess(
      WriteEngine engine,
      SpaceAllocator space,
      Discards discards,
      NodeWork nodes,
      ReplicasEntries replicas) {
    this.engine = engine;
    this.space = space;
    this.discards = discards;
    this.nodes = nodes;
    this.replicas = replicas;
  }

  /**
   * From now on only those buckets are given out, and none is made free. Null: what the btrees say
   * about buckets can be trusted again.
   */
  public void allocateFrom(FreeSource source) {
    discards.hold(source != null);
    space.takeFrom(source);
  }

  /** Counts anew how much may still be written; while nobody changes anything. */
  public void recountSpace() {
    engine.countSpace();
  }

  /** Members whose emptied buckets are not used again, as long as the filesystem is open. */
  public void keepEmptied(IntPredicate members) {
    discards.keep(members);
  }

  /**
   * Writes all nodes. Btrees that began empty are so on disk only from then on: after a crash
   * before it the journal has keys of what they were.
   */
  public void checkpoint() {
    engine.checkpoint();
  }

  /** The newest journal sequence number in use. */
  public long newestSeq() {
    return engine.newestSeq();
  }

  /** The root of a btree; without a pointer if it was never written, null if there is none. */
  public LiveNode root(int btree) {
    return engine.btrees().root(btree);
  }

  /** The leaf that covers a position; null if the btree has none. */
  public LiveNode leaf(int btree, Bpos pos) {
    return engine.btrees().find(btree, 0, pos);
  }

  /** Sees to it that the superblock says so. */
  public void requireReplicas(int dataType, int required, List<Integer> onDevices) {
    if (replicas.keeps(dataType) && !onDevices.isEmpty()) {
      replicas.require(dataType, required, onDevices);
    }
  }

  /**
   * Puts a btree made of those keys in the place of one that is damaged.
   *
   * @param keys leaf keys in order
   */
  public void rebuild(int btree, KeySequence keys) {
    engine.rebuild(btree, keys);
  }

  /** How nodes are read. */
  public NodeContext nodeContext() {
    return engine.btrees().reader().context();
  }

  /**
   * Puts another node with the same keys in the place of the one that covers a position; does
   * nothing if it was never written.
   */
  public void rewrite(int btree, int level, Bpos pos) {
    LiveNode node = engine.btrees().find(btree, level, pos);
    if (node != null) {
      nodes.rewrite(node);
    }
  }

  /**
   * Gives the data of an extent a place of its own; its keys follow.
   *
   * @param key a copy of the one in the btree
   * @return false if it could not be read or moved: then it is as it was
   */
  public boolean move(BtreeId btree, Bkey key) {
    return engine.copygc().move(btree, key, engine.leavesStripes());
  }

  /** Carries an upgrade out that the opening began; what it needs to find must be right. */
  public void finishUpgrade() {
    engine.finishUpgrade();
  }
}
