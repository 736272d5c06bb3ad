// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import org.jbcachefs.format.bkey.Bkey;

/**
 * Where a btree begins, as the newest journal entry or the clean section says.
 *
 * @param btree number, which may be one that is not known
 * @param level the root node's own level; 0 is a leaf
 * @param key the pointer to the root node; null if the entry was there but held no valid key
 */
public record BtreeRoot(int btree, int level, Bkey key) {}
