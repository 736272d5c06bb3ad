// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.concurrent.atomic.AtomicLong;
import org.jbcachefs.engine.alloc.ContributionSink;
import org.jbcachefs.engine.alloc.Contributions;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Accounting;
import org.jbcachefs.format.value.AccountingType;

/**
 * Finds the inodes whose counters differ from their extents, once it is known that there are some:
 * every inode's extents are summed up anew and its counters looked up.
 */
final class InodeAccounting {
  private final CheckContext context;
  private final AtomicLong found = new AtomicLong();

  InodeAccounting(CheckContext context) {
    this.context = context;
  }

  void run() {
    context.scanInodes(BtreeId.EXTENTS, ExtentSums::new);
    context.scanInodes(BtreeId.REFLINK, ExtentSums::new);
    withoutExtents();
  }

  /** How many differ. */
  long found() {
    return found.get();
  }

  /** Sums the extents of one inode after the other. */
  private final class ExtentSums implements KeyWorker, ContributionSink {
    private final Findings findings;
    private final PackedAccounting slot = new PackedAccounting();
    private final Bkey counted = new Bkey();
    private final Contributions contributions =
        new Contributions(
            ExtentEntrySizes.of(context.superblock()::extentTypeU64s),
            context.superblock().btreeNodeBytes() / 512,
            context.superblock().version());
    private long inode;
    private long extents;
    private long length;
    private long sectors;

    ExtentSums(Findings findings) {
      this.findings = findings;
    }

    @Override
    public void key(Bkey key) {
      contributions.of(key, BtreeId.EXTENTS.number(), 0, this);
    }

    @Override
    public void extent(long newInode, long newLength, long newSectors) {
      if (newInode != inode) {
        end();
        inode = newInode;
      }
      extents++;
      length += newLength;
      sectors += newSectors;
    }

    @Override
    public void end() {
      if (extents != 0) {
        compare();
      }
      extents = 0;
      length = 0;
      sectors = 0;
    }

    private void compare() {
      slot.of(AccountingType.INUM).putNumber(0, inode, Long.BYTES);
      Bpos pos = new Bpos(slot.inode, slot.offset, slot.snapshot);
      boolean isThere = context.btrees().lookup(BtreeId.ACCOUNTING.number(), pos, counted);
      long[] said = new long[3];
      for (int i = 0; isThere && i < said.length; i++) {
        said[i] = Accounting.counter(counted, i);
      }
      if (said[0] != extents || said[1] != length || said[2] != sectors) {
        found.incrementAndGet();
        findings.report(
            CheckFinding.of(
                    FsckError.ACCOUNTING_MISMATCH,
                    "inum=" + Long.toUnsignedString(inode) + " by all keys together")
                .at(BtreeId.ACCOUNTING, pos)
                .expected(extents + " " + length + " " + sectors)
                .found(said[0] + " " + said[1] + " " + said[2]));
      }
    }

    @Override
    public void inode() {}

    @Override
    public void reserved(int replicas, long count) {}

    @Override
    public void replicas(int dataType, int required, int[] devices, int count, long all) {}

    @Override
    public void compressed(int type, long count, long uncompressed, long compressed) {}

    @Override
    public void snapshot(int id, long count) {}

    @Override
    public void snapshotKey(int id, int btree, long bytes, long count) {}

    @Override
    public void node(int btree, boolean interior, long count) {}

    @Override
    public void pointer(
        int device, long sector, int generation, Share share, int dataType, long count) {}

    @Override
    public void stripe(long stripe, int required, int[] devices, int count) {}

    @Override
    public void stripeBlock(long stripe, int block, int dataType, long count) {}

    @Override
    public void stripeBucket(
        long stripe,
        int block,
        int device,
        long sector,
        int generation,
        boolean parity,
        long count) {}

    @Override
    public boolean stale(int device, long sector, int generation) {
      return false;
    }
  }

  /** Counters of inodes that have no extents. */
  private void withoutExtents() {
    long typeBits = (long) AccountingType.INUM.number() << 56;
    Bpos from = Bpos.of(typeBits, 0);
    Bpos to = new Bpos(typeBits | (1L << 56) - 1, -1, -1);
    try (KeyIterator keys = context.btrees().iterate(BtreeId.ACCOUNTING.number(), from, to)) {
      while (keys.next()) {
        Bkey key = keys.key();
        long inode = Long.reverseBytes(key.inode() << 8 | key.offset() >>> 56);
        long sum = Accounting.counter(key, 0);
        if (inode != 0 && sum != 0 && !hasExtents(inode)) {
          found.incrementAndGet();
          context.report(
              CheckFinding.of(
                      FsckError.ACCOUNTING_MISMATCH,
                      "inum=" + Long.toUnsignedString(inode) + ", which has no extents")
                  .at(BtreeId.ACCOUNTING, key)
                  .expected("0")
                  .found(sum + " extents"));
        }
      }
    }
  }

  private boolean hasExtents(long inode) {
    try (KeyIterator keys =
        context
            .btrees()
            .iterate(BtreeId.EXTENTS.number(), Bpos.of(inode, 0), new Bpos(inode, -1, -1))) {
      while (keys.next()) {
        if (keys.key().type() == KeyType.EXTENT.number()) {
          return true;
        }
      }
      return false;
    }
  }
}
