// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.engine.alloc.write.KeyAccess;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.LiveKey;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;

/** All keys that a commit changes, those that follow from others included. Under the lock only. */
final class CommitKeys implements KeyAccess {
  private final LiveBtrees btrees;
  private final TreeMap<Slot, LiveKey> keys = new TreeMap<>();

  CommitKeys(LiveBtrees btrees) {
    this.btrees = btrees;
  }

  void clear() {
    keys.clear();
  }

  Map<Slot, LiveKey> all() {
    return keys;
  }

  /** Where a key belongs; throws NodeMissException if the node is not in memory. */
  LiveNode node(Slot slot) {
    LiveNode node = btrees.findInMemory(slot.btree(), slot.level(), slot.pos());
    if (node == null) {
      throw new IllegalStateException("btree " + slot.btree() + " has no level " + slot.level());
    }
    return node;
  }

  boolean lookup(Slot slot, Bkey out) {
    LiveKey own = keys.get(slot);
    if (own != null) {
      own.read(out);
      return !own.isDeleted();
    }
    Bpos pos = slot.pos();
    return node(slot).content().lookup(pos.inode(), pos.offset(), pos.snapshot(), out);
  }

  @Override
  public boolean lookup(int btree, Bpos pos, Bkey out) {
    return lookup(new Slot(btree, 0, pos), out);
  }

  @Override
  public boolean firstFrom(int btree, Bpos pos, Bkey out) {
    Bpos from = pos;
    while (true) {
      LiveNode node = node(new Slot(btree, 0, from));
      boolean found = node.content().firstFrom(from, out);
      Bpos until = found ? out.pos() : node.max();
      for (LiveKey own :
          keys.subMap(new Slot(btree, 0, from), true, new Slot(btree, 0, until), true).values()) {
        if (!own.isDeleted()) {
          own.read(out);
          return true;
        }
        if (found && own.pos().equals(until)) {
          found = false;
        }
      }
      if (found) {
        return true;
      }
      if (until.equals(Bpos.MAX)) {
        return false;
      }
      from = until.successor();
    }
  }

  void put(Slot slot, LiveKey key) {
    keys.put(slot, key);
  }

  @Override
  public void set(int btree, Bkey key) {
    put(new Slot(btree, 0, key.pos()), new LiveKey(key));
  }

  @Override
  public boolean isSet(int btree, Bpos pos) {
    LiveKey own = keys.get(new Slot(btree, 0, pos));
    return own != null && !own.isDeleted();
  }

  @Override
  public void delete(int btree, Bpos pos) {
    put(new Slot(btree, 0, pos), LiveKey.deletion(pos));
  }
}
