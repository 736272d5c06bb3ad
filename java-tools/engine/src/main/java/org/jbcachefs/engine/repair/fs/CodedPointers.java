// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.List;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.data.CopyJudge;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.value.AllocV4;

/**
 * Pointers of stripes, and of extents in them, which say the same twice: what one of them says
 * wrongly is taken from the other. Nothing is given up for it, since what is read is held against
 * checksums. Belongs to one thread.
 */
final class CodedPointers {
  private final WritableFilesystem filesystem;
  private final CopyJudge judge;
  private final ExtentEntrySizes sizes;

  CodedPointers(WritableFilesystem filesystem, CopyJudge judge) {
    this.filesystem = filesystem;
    this.judge = judge;
    this.sizes = ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s);
  }

  /**
   * Gives each pointer of a stripe the generation of its bucket; a block whose place does not exist
   * counts as gone, and is made of the others when it is read.
   */
  void mend(Transaction transaction, Bpos pos) {
    Bkey found = new Bkey();
    if (!transaction.lookup(BtreeId.STRIPES, pos, found)
        || found.type() != KeyType.STRIPE.number()) {
      return;
    }
    StripeValue stripe = new StripeValue().of(found);
    Bkey key = found.copy();
    boolean mended = false;
    for (int block = 0; block < stripe.blocks(); block++) {
      long pointer = stripe.ptr(block);
      long right = right(transaction, pointer, stripe.sectors());
      if (right != pointer) {
        Le.putU64(key.segment(), StripeValue.OFFSET_PTRS + (long) block * ExtentPtr.BYTES, right);
        mended = true;
      }
    }
    if (mended) {
      // What follows is made anew by the next round.
      transaction.updateAlone(BtreeId.STRIPES, key);
    }
  }

  private long right(Transaction transaction, long pointer, int sectors) {
    int device = ExtentPtr.dev(pointer);
    if (device == ExtentPtr.NO_DEVICE) {
      return pointer;
    }
    List<Member> members = filesystem.superblock().members();
    long bucket = PointedBucket.of(members, device, ExtentPtr.sector(pointer), sectors);
    if (bucket < 0) {
      return ExtentPtr.DEV.set(pointer, ExtentPtr.NO_DEVICE);
    }
    AllocV4 state = PointedBucket.state(transaction, device, bucket);
    return state == null ? pointer : ExtentPtr.GEN.set(pointer, state.generation());
  }

  /**
   * The extent with pointers as its stripes have them, where device or generation differ alone and
   * its data is there by its checksum; null if there are none.
   */
  Bkey mended(Transaction transaction, Bkey extent) {
    Bkey mended = extent.copy();
    boolean any = false;
    ExtentEntries entries = new ExtentEntries().of(mended, sizes);
    while (entries.nextPtr()) {
      long pointer = entries.word();
      long own = entries.hasStripe() ? ofStripe(transaction, entries) : pointer;
      if (own == pointer || entries.crc().checksumType() == 0) {
        continue;
      }
      Le.putU64(mended.segment(), entries.entryOffset(), own);
      boolean good = !judge.isBad(mended, at(mended, entries.entryOffset()));
      any |= good;
      if (!good) {
        Le.putU64(mended.segment(), entries.entryOffset(), pointer);
      }
    }
    return any ? mended : null;
  }

  private ExtentEntries at(Bkey key, long offset) {
    ExtentEntries entries = new ExtentEntries().of(key, sizes);
    while (entries.nextPtr() && entries.entryOffset() != offset) {
      // On to that one.
    }
    return entries;
  }

  /** The pointer as it is if the stripe has it right; itself where the stripe says nothing. */
  private static long ofStripe(Transaction transaction, ExtentEntries pointer) {
    Bkey key = new Bkey();
    long word = pointer.word();
    Bpos pos = Bpos.of(0, pointer.stripeIdx());
    if (!transaction.lookup(BtreeId.STRIPES, pos, key) || key.type() != KeyType.STRIPE.number()) {
      return word;
    }
    StripeValue stripe = new StripeValue().of(key);
    int block = pointer.stripeBlock();
    if (block >= stripe.dataBlocks()) {
      return word;
    }
    long own = stripe.ptr(block);
    boolean whole =
        ExtentPtr.dev(own) != ExtentPtr.NO_DEVICE
            && stripe.matches(block, ExtentPtr.dev(own), ExtentPtr.gen(own), pointer.sector());
    boolean gone = pointer.dev() == ExtentPtr.NO_DEVICE;
    if (!whole || (gone && pointer.gen() == ExtentPtr.gen(own))) {
      return word;
    }
    long right = ExtentPtr.GEN.set(word, ExtentPtr.gen(own));
    return gone ? right : ExtentPtr.DEV.set(right, ExtentPtr.dev(own));
  }
}
