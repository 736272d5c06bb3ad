// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.format.tables.FsckError;

/**
 * Everything about space that follows from other keys: {@link SpaceRebuild} writes it anew where it
 * is wrong, all at once, whatever of it was found.
 */
public final class RepairSpace implements Repair {
  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(
          EnumSet.of(
              FsckError.ACCOUNTING_KEY_UNDERFLOW,
              FsckError.ACCOUNTING_MISMATCH,
              FsckError.ACCOUNTING_REPLICAS_NOT_MARKED,
              FsckError.ACCOUNTING_TO_INVALID_DEVICE,
              FsckError.ALLOC_KEY_CACHED_BUT_READ_TIME_ZERO,
              FsckError.ALLOC_KEY_CACHED_SECTORS_WRONG,
              FsckError.ALLOC_KEY_DATA_TYPE_FREE_DIRTY_BOOKKEEPING,
              FsckError.ALLOC_KEY_DATA_TYPE_WRONG,
              FsckError.ALLOC_KEY_DIRTY_SECTORS_WRONG,
              FsckError.ALLOC_KEY_JOURNAL_SEQ_IN_FUTURE,
              FsckError.ALLOC_KEY_STRIPE_REFCOUNT_WRONG,
              FsckError.ALLOC_KEY_STRIPE_SECTORS_WRONG,
              FsckError.ALLOC_KEY_STRIPE_WRONG,
              FsckError.ALLOC_KEY_TO_MISSING_DEV_BUCKET,
              FsckError.ALLOC_KEY_TO_MISSING_LRU_ENTRY,
              FsckError.BACKPOINTER_TO_MISSING_ALLOC,
              FsckError.BACKPOINTER_TO_MISSING_DEVICE,
              FsckError.BACKPOINTER_TO_MISSING_PTR,
              FsckError.BTREE_BITMAP_NOT_MARKED,
              FsckError.BUCKET_GENS_HOLE_WRONG,
              FsckError.BUCKET_GENS_KEY_WRONG,
              FsckError.BUCKET_GENS_NONZERO_FOR_INVALID_BUCKETS,
              FsckError.BUCKET_GENS_TO_INVALID_BUCKETS,
              FsckError.BUCKET_GENS_TO_INVALID_DEV,
              FsckError.BUCKET_STRIPE_REF_TO_INCORRECT_STRIPE,
              FsckError.BUCKET_STRIPE_REF_TO_MISSING_STRIPE,
              FsckError.DUP_BACKPOINTER_TO_BAD_CSUM_EXTENT,
              FsckError.DUP_EXTENTS_TO_REFLINK,
              FsckError.FREESPACE_HOLE_MISSING,
              FsckError.FREESPACE_KEY_WRONG,
              FsckError.LRU_ENTRY_BAD,
              FsckError.NEED_DISCARD_FREESPACE_KEY_BAD,
              FsckError.NEED_DISCARD_FREESPACE_KEY_TO_INVALID_DEV_BUCKET,
              FsckError.NEED_DISCARD_KEY_WRONG,
              FsckError.PTR_BUCKET_DATA_TYPE_MISMATCH,
              FsckError.PTR_TO_MISSING_ALLOC_KEY,
              FsckError.PTR_TO_MISSING_BACKPOINTER,
              FsckError.STRIPE_PARITY_BLOCK_SECTOR_COUNT_WRONG,
              FsckError.STRIPE_SECTOR_COUNT_WRONG,
              FsckError.STRIPE_TO_MISSING_BUCKET_REF));

  @Override
  public Set<FsckError> errors() {
    return ERRORS;
  }

  @Override
  public RepairStage stage() {
    return RepairStage.SPACE;
  }

  @Override
  public String what(FsckError error) {
    return switch (error) {
      case DUP_BACKPOINTER_TO_BAD_CSUM_EXTENT -> "drop the pointer to what is not its data";
      case DUP_EXTENTS_TO_REFLINK -> "give it a copy of its own";
      case PTR_BUCKET_DATA_TYPE_MISMATCH ->
          "move the data that is there elsewhere; drop pointers to what is none";
      default -> "write what is kept about space anew where it is not what all other keys make it";
    };
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    SpaceRebuild rebuild =
        new SpaceRebuild(
            context.filesystem(),
            context.options().memoryBytes(),
            context.options().spill(),
            context.lost());
    rebuild.run();
    if (!findings.isEmpty() && rebuild.separate()) {
      rebuild.run();
    }
  }
}
