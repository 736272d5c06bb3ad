// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.edit.Change;
import org.jbcachefs.format.edit.KeyEditor;

/**
 * Which btree, which level, and whose node.
 *
 * @param node a position in the node that is meant; null for the one that covers the key's
 */
record Target(int btree, int level, Bpos node) {
  /** Reads {@code BTREE[:LEVEL][@POS]}. */
  static Target parse(String word) {
    int at = word.indexOf('@');
    String[] parts = (at < 0 ? word : word.substring(0, at)).split(":", 2);
    int btree = BtreeId.numberOf(parts[0]);
    if (btree < 0) {
      throw Change.bad("there is no btree '" + parts[0] + "'");
    }
    long level = parts.length > 1 ? Change.number(parts[1]) : 0;
    if (level < 0 || level >= BtreeId.MAX_DEPTH) {
      throw Change.bad("'" + parts[1] + "' is no level; there are 0 to 3");
    }
    Bpos node = at < 0 ? null : KeyEditor.position(word.substring(at + 1));
    return new Target(btree, (int) level, node);
  }

  Bpos nodeFor(Bpos pos) {
    return node == null ? pos : node;
  }

  String name() {
    return "btree " + BtreeId.nameOf(btree) + " level " + level;
  }
}
