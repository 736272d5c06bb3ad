// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.util.List;
import java.util.stream.Collectors;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.tables.DataType;

/** Accounting keys as text: what is counted, then the counters. */
public final class AccountingText {
  /** Source: {@code BCH_RECONCILE_ACCOUNTING}. */
  private static final List<String> RECONCILE =
      List.of(
          "replicas",
          "checksum",
          "erasure_code",
          "compression",
          "target",
          "high_priority",
          "pending",
          "stripes");

  private AccountingText() {}

  /** What a key counts, as the reference prints it. */
  public static String of(AccountingKey key) {
    StringBuilder text = new StringBuilder();
    append(text, key);
    return text.toString();
  }

  static void append(StringBuilder text, Bkey key, int version) {
    append(text, AccountingKey.of(key.pos(), version));
    for (int i = 0; i < Accounting.counters(key); i++) {
      text.append(' ').append(Accounting.counter(key, i));
    }
  }

  static void append(StringBuilder text, AccountingKey key) {
    AccountingType type = AccountingType.of(key.type());
    if (type == null) {
      text.append("unknown type ").append(key.type());
      return;
    }
    text.append(type).append(' ');
    switch (type) {
      case NR_INODES, REBALANCE_WORK -> {}
      case PERSISTENT_RESERVED -> text.append("replicas=").append(key.number());
      case REPLICAS -> replicas(text, key.replicas());
      case DEV_DATA_TYPE ->
          text.append("dev=")
              .append(key.number())
              .append(" data_type=")
              .append(DataType.nameOf(key.dataType()));
      case COMPRESSION -> text.append(CompressionType.nameOf(key.number()));
      case SNAPSHOT -> {
        text.append("id=").append(Integer.toUnsignedString(key.id()));
        text.append(key.btree() == 0 ? "" : " btree=" + BtreeId.nameOf(key.btree()));
      }
      case BTREE -> text.append("btree=").append(BtreeId.nameOf(key.id()));
      case INUM -> text.append("inum=").append(Long.toUnsignedString(key.inode()));
      case RECONCILE_WORK ->
          text.append(
              key.number() < RECONCILE.size()
                  ? RECONCILE.get(key.number())
                  : "(unknown reconcile_accounting_type " + key.number() + ")");
      case DEV_LEAVING -> text.append(Integer.toUnsignedString(key.id())).append(' ');
    }
  }

  private static void replicas(StringBuilder text, AccountingKey.Replicas replicas) {
    text.append(DataType.nameOf(replicas.dataType())).append(": ");
    text.append(replicas.required()).append('/').append(replicas.devices().size()).append(" [");
    text.append(replicas.devices().stream().map(String::valueOf).collect(Collectors.joining(" ")));
    text.append(']');
  }
}
