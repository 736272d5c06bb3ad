// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import org.jbcachefs.engine.alloc.ContributionSink;
import org.jbcachefs.engine.alloc.Contributions;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;

/**
 * What changes when a key is replaced: what the new one contributes less what the old one did.
 * Belongs to one thread.
 */
public final class KeyDifference {
  private final Contributions contributions;
  private final Backpointers backpointers;
  private final ReconcileNotes notes;
  private final BucketChanges buckets;
  private final Counters counters;
  private final WriteRules rules;
  private final Sink sink = new Sink();
  private KeyAccess keys;
  private int sign;
  private boolean leavesStripes;

  /**
   * @param version number of the filesystem's version
   * @param buckets receives what changes in buckets
   * @param counters receives what changes in counters
   * @param bpShift the filesystem's shift of backpointer positions
   */
  public KeyDifference(
      ExtentEntrySizes entrySizes,
      long nodeSectors,
      int bpShift,
      int version,
      BucketChanges buckets,
      Counters counters,
      WriteRules rules) {
    this.contributions = new Contributions(entrySizes, nodeSectors, version);
    this.backpointers = new Backpointers(entrySizes, nodeSectors, bpShift, buckets.geometry());
    this.notes = new ReconcileNotes(entrySizes);
    this.buckets = buckets;
    this.counters = counters;
    this.rules = rules;
  }

  /**
   * From now on what stripes and their buckets count of keys is left as it is: whoever changes such
   * keys makes it anew afterwards. Without this they are refused.
   */
  public void leaveStripes() {
    leavesStripes = true;
  }

  /** Whether keys in stripes may be changed. */
  public boolean leavesStripes() {
    return leavesStripes;
  }

  /**
   * Takes the replacement of a key in.
   *
   * @param old null if there was none
   * @param now null if the key is deleted
   */
  public void replace(KeyAccess access, int btree, int level, Bkey old, Bkey now) {
    if (old != null && now != null && sameValue(old, now)) {
      return;
    }
    keys = access;
    apply(-1, btree, level, old);
    apply(1, btree, level, now);
  }

  private static boolean sameValue(Bkey old, Bkey now) {
    return old.type() == now.type() && old.size() == now.size() && PointerBytes.equal(old, now);
  }

  private void apply(int by, int btree, int level, Bkey key) {
    if (key == null) {
      return;
    }
    sign = by;
    contributions.of(key, btree, level, sink);
    notes.of(key);
    notes.list(keys, btree, level, key.pos(), by > 0);
    if (rules.hold(WriteRule.BACKPOINTERS)) {
      backpointers.of(key, btree, level, notes.work(), keys, by > 0);
    }
  }

  private final class Sink implements ContributionSink {
    @Override
    public void inode() {
      counters.inodes(sign);
    }

    @Override
    public void reserved(int replicas, long sectors) {
      counters.reserved(replicas, sign * sectors);
    }

    @Override
    public void replicas(int dataType, int required, int[] devices, int count, long sectors) {
      counters.replicas(dataType, required, devices, count, sign * sectors);
    }

    @Override
    public void reconcileWork(int reason, boolean metadata, long sectors) {
      counters.reconcileWork(reason, metadata, sign * sectors);
    }

    @Override
    public void leaving(int device, long sectors) {
      counters.leaving(device, sign * sectors);
    }

    @Override
    public void compressed(int type, long extents, long uncompressed, long compressed) {
      counters.compression(type, sign * extents, sign * uncompressed, sign * compressed);
    }

    @Override
    public void snapshot(int id, long sectors) {
      counters.snapshot(id, sign * sectors);
    }

    @Override
    public void snapshotKey(int id, int btree, long bytes, long sectors) {
      counters.snapshot(id, btree, sign, sign * bytes, sign * sectors);
    }

    @Override
    public void node(int btree, boolean interior, long sectors) {
      counters.btree(btree, sign * sectors, sign, interior ? sign : 0);
    }

    @Override
    public void extent(long inode, long length, long sectors) {
      counters.inode(inode, sign, sign * length, sign * sectors);
    }

    @Override
    public void pointer(
        int device, long sector, int generation, Share share, int dataType, long sectors) {
      if (share == Share.STRIPE) {
        stripes();
        return;
      }
      if (buckets.geometry().bucketSectors(device) == 0) {
        // A pointer to a device that there is not: damage, and no bucket's.
        return;
      }
      long bucket = buckets.geometry().bucketOf(device, sector);
      buckets.add(keys, device, bucket, share == Share.CACHED, sign * sectors, dataType);
    }

    @Override
    public void stripe(long stripe, int required, int[] devices, int count) {
      stripes();
    }

    @Override
    public void stripeBlock(long stripe, int block, int dataType, long sectors) {
      stripes();
    }

    @Override
    public void stripeBucket(
        long stripe,
        int block,
        int device,
        long sector,
        int generation,
        boolean parity,
        long sectors) {
      stripes();
    }

    private void stripes() {
      if (!leavesStripes) {
        throw new RefusedException(
            "erasure_coding_read_only",
            Place.NOWHERE,
            "this version does not write to data that is erasure coded");
      }
    }

    @Override
    public boolean stale(int device, long sector, int generation) {
      if (buckets.geometry().bucketSectors(device) == 0) {
        return false;
      }
      long bucket = buckets.geometry().bucketOf(device, sector);
      return ExtentPtr.staleness(buckets.generation(keys, device, bucket), generation) > 0;
    }
  }
}
