// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.util.List;
import org.jbcachefs.format.bkey.Bkey;

/** What must hold of an accounting key by itself. */
final class AccountingChecks {
  private static final int NO_DEVICE = 255;

  private AccountingChecks() {}

  static Problem check(Bkey key, int version) {
    AccountingType type = AccountingType.of(AccountingKey.typeOf(key, version));
    if (type == null) {
      return null;
    }
    AccountingKey counted = AccountingKey.of(key.pos(), version);
    Problem replicas = type == AccountingType.REPLICAS ? replicas(counted) : null;
    if (replicas != null) {
      return replicas;
    }
    for (int i = used(type, counted); i < counted.bytes().length; i++) {
      if (counted.bytes()[i] != 0) {
        return new Problem("accounting_key_junk_at_end", "junk at end of accounting key");
      }
    }
    int counters = Accounting.counters(key);
    return ValueChecks.expect(
        counters > 0 && counters <= AccountingType.MAX_COUNTERS,
        "accounting_key_nr_counters_wrong",
        "accounting key with " + counters + " counters, should be " + type.counters());
  }

  /** How many bytes after the type mean something. */
  private static int used(AccountingType type, AccountingKey key) {
    return switch (type) {
      case NR_INODES, REBALANCE_WORK -> 0;
      case PERSISTENT_RESERVED, COMPRESSION, RECONCILE_WORK -> 1;
      case REPLICAS -> key.replicasBytes();
      case DEV_DATA_TYPE -> 2;
      // Since 1.39 a btree follows the snapshot.
      case SNAPSHOT -> 8;
      case BTREE -> 4;
      case INUM, DEV_LEAVING -> key.bytes().length;
    };
  }

  private static Problem replicas(AccountingKey key) {
    AccountingKey.Replicas replicas = key.replicas();
    List<Integer> devices = replicas.devices();
    if (devices.isEmpty()) {
      return new Problem(
          "accounting_key_replicas_nr_devs_0", "accounting key replicas entry with nr_devs=0");
    }
    int required = replicas.required();
    if (required > devices.size() || (required > 1 && required == devices.size())) {
      return new Problem(
          "accounting_key_replicas_nr_required_bad",
          "accounting key replicas entry with bad nr_required");
    }
    for (int i = 0; i + 1 < devices.size(); i++) {
      if (devices.get(i) != NO_DEVICE && devices.get(i) >= devices.get(i + 1)) {
        return new Problem(
            "accounting_key_replicas_devs_unsorted",
            "accounting key replicas entry with unsorted devs");
      }
    }
    return null;
  }
}
