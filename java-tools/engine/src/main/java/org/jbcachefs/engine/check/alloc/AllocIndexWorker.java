// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.BucketGens;

/**
 * Goes over the buckets of one range, those with an alloc key and the holes between them, and looks
 * whether the indexes say the same. Time grows with keys, not with buckets.
 */
final class AllocIndexWorker implements KeyWorker {
  private static final int GENS_BITS = Integer.numberOfTrailingZeros(BucketGens.COUNT);
  private static final long U32_MAX = 0xffffffffL;

  private final CheckContext context;
  private final Buckets buckets;
  private final Findings findings;
  private final AllocState state = new AllocState();
  private final Bkey looked = new Bkey();
  private final SideKeys freespace;
  private final SideKeys gens;
  private final SideKeys stripes;
  private final boolean discardBySeq;
  private final boolean stripeIndex;
  private final boolean bornCurrent;
  private final long newestSeq;
  private final boolean[] indexed;

  /** The next bucket that nothing was said about. */
  private long device;

  private long bucket;
  private Bpos end;

  AllocIndexWorker(CheckContext context, Buckets buckets, Findings findings) {
    this.context = context;
    this.buckets = buckets;
    this.findings = findings;
    this.freespace = new SideKeys(context, BtreeId.FREESPACE, findings);
    this.gens = new SideKeys(context, BtreeId.BUCKET_GENS, findings);
    this.stripes = new SideKeys(context, BtreeId.BUCKET_TO_STRIPE, findings);
    this.discardBySeq = context.since(MetadataVersion.NEED_DISCARD_BY_JOURNAL_SEQ);
    this.stripeIndex = context.since(MetadataVersion.BUCKET_STRIPE_INDEX);
    this.bornCurrent =
        context.superblock().versionMin() >= MetadataVersion.NEED_DISCARD_BY_JOURNAL_SEQ.number();
    this.newestSeq = AllocSeqs.newest(context.filesystem());
    this.indexed = indexed();
  }

  private boolean[] indexed() {
    boolean[] flags = new boolean[buckets.devices()];
    for (int i = 0; i < flags.length; i++) {
      Member member = context.filesystem().devices().member(i);
      flags[i] = member != null && Member.FREESPACE_INITIALIZED.isSet(member.flags());
    }
    return flags;
  }

  @Override
  public void begin(Bpos from, Bpos to) {
    device = from.inode();
    bucket = firstAt(from);
    end = to;
  }

  /** A range may begin between a bucket's position and the next bucket's. */
  private static long firstAt(Bpos pos) {
    return pos.snapshot() == 0 ? pos.offset() : pos.offset() + 1;
  }

  @Override
  public void key(Bkey key) {
    if (!buckets.exists(key.inode(), key.offset())) {
      report(
          CheckFinding.of(
                  FsckError.ALLOC_KEY_TO_MISSING_DEV_BUCKET,
                  "alloc key for a device or bucket that does not exist")
              .at(BtreeId.ALLOC, key));
      return;
    }
    holesUpTo(key.inode(), key.offset());
    device = key.inode();
    bucket = key.offset() + 1;
    if (indexed[(int) key.inode()] && state.read(key)) {
      free(key);
      discard(key);
      generation(key);
      stripes(key);
      bookkeeping(key);
    }
  }

  private void free(Bkey key) {
    boolean expected = state.is(DataType.FREE);
    if (!expected && state.freespaceBits() != 0) {
      return; // found from the other side, where these few lie together
    }
    long at = key.offset() | state.freespaceBits();
    boolean found =
        state.freespaceBits() == 0
            ? covers(freespace.atOrBehind(key.inode(), at + 1), key.inode(), at)
            : covers(lookBehind(key.inode(), at + 1), key.inode(), at);
    if (expected != found && !(expected && freespace.mayLack(key.inode(), at, at + U32_MAX))) {
      report(
          at(key, FsckError.FREESPACE_KEY_WRONG, "bucket in the freespace btree")
              .expected(expected)
              .found(found));
    }
  }

  /** Whether an extent of free buckets has that one. */
  private static boolean covers(Bkey extent, long inode, long offset) {
    return extent != null
        && extent.type() == KeyType.SET.number()
        && extent.inode() == inode
        && Long.compareUnsigned(extent.start(), offset) <= 0;
  }

  /** Buckets that waited for their generations lie elsewhere, and are few. */
  private Bkey lookBehind(long inode, long offset) {
    try (var keys =
        context.keys(BtreeId.FREESPACE, Bpos.of(inode, offset), new Bpos(inode, -1, 0), findings)) {
      return keys.next() ? looked.set(keys.key()) : null;
    }
  }

  private void discard(Bkey key) {
    if (!state.is(DataType.NEED_DISCARD)) {
      return;
    }
    Bpos at =
        discardBySeq
            ? Bpos.of(state.seqEmpty, Buckets.toNumber(key.inode(), key.offset()))
            : Bpos.of(key.inode(), key.offset());
    int btree = BtreeId.NEED_DISCARD.number();
    boolean found =
        context.btrees().lookup(btree, at, looked) && looked.type() == KeyType.SET.number();
    if (!found && !context.damaged().mayLack(btree, at, at)) {
      report(
          at(key, FsckError.NEED_DISCARD_KEY_WRONG, "bucket in the need_discard btree")
              .expected("an entry at " + at)
              .found("none"));
    }
  }

  private void generation(Bkey key) {
    long group = key.offset() >>> GENS_BITS;
    Bkey found = gens.atOrBehind(key.inode(), group);
    int said =
        found != null && found.inode() == key.inode() && found.offset() == group
            ? generation(found, (int) key.offset() & (BucketGens.COUNT - 1))
            : 0;
    if (said != state.generation && !gens.mayLack(key.inode(), group, group)) {
      report(
          at(key, FsckError.BUCKET_GENS_KEY_WRONG, "generation in the bucket_gens btree")
              .expected(state.generation)
              .found(said));
    }
  }

  private static int generation(Bkey key, int index) {
    return key.type() == KeyType.BUCKET_GENS.number() && index < key.valueBytes()
        ? Le.u8(key.segment(), key.valueOffset() + index)
        : 0;
  }

  private void stripes(Bkey key) {
    if (!stripeIndex) {
      return;
    }
    long number = Buckets.toNumber(key.inode(), key.offset());
    int count = 0;
    long next = 0;
    for (Bkey found = stripes.atOrBehind(number, 0);
        found != null && found.inode() == number;
        found = stripes.atOrBehind(number, next)) {
      count++;
      next = found.offset() + 1;
    }
    if (count != state.stripes
        && !context
            .damaged()
            .mayLack(BtreeId.BUCKET_TO_STRIPE.number(), Bpos.of(number, 0), Bpos.of(number, -1))) {
      report(
          at(
                  key,
                  FsckError.ALLOC_KEY_STRIPE_REFCOUNT_WRONG,
                  "stripes in the bucket, by the bucket_to_stripe btree")
              .expected(count)
              .found(state.stripes));
    }
  }

  /** Sequence numbers and flags that the state of a bucket must not have. */
  private void bookkeeping(Bkey key) {
    if (Long.compareUnsigned(state.seqNonempty, newestSeq) > 0
        || Long.compareUnsigned(state.seqEmpty, newestSeq) > 0) {
      report(
          at(key, FsckError.ALLOC_KEY_JOURNAL_SEQ_IN_FUTURE, "journal sequence number of a bucket")
              .expected("at most " + Long.toUnsignedString(newestSeq))
              .found(
                  Long.toUnsignedString(state.seqNonempty)
                      + " and "
                      + Long.toUnsignedString(state.seqEmpty)));
    }
    if (bornCurrent
        && state.is(DataType.FREE)
        && (state.needDiscard() || state.seqNonempty != 0 || state.seqEmpty != 0)) {
      report(
          at(
              key,
              FsckError.ALLOC_KEY_DATA_TYPE_FREE_DIRTY_BOOKKEEPING,
              "free bucket that still says when it was emptied, or that it needs a discard"));
    }
  }

  @Override
  public void end() {
    if (end.equals(Bpos.MAX)) {
      holesUpTo(buckets.devices(), 0);
    } else {
      Bpos next = end.successor();
      holesUpTo(next.inode(), firstAt(next));
    }
    freespace.close();
    gens.close();
    stripes.close();
  }

  /** Says what is to be said of the buckets without keys before that one. */
  private void holesUpTo(long toDevice, long toBucket) {
    while (device < buckets.devices()
        && (device < toDevice || (device == toDevice && bucket < toBucket))) {
      if (buckets.isMember(device)) {
        int index = (int) device;
        long from = Math.max(bucket, buckets.first(index));
        long to = buckets.count(index);
        if (device == toDevice) {
          to = Math.min(to, toBucket);
        }
        boolean lost =
            from < to
                && context
                    .damaged()
                    .mayLack(
                        BtreeId.ALLOC.number(), Bpos.of(device, from), Bpos.of(device, to - 1));
        if (from < to && indexed[index] && !lost) {
          freespaceHole(index, from, to);
          generationHole(index, from, to);
        }
      }
      if (device == toDevice) {
        bucket = toBucket;
        return;
      }
      device++;
      bucket = 0;
    }
  }

  private void freespaceHole(int index, long from, long to) {
    long at = from;
    while (at < to) {
      Bkey extent = freespace.atOrBehind(index, at + 1);
      boolean here = extent != null && extent.inode() == index && extent.start() < to;
      long covered = here ? Math.max(at, extent.start()) : to;
      if (covered > at && !freespace.mayLack(index, at, covered)) {
        report(
            CheckFinding.of(
                    FsckError.FREESPACE_HOLE_MISSING,
                    "buckets without alloc key, which are free, are not in the freespace btree")
                .at(BtreeId.FREESPACE, Bpos.of(index, covered))
                .expected("buckets " + at + " to " + (covered - 1) + " of device " + index)
                .found("none of them"));
      }
      at = here ? extent.offset() : to;
    }
  }

  private void generationHole(int index, long from, long to) {
    long group = from >>> GENS_BITS;
    for (Bkey key = gens.atOrBehind(index, group);
        key != null && key.inode() == index && key.offset() << GENS_BITS < to;
        key = gens.atOrBehind(index, group)) {
      long first = key.offset() << GENS_BITS;
      for (long at = Math.max(from, first); at < Math.min(to, first + BucketGens.COUNT); at++) {
        int generation = generation(key, (int) (at - first));
        if (generation != 0) {
          report(
              CheckFinding.of(
                      FsckError.BUCKET_GENS_HOLE_WRONG,
                      "generation of bucket " + at + ", which has no alloc key")
                  .at(BtreeId.BUCKET_GENS, key)
                  .expected(0)
                  .found(generation));
        }
      }
      if (first + BucketGens.COUNT > to) {
        return;
      }
      group = key.offset() + 1;
    }
  }

  private CheckFinding at(Bkey key, FsckError error, String what) {
    int index = (int) key.inode();
    return CheckFinding.of(error, what)
        .at(BtreeId.ALLOC, key)
        .on(buckets.name(index), buckets.firstSector(index, key.offset()) * 512);
  }

  private void report(CheckFinding finding) {
    findings.report(finding);
  }
}
