// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.data.CopyJudge;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.value.AllocV4;

/**
 * Pointers to data that have another generation than their bucket, while what is there has the
 * extent's checksum, or cannot be read now, and the bucket is in use: it is the pointer that is
 * wrong, and it gets the bucket's. Nothing is given up for it: what is read is held against the
 * checksum, and should another extent claim the same sectors, the next check finds that. Belongs to
 * one thread.
 */
final class OddGenerations {
  private final WritableFilesystem filesystem;
  private final CopyJudge judge;
  private final ExtentEntrySizes sizes;

  OddGenerations(WritableFilesystem filesystem, CopyJudge judge) {
    this.filesystem = filesystem;
    this.judge = judge;
    this.sizes = ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s);
  }

  /** The extent with the generations of its buckets; null if it has no such pointers. */
  Bkey mended(Transaction transaction, Bkey extent) {
    Bkey mended = extent.copy();
    boolean any = false;
    ExtentEntries pointers = new ExtentEntries().of(mended, sizes);
    while (pointers.nextPtr()) {
      if (pointers.cached() || pointers.hasStripe() || pointers.crc().checksumType() == 0) {
        continue;
      }
      int generation = ofBucket(transaction, pointers);
      if (generation >= 0 && generation != pointers.gen() && !judge.isBad(mended, pointers)) {
        long right = ExtentPtr.GEN.set(pointers.word(), generation);
        Le.putU64(mended.segment(), pointers.entryOffset(), right);
        any = true;
      }
    }
    return any ? mended : null;
  }

  /** The generation of the bucket that a pointer leads into; -1 if no other data is in it. */
  private int ofBucket(Transaction transaction, ExtentEntries pointer) {
    long bucket =
        PointedBucket.of(
            filesystem.superblock().members(),
            pointer.dev(),
            pointer.sector(),
            pointer.crc().compressedSectors());
    boolean here = bucket >= 0 && filesystem.devices().device(pointer.dev()) != null;
    AllocV4 state = !here ? null : PointedBucket.state(transaction, pointer.dev(), bucket);
    return state != null && state.dirtySectors() > 0 ? state.generation() : -1;
  }
}
