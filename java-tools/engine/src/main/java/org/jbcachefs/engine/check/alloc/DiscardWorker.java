// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;

/** Each entry of the need_discard btree against the bucket that it means. */
final class DiscardWorker implements KeyWorker {
  private final CheckContext context;
  private final Buckets buckets;
  private final Findings findings;
  private final boolean bySeq;
  private final AllocState state = new AllocState();
  private final Bkey alloc = new Bkey();

  DiscardWorker(CheckContext context, Buckets buckets, Findings findings) {
    this.context = context;
    this.buckets = buckets;
    this.findings = findings;
    this.bySeq = context.since(MetadataVersion.NEED_DISCARD_BY_JOURNAL_SEQ);
  }

  @Override
  public void key(Bkey key) {
    long device = bySeq ? Buckets.deviceOf(key.offset()) : key.inode();
    long bucket = bySeq ? Buckets.bucketOf(key.offset()) : key.offset();
    if (!buckets.exists(device, bucket)) {
      findings.report(
          CheckFinding.of(
                  FsckError.NEED_DISCARD_FREESPACE_KEY_TO_INVALID_DEV_BUCKET,
                  "entry for bucket " + bucket + " of device " + device + ", which does not exist")
              .at(BtreeId.NEED_DISCARD, key));
      return;
    }
    Bpos at = Bpos.of(device, bucket);
    boolean found = context.btrees().lookup(BtreeId.ALLOC.number(), at, alloc) && state.read(alloc);
    if (!found) {
      state.clear();
    }
    boolean right = state.is(DataType.NEED_DISCARD) && (!bySeq || state.seqEmpty == key.inode());
    if (!right && (found || !context.damaged().mayLack(BtreeId.ALLOC.number(), at, at))) {
      findings.report(
          CheckFinding.of(
                  FsckError.NEED_DISCARD_FREESPACE_KEY_BAD,
                  "entry for bucket " + bucket + " of device " + device)
              .at(BtreeId.NEED_DISCARD, key)
              .expected(
                  "none"
                      + (state.is(DataType.NEED_DISCARD)
                          ? " but at sequence number " + Long.toUnsignedString(state.seqEmpty)
                          : ""))
              .found("bucket of type " + DataType.nameOf(state.type)));
    }
  }
}
