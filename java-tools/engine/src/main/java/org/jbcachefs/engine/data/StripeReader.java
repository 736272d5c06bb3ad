// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.checksum.Checksums;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.kernel.Galois;
import org.jbcachefs.format.kernel.Kernels;
import org.jbcachefs.format.tables.DataType;

/**
 * Rebuilds the sectors of a stripe's block from the other blocks: one or two of them may be missing
 * or damaged, parity or not. Thread-safe; each call works in its thread's {@link Scratch}.
 *
 * <p>Blocks are added up one after another, a checksum granule at a time, so that memory does not
 * grow with the number of blocks: from the last data block to the first (Horner's rule for Q), then
 * P and Q. What the bad blocks contribute is left out; the sums then are equations for them.
 */
final class StripeReader {
  private static final int SECTOR_SHIFT = ExtentDecoder.SECTOR_SHIFT;

  /** A stripe's blocks, like buckets, are no larger. */
  static final int MOST_SECTORS = 0xffff;

  private final Btrees btrees;
  private final DeviceSet devices;

  StripeReader(Btrees btrees, DeviceSet devices) {
    this.btrees = btrees;
    this.devices = devices;
  }

  /**
   * Rebuilds sectors that a data pointer leads to, without reading them.
   *
   * @param first how many sectors after the pointer's
   * @param out gets {@code sectors} sectors from its start
   * @throws BcachefsException if too much of the stripe is gone, or the pointer is not part of it
   */
  void rebuild(
      Replicas.Replica wanted, int first, int sectors, MemorySegment out, Scratch scratch) {
    Place place = Place.structure("stripe " + wanted.stripeIdx);
    StripeValue stripe = find(wanted, place, scratch);
    int block = wanted.stripeBlock;
    long offset = wanted.sector() - ExtentPtr.sector(stripe.ptr(block)) + first;
    if (offset + sectors > stripe.sectors()) {
      throw new CorruptionException(
          "ptr_spans_multiple_buckets", place, "the extent ends behind the stripe's block");
    }
    int granularity = stripe.granularity();
    for (long at = offset / granularity * granularity; at < offset + sectors; at += granularity) {
      int size = (int) Math.min(granularity, stripe.sectors() - at);
      MemorySegment piece = rebuildPiece(stripe, block, (int) at, size, place, scratch);
      long from = Math.max(at, offset);
      long to = Math.min(at + size, offset + sectors);
      MemorySegment.copy(
          piece,
          (from - at) << SECTOR_SHIFT,
          out,
          (from - offset) << SECTOR_SHIFT,
          (to - from) << SECTOR_SHIFT);
    }
  }

  private StripeValue find(Replicas.Replica wanted, Place place, Scratch scratch) {
    Bpos pos = Bpos.of(0, wanted.stripeIdx);
    if (!btrees.lookup(BtreeId.STRIPES.number(), pos, scratch.looked)
        || scratch.looked.type() != KeyType.STRIPE.number()) {
      throw new LostDataException(place, "there is no such stripe");
    }
    StripeValue stripe = scratch.stripe.of(scratch.looked);
    int gen = ExtentPtr.gen(wanted.ptr);
    if (!stripe.matches(wanted.stripeBlock, wanted.dev(), gen, wanted.sector())) {
      throw new CorruptionException(
          "ptr_to_missing_stripe", place, "the pointer does not lie in the stripe's block");
    }
    return stripe;
  }

  /** One granule of one block, from the granules at the same place in all the others. */
  private MemorySegment rebuildPiece(
      StripeValue stripe, int wanted, int offset, int sectors, Place place, Scratch scratch) {
    Kernels kernels = Kernels.best();
    long bytes = (long) sectors << SECTOR_SHIFT;
    MemorySegment p = scratch.sumP.atLeast(bytes).asSlice(0, bytes);
    MemorySegment q = scratch.sumQ.atLeast(bytes).asSlice(0, bytes);
    MemorySegment block = scratch.block.atLeast(bytes).asSlice(0, bytes);
    p.fill((byte) 0);
    q.fill((byte) 0);
    StringBuilder failures = new StringBuilder();
    int data = stripe.dataBlocks();
    boolean useQ = stripe.redundant() > 1;
    int otherBad = -1;
    int bad = 1;
    for (int i = data - 1; i >= 0; i--) {
      if (i != wanted && readBlock(stripe, i, offset, block, failures)) {
        if (useQ) {
          kernels.addToBoth(p, q, block);
        } else {
          kernels.add(p, block);
        }
        continue;
      }
      if (i != wanted) {
        otherBad = i;
        bad++;
      }
      if (useQ) {
        kernels.timesGenerator(q);
      }
    }
    boolean haveP = readBlock(stripe, data, offset, block, failures);
    if (haveP) {
      kernels.add(p, block);
    }
    boolean haveQ = false;
    if (useQ && bad + (haveP ? 0 : 1) > 1) {
      haveQ = readBlock(stripe, data + 1, offset, block, failures);
      if (haveQ) {
        kernels.add(q, block);
      }
    }
    int equations = (haveP ? 1 : 0) + (haveQ ? 1 : 0);
    if (bad > equations) {
      throw new LostDataException(
          place, "more blocks are gone than its parity can make up for" + failures);
    }
    MemorySegment solved = solve(kernels, wanted, otherBad, haveP, p, q);
    if (!checksumGood(stripe, wanted, offset, solved)) {
      throw new CorruptionException(
          "stripe_csum_error", place, "the rebuilt block has a wrong checksum" + failures);
    }
    return solved;
  }

  private static MemorySegment solve(
      Kernels kernels, int wanted, int otherBad, boolean haveP, MemorySegment p, MemorySegment q) {
    if (otherBad >= 0) {
      // p = dx + dy and q = g^x dx + g^y dy, so dx = (q + g^y p) / (g^x + g^y)
      int x = Galois.power(wanted);
      int y = Galois.power(otherBad);
      kernels.times(y, p);
      kernels.add(p, q);
      kernels.times(Galois.inverse(x ^ y), p);
      return p;
    }
    if (haveP) {
      return p;
    }
    kernels.times(Galois.power(-wanted), q);
    return q;
  }

  /** Reads a granule of a block and checks it; false, and the reason appended, if it is bad. */
  private boolean readBlock(
      StripeValue stripe, int index, int offset, MemorySegment into, StringBuilder failures) {
    long ptr = stripe.ptr(index);
    int dev = ExtentPtr.dev(ptr);
    try {
      devices.read(dev, ExtentPtr.sector(ptr) + offset, into);
      devices.activity().read(DataType.USER, dev, into.byteSize());
    } catch (DeviceException e) {
      failures.append("; block ").append(index).append(": ").append(e.sentence());
      return false;
    }
    if (!checksumGood(stripe, index, offset, into)) {
      failures.append("; block ").append(index).append(" on ").append(devices.name(dev));
      failures.append(": wrong checksum");
      return false;
    }
    return true;
  }

  static boolean checksumGood(StripeValue stripe, int block, int offset, MemorySegment granule) {
    ChecksumType type = stripe.checksumType();
    if (type == ChecksumType.NONE) {
      return true;
    }
    long computed = Checksums.compute(type, granule, 0, granule.byteSize());
    return computed == stripe.checksum(block, offset / stripe.granularity());
  }
}
