// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

/**
 * Where things are in a later bset of a node, which starts on a block boundary. Source: {@code
 * struct btree_node_entry}.
 */
public final class BtreeNodeEntryLayout {
  /** Checksum of everything from {@link #OFFSET_BSET} to the end of the keys. */
  public static final int OFFSET_CSUM = 0;

  public static final int OFFSET_BSET = 16;

  /** Bytes before the first key. */
  public static final int BYTES = 40;

  private BtreeNodeEntryLayout() {}
}
