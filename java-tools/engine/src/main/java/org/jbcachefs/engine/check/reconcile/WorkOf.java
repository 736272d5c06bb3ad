// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.reconcile;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.extent.ExtentReconcileBp;
import org.jbcachefs.format.extent.StripeValue;

/** Which work a key says is to be done about it. Reusable, belongs to one thread. */
final class WorkOf {
  static final int NONE = 0;
  static final int HIPRI = 1;
  static final int NORMAL = 2;
  static final int PENDING = 3;

  private final ExtentEntries entries = new ExtentEntries();
  private final ExtentEntrySizes sizes;
  private final StripeValue stripe = new StripeValue();
  private int work;
  private long index;

  WorkOf(CheckContext context) {
    this.sizes = ExtentEntrySizes.of(context.superblock()::extentTypeU64s);
  }

  WorkOf of(Bkey key) {
    work = NONE;
    index = 0;
    if (key.type() == KeyType.STRIPE.number()) {
      work = stripe.of(key).needsReconcile() ? HIPRI : NONE;
      return this;
    }
    entries.of(key, sizes);
    while (entries.next()) {
      if (entries.type() == ExtentEntryType.RECONCILE.number()) {
        work = work(entries.word());
      } else if (entries.type() == ExtentEntryType.RECONCILE_BP.number()) {
        index = ExtentReconcileBp.idx(entries.word());
      }
    }
    return this;
  }

  private static int work(long word) {
    if (ExtentReconcile.NEED_RB.get(word) == 0) {
      return NONE;
    }
    if (ExtentReconcile.PENDING.isSet(word)) {
      return PENDING;
    }
    return ExtentReconcile.HIPRI.isSet(word) ? HIPRI : NORMAL;
  }

  /** The kind of work; also the first field of a node's place in the reconcile_scan btree. */
  int work() {
    return work;
  }

  /** Of a pointer to a node: the second field of that place; 0 for none. */
  long index() {
    return index;
  }

  /** The list of extents with that work; null for none. */
  static BtreeId list(int work) {
    return switch (work) {
      case HIPRI -> BtreeId.RECONCILE_HIPRI;
      case NORMAL -> BtreeId.RECONCILE_WORK;
      case PENDING -> BtreeId.RECONCILE_PENDING;
      default -> null;
    };
  }

  /** The list of places on devices with that work; null for none. */
  static BtreeId physicalList(int work) {
    return switch (work) {
      case HIPRI -> BtreeId.RECONCILE_HIPRI_PHYS;
      case NORMAL -> BtreeId.RECONCILE_WORK_PHYS;
      default -> null;
    };
  }
}
