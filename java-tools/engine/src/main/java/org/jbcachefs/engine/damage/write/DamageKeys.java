// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.damage.write;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.sb.ErrorsV2Section;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.DamageRecord;
import org.jbcachefs.format.value.Inode;

/** Adds to the records of inodes. */
public final class DamageKeys {
  /** So many inodes go into one transaction. */
  private static final int BATCH = 16;

  private DamageKeys() {}

  /** Whether a filesystem of that version has such records. */
  public static boolean areKept(int version) {
    return version >= MetadataVersion.PER_DEV_FRAGMENTATION_LRU.number();
  }

  /**
   * Adds those to the records of their inodes, as far as these are there.
   *
   * @param byInode by where the inode's key lies
   * @param transact runs a transaction
   */
  public static void add(
      Map<Bpos, List<ErrorsV2Section.Entry>> byInode, Consumer<Consumer<Transaction>> transact) {
    List<Map.Entry<Bpos, List<ErrorsV2Section.Entry>>> all = List.copyOf(byInode.entrySet());
    for (int from = 0; from < all.size(); from += BATCH) {
      var some = all.subList(from, Math.min(all.size(), from + BATCH));
      transact.accept(
          transaction -> some.forEach(each -> add(transaction, each.getKey(), each.getValue())));
    }
  }

  private static void add(Transaction transaction, Bpos pos, List<ErrorsV2Section.Entry> entries) {
    Bkey key = new Bkey();
    if (!transaction.lookup(BtreeId.INODES, pos, key) || !Inode.is(key)) {
      return;
    }
    DamageRecord record = DamageRecord.of(entries);
    boolean known =
        transaction.lookup(BtreeId.DAMAGE, pos, key) && key.type() == KeyType.DAMAGE.number();
    if (known) {
      record = record.with(DamageRecord.decode(key));
    }
    transaction.update(BtreeId.DAMAGE, record.toKey(pos));
  }
}
