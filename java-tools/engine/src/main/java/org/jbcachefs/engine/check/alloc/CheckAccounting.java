// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.HashSet;
import java.util.Set;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.sb.ReplicasSection;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Accounting;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingText;
import org.jbcachefs.format.value.AccountingType;

/**
 * Each counter by itself: its devices exist, the superblock names the sets of devices that hold
 * something, and no sum is negative. Source: {@code bch2_accounting_read}.
 */
public final class CheckAccounting implements CheckPass {
  @Override
  public RecoveryPass pass() {
    return RecoveryPass.ACCOUNTING_READ;
  }

  @Override
  public void run(CheckContext context) {
    Set<ReplicasSection.Entry> marked = new HashSet<>(context.superblock().replicas().entries());
    context.scan(BtreeId.ACCOUNTING, findings -> new CounterWorker(context, marked, findings));
  }

  private static final class CounterWorker implements KeyWorker {
    private final Set<ReplicasSection.Entry> marked;
    private final Findings findings;
    private final Buckets buckets;
    private final int version;
    private final boolean userDataMarked;

    CounterWorker(CheckContext context, Set<ReplicasSection.Entry> marked, Findings findings) {
      this.marked = marked;
      this.findings = findings;
      this.buckets = new Buckets(context.filesystem().devices());
      this.version = context.superblock().version();
      this.userDataMarked =
          context.superblock().versionIncompat()
              < MetadataVersion.NO_SB_USER_DATA_REPLICAS.number();
    }

    @Override
    public void key(Bkey key) {
      AccountingType type = AccountingType.of(AccountingKey.typeOf(key, version));
      // Counters by inode and by snapshot, of which there are many, are nobody's before they are
      // asked for.
      boolean looked =
          type != null
              && type != AccountingType.INUM
              && type != AccountingType.SNAPSHOT
              && key.type() == KeyType.ACCOUNTING.number();
      if (!looked || isZero(key)) {
        return;
      }
      AccountingKey what = AccountingKey.of(key.pos(), version);
      negative(key, what);
      if (type == AccountingType.REPLICAS) {
        replicas(key, what);
      } else if (type == AccountingType.DEV_DATA_TYPE && !buckets.isMember(what.number())) {
        invalidDevice(key, what, what.number());
      }
    }

    private static boolean isZero(Bkey key) {
      for (int i = 0; i < Accounting.counters(key); i++) {
        if (Accounting.counter(key, i) != 0) {
          return false;
        }
      }
      return true;
    }

    private void negative(Bkey key, AccountingKey what) {
      for (int i = 0; i < Accounting.counters(key); i++) {
        if (Accounting.counter(key, i) < 0) {
          findings.report(
              CheckFinding.of(
                      FsckError.ACCOUNTING_KEY_UNDERFLOW, AccountingText.of(what) + " is negative")
                  .at(BtreeId.ACCOUNTING, key)
                  .found(Accounting.counter(key, i)));
          return;
        }
      }
    }

    private void replicas(Bkey key, AccountingKey what) {
      AccountingKey.Replicas set = what.replicas();
      for (int device : set.devices()) {
        if (device != ExtentPtr.NO_DEVICE && !buckets.isMember(device)) {
          invalidDevice(key, what, device);
          return;
        }
      }
      boolean metadata = set.dataType() <= DataType.BTREE.number();
      ReplicasSection.Entry wanted =
          new ReplicasSection.Entry(set.dataType(), set.required(), set.devices());
      if ((metadata || userDataMarked) && !marked.contains(wanted)) {
        findings.report(
            CheckFinding.of(
                    FsckError.ACCOUNTING_REPLICAS_NOT_MARKED,
                    AccountingText.of(what) + " is not in the superblock's replicas section")
                .at(BtreeId.ACCOUNTING, key));
      }
    }

    private void invalidDevice(Bkey key, AccountingKey what, int device) {
      findings.report(
          CheckFinding.of(
                  FsckError.ACCOUNTING_TO_INVALID_DEVICE,
                  AccountingText.of(what)
                      + " counts for device "
                      + device
                      + ", which does not"
                      + " exist")
              .at(BtreeId.ACCOUNTING, key));
    }
  }
}
