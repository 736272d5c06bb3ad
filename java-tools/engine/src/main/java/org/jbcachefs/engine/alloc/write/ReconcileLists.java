// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.value.Cookie;

/**
 * The btrees that list background work: extents by their positions, those on rotating devices also
 * by their places there, and scans to be made. Source: {@code data_to_rb_work_pos}, {@code
 * bch2_set_reconcile_needs_scan_trans}.
 */
public final class ReconcileLists {
  private static final int SCAN = BtreeId.RECONCILE_SCAN.number();

  private ReconcileLists() {}

  /** Puts an extent on the list that its note says, or takes it off. */
  static void extent(KeyAccess keys, int btree, Bpos pos, long note, boolean add) {
    int list = logical(ExtentReconcile.work(note));
    if (list >= 0) {
      // Shared data comes before that of all files.
      boolean shared = btree == BtreeId.REFLINK.number();
      change(keys, list, shared ? new Bpos(pos.inode() + 1, pos.offset(), 0) : pos, add);
    }
  }

  /** The same for the place of one pointer; others may have put something there already. */
  static void place(KeyAccess keys, Bpos backpointer, int work, boolean add) {
    int list = physical(work);
    if (list >= 0 && (add || !keys.isSet(list, backpointer))) {
      change(keys, list, backpointer, add);
    }
  }

  private static void change(KeyAccess keys, int list, Bpos pos, boolean add) {
    if (add) {
      keys.set(list, new Bkey().setPos(pos).setType(KeyType.SET.number()));
    } else {
      keys.delete(list, pos);
    }
  }

  private static int logical(int work) {
    return switch (work) {
      case ExtentReconcile.WORK_HIPRI -> BtreeId.RECONCILE_HIPRI.number();
      case ExtentReconcile.WORK_NORMAL -> BtreeId.RECONCILE_WORK.number();
      case ExtentReconcile.WORK_PENDING -> BtreeId.RECONCILE_PENDING.number();
      default -> -1;
    };
  }

  private static int physical(int work) {
    return switch (work) {
      case ExtentReconcile.WORK_HIPRI -> BtreeId.RECONCILE_HIPRI_PHYS.number();
      case ExtentReconcile.WORK_NORMAL -> BtreeId.RECONCILE_WORK_PHYS.number();
      default -> -1;
    };
  }

  /** Where the scan of everything is noted. */
  public static Bpos scanOfAll() {
    return Bpos.of(0, 0);
  }

  /** Where the scan of one inode's extents is noted. */
  public static Bpos scanOf(long inode) {
    return Bpos.of(0, inode);
  }

  /**
   * A scan that is asked for once more than it was.
   *
   * @param before what is there, null for nothing
   */
  public static Bkey scan(Bpos pos, Bkey before) {
    boolean asked = before != null && before.type() == KeyType.COOKIE.number();
    MemorySegment value = MemorySegment.ofArray(new long[1]);
    Le.putU64(value, Cookie.OFFSET_COOKIE, (asked ? Cookie.decode(before).cookie() : 0) + 1);
    return new Bkey().setPos(pos).setType(KeyType.COOKIE.number()).setValue(value, 0, Cookie.BYTES);
  }

  /** Asks for the scan of everything, unless it is asked for already. */
  public static void scanAll(KeyAccess keys) {
    Bkey before = new Bkey();
    boolean there = keys.lookup(SCAN, scanOfAll(), before);
    if (!there || before.type() != KeyType.COOKIE.number()) {
      keys.set(SCAN, scan(scanOfAll(), null));
    }
  }
}
