// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bkey.Bkey;

/** Some keys and all that they point to: the unit of work of a verifying thread. Reusable. */
final class VerifyBatch {
  private static final int ENOUGH_ITEMS = 4096;
  private static final long ENOUGH_SECTORS = (64L << 20) >>> ExtentDecoder.SECTOR_SHIFT;

  private final List<VerifyItem> itemPool = new ArrayList<>();
  private final List<VerifyKey> keyPool = new ArrayList<>();
  private final List<VerifyItem> items = new ArrayList<>();
  private int keys;
  private long sectors;

  void clear() {
    items.clear();
    keys = 0;
    sectors = 0;
  }

  boolean isFull() {
    return items.size() >= ENOUGH_ITEMS || keys >= ENOUGH_ITEMS || sectors >= ENOUGH_SECTORS;
  }

  VerifyKey addKey(int btree, int level, Bkey key) {
    if (keys == keyPool.size()) {
      keyPool.add(new VerifyKey());
    }
    VerifyKey added = keyPool.get(keys++);
    added.begin(btree, level, key);
    return added;
  }

  /** An item without checksum, node or stripe, to be completed by the caller. */
  VerifyItem addItem(VerifyKey key, int dev, long sector, int count) {
    if (items.size() == itemPool.size()) {
      itemPool.add(new VerifyItem());
    }
    VerifyItem item = itemPool.get(items.size());
    item.key = key;
    item.dev = dev;
    item.sector = sector;
    item.sectors = count;
    item.crc.setPlain(count);
    item.node = null;
    item.stripeBlock = 0;
    item.cached = false;
    item.gen = 0;
    items.add(item);
    sectors += count;
    return item;
  }

  int keys() {
    return keys;
  }

  VerifyKey key(int index) {
    return keyPool.get(index);
  }

  /** The items in device order. */
  List<VerifyItem> sorted() {
    items.sort(VerifyItem.DEVICE_ORDER);
    return items;
  }
}
