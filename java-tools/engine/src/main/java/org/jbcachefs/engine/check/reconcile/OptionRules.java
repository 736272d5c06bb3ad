// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.reconcile;

import java.util.StringJoiner;
import java.util.stream.Stream;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.engine.check.sb.OptionRanges;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * Extents, stripes and nodes that are not as options want them say so, unless options changed and
 * keys have not been looked at since. Thread-safe; what looks at keys is not. Sources: {@code
 * bch2_update_reconcile_opts}, {@code new_needs_rb_allowed}, {@code set_needs_reconcile_stripe},
 * {@code check_stripe_can_widen_one}.
 */
final class OptionRules {
  private static final String[] NEEDS = {
    "data_replicas", "data_checksum", "erasure_code", "background_compression", "background_target"
  };

  private final CheckContext context;
  private final Superblock superblock;
  private final DataDevices devices;
  private final IoOptions filesystem;
  private final IoOptions metadata;
  private final ScanCookies cookies;
  private final boolean stripeScanPending;
  private final boolean extents;
  private final boolean nodes;

  OptionRules(CheckContext context) {
    this.context = context;
    this.superblock = context.superblock();
    this.devices = new DataDevices(superblock);
    this.filesystem = new IoOptions(superblock);
    this.metadata = new IoOptions(superblock).ofMetadata();
    this.cookies = new ScanCookies(context);
    this.stripeScanPending = cookies.has(ScanCookies.STRIPES);
    this.extents = optionsAreValid() && allowed(MetadataVersion.SB_FIELD_EXTENT_TYPE_U64S);
    this.nodes = extents && allowed(MetadataVersion.RECONCILE);
  }

  private boolean optionsAreValid() {
    return Stream.of(InodeOption.values())
        .map(InodeOption::option)
        .allMatch(option -> OptionRanges.isValid(superblock, option));
  }

  /** Older kernels would not understand the entries; without leave nothing is written. */
  private boolean allowed(MetadataVersion version) {
    return Math.max(superblock.versionIncompat(), superblock.versionIncompatAllowed())
        >= version.number();
  }

  /** Looks at the leaf keys of one btree, in order. */
  KeyWorker worker(BtreeId btree, Findings findings) {
    return btree == BtreeId.STRIPES ? new Stripes(findings) : new Extents(btree, findings);
  }

  /** Looks at pointers to nodes. */
  Nodes nodes(Findings findings) {
    return new Nodes(findings);
  }

  private final class Extents implements KeyWorker {
    private final BtreeId btree;
    private final Findings findings;
    private final ReconcileNeeds needs = new ReconcileNeeds(superblock, devices);
    private final IoOptions shared = new IoOptions(filesystem);
    private final FileOptions files;

    Extents(BtreeId btree, Findings findings) {
      this.btree = btree;
      this.findings = findings;
      this.files = new FileOptions(context, filesystem, findings);
    }

    @Override
    public void key(Bkey key) {
      if (!extents || !ReconcileNeeds.concerns(key)) {
        return;
      }
      needs.of(key, options(key));
      if (needs.unsaid() != 0 && !excused(needs, key) && !files.mayLack(key.inode())) {
        findings.report(finding(needs).at(btree, key));
      }
    }

    private IoOptions options(Bkey key) {
      return key.type() == KeyType.EXTENT.number()
          ? files.of(key.inode(), key.snapshot())
          : shared.ofShared(needs.noteOf(key));
    }

    @Override
    public void end() {
      files.close();
    }
  }

  /** Pointers to nodes, of any btree and level. */
  final class Nodes {
    private final Findings findings;
    private final ReconcileNeeds needs = new ReconcileNeeds(superblock, devices);

    private Nodes(Findings findings) {
      this.findings = findings;
    }

    void key(int btree, int level, Bkey key) {
      if (!nodes || !ReconcileNeeds.concerns(key)) {
        return;
      }
      needs.of(key, metadata);
      if (needs.unsaid() != 0 && !excused(needs, key)) {
        findings.report(finding(needs).at(btree, level, key.pos()));
      }
    }
  }

  private final class Stripes implements KeyWorker {
    private final Findings findings;
    private final ReconcileNeeds needs = new ReconcileNeeds(superblock, devices);
    private final StripeValue stripe = new StripeValue();

    Stripes(Findings findings) {
      this.findings = findings;
    }

    @Override
    public void key(Bkey key) {
      if (key.type() != KeyType.STRIPE.number()) {
        return;
      }
      stripe.of(key);
      if (needs.ofStripe(stripe) && !stripe.needsReconcile() && !anyDeviceExcused(key)) {
        findings.report(
            CheckFinding.of(
                    FsckError.STRIPE_NEEDS_RECONCILE_NOT_SET,
                    "has a block on a device that is to be emptied or gone, and does not say so")
                .at(BtreeId.STRIPES, key));
      }
      int canWiden = needs.canWiden(stripe);
      if (canWiden != stripe.canWiden() && !stripeScanPending) {
        findings.report(
            CheckFinding.of(
                    FsckError.STRIPE_CAN_WIDEN_WRONG, "says wrongly how much wider it could be")
                .at(BtreeId.STRIPES, key)
                .expected(Integer.toString(canWiden))
                .found(Integer.toString(stripe.canWiden())));
      }
    }
  }

  private boolean excused(ReconcileNeeds needs, Bkey key) {
    int unsaid = needs.unsaid();
    if ((unsaid & ReconcileNeeds.ERASURE_CODE) != 0 && !needs.isCoded()) {
      // Stripes are made after the data was written, and that may not have come to pass.
      unsaid &= ~ReconcileNeeds.ERASURE_CODE;
    }
    return leadsNowhere(key)
        || cookies.excuses(key.inode())
        || (unsaid == ReconcileNeeds.REPLICAS && anyDeviceExcused(key));
  }

  private boolean anyDeviceExcused(Bkey key) {
    ExtentEntries pointers = pointers(key);
    while (pointers.nextPtr()) {
      if (cookies.excusesDevice(pointers.dev())) {
        return true;
      }
    }
    return false;
  }

  private ExtentEntries pointers(Bkey key) {
    return new ExtentEntries().of(key, ExtentEntrySizes.of(superblock::extentTypeU64s));
  }

  /** A pointer that leads nowhere is a finding of its own, and would be dropped before. */
  private boolean leadsNowhere(Bkey key) {
    ExtentEntries pointers = pointers(key);
    while (pointers.nextPtr()) {
      if (pointers.dev() != ExtentPtr.NO_DEVICE
          && !devices.holds(
              pointers.dev(), pointers.sector(), Math.max(1, pointers.crc().compressedSectors()))) {
        return true;
      }
    }
    return false;
  }

  private static CheckFinding finding(ReconcileNeeds needs) {
    StringJoiner names = new StringJoiner(", ");
    for (int bits = needs.unsaid(); bits != 0; bits &= bits - 1) {
      names.add(NEEDS[Integer.numberOfTrailingZeros(bits)]);
    }
    return CheckFinding.of(
        FsckError.EXTENT_IO_OPTS_NOT_SET,
        "is not as options want it (" + names + "), and does not say so");
  }
}
