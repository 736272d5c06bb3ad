// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.BucketGens;

/**
 * Keys of the bucket_gens btree for devices and buckets that do not exist; the generations of those
 * that do are checked from the alloc btree.
 */
final class BucketGensWorker implements KeyWorker {
  private final Buckets buckets;
  private final Findings findings;

  BucketGensWorker(Buckets buckets, Findings findings) {
    this.buckets = buckets;
    this.findings = findings;
  }

  @Override
  public void key(Bkey key) {
    if (key.type() != KeyType.BUCKET_GENS.number()) {
      return;
    }
    if (!buckets.isMember(key.inode())) {
      report(
          key,
          FsckError.BUCKET_GENS_TO_INVALID_DEV,
          "generations of a device that does not" + " exist");
      return;
    }
    int device = (int) key.inode();
    long first = key.offset() * BucketGens.COUNT;
    if (first >= buckets.count(device) || first + BucketGens.COUNT <= buckets.first(device)) {
      report(
          key,
          FsckError.BUCKET_GENS_TO_INVALID_BUCKETS,
          "generations of buckets that do not" + " exist");
      return;
    }
    for (int i = 0; i < key.valueBytes(); i++) {
      if (!buckets.exists(device, first + i) && Le.u8(key.segment(), key.valueOffset() + i) != 0) {
        report(
            key,
            FsckError.BUCKET_GENS_NONZERO_FOR_INVALID_BUCKETS,
            "generation of bucket " + (first + i) + ", which does not exist");
      }
    }
  }

  private void report(Bkey key, FsckError error, String what) {
    findings.report(CheckFinding.of(error, what).at(BtreeId.BUCKET_GENS, key));
  }
}
