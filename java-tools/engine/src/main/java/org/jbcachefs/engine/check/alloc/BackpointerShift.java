// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Backpointer;

/**
 * How far sectors are shifted in the positions of backpointers. The superblock says so; but kernels
 * up to 1.28 did not look there, and always shifted by {@link Superblock#EXTENT_BP_SHIFT_DEFAULT}.
 * Of filesystems as old as that a few backpointers tell which it was.
 */
final class BackpointerShift {
  private static final int ENOUGH = 64;

  private final CheckContext context;
  private final ExtentEntries entries = new ExtentEntries();
  private final ExtentEntrySizes sizes;
  private final Bkey target = new Bkey();

  private BackpointerShift(CheckContext context) {
    this.context = context;
    this.sizes = ExtentEntrySizes.of(context.superblock()::extentTypeU64s);
  }

  static int of(CheckContext context) {
    int said = context.superblock().extentBpShift();
    boolean certain =
        said == Superblock.EXTENT_BP_SHIFT_DEFAULT
            || context.since(MetadataVersion.EXTENT_SNAPSHOT_WHITEOUTS);
    if (certain) {
      return said;
    }
    return new BackpointerShift(context).majority(said);
  }

  private int majority(int said) {
    int forSaid = 0;
    int forOld = 0;
    try (KeyIterator keys =
        context.btrees().iterate(BtreeId.BACKPOINTERS.number(), Bpos.MIN, Bpos.MAX)) {
      for (int looked = 0; looked < ENOUGH && keys.next(); looked++) {
        Bkey key = keys.key();
        if (AllocationSums.isBackpointer(key)) {
          forSaid += fits(key, said) ? 1 : 0;
          forOld += fits(key, Superblock.EXTENT_BP_SHIFT_DEFAULT) ? 1 : 0;
        }
      }
    } catch (CorruptionException e) {
      // What was seen so far decides; the damage is met again where backpointers are checked.
      return forOld > forSaid ? Superblock.EXTENT_BP_SHIFT_DEFAULT : said;
    }
    return forOld > forSaid ? Superblock.EXTENT_BP_SHIFT_DEFAULT : said;
  }

  /** Whether the key pointed back to has a pointer at that place, by that shift. */
  private boolean fits(Bkey key, int shift) {
    Backpointer value = Backpointer.decode(key);
    Bpos pos = value.pos();
    int root = context.btrees().rootLevel(value.btree());
    if (value.level() > root + 1) {
      return false;
    }
    if (value.level() == root + 1) {
      target.set(context.filesystem().journal().overlay().root(value.btree()).key());
    } else {
      try (KeyIterator keys = context.btrees().iterate(value.btree(), value.level(), pos, pos)) {
        if (!keys.next()) {
          return false;
        }
        target.set(keys.key());
      }
    }
    entries.of(target, sizes);
    while (entries.nextPtr()) {
      long place = (entries.sector() << shift) + entries.crc().offset();
      if (entries.dev() == key.inode() && place == key.offset()) {
        return true;
      }
    }
    return false;
  }
}
