// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.layout;

import org.jbcachefs.format.node.BsetLayout;
import org.jbcachefs.format.node.BtreeNodeEntryLayout;
import org.jbcachefs.format.node.BtreeNodeLayout;
import org.jbcachefs.format.node.BtreePtrLayout;

/** Btree nodes, their bsets, and the pointers to them. */
final class NodeClaims implements LayoutClaims {
  @Override
  public void claim(Claims claims) {
    bsets(claims);
    nodes(claims);
    entries(claims);
    pointers(claims);
  }

  private static void bsets(Claims claims) {
    claims
        .size("bset", BsetLayout.BYTES)
        .offset("bset", "seq", BsetLayout.OFFSET_SEQ)
        .offset("bset", "journal_seq", BsetLayout.OFFSET_JOURNAL_SEQ)
        .offset("bset", "flags", BsetLayout.OFFSET_FLAGS)
        .offset("bset", "version", BsetLayout.OFFSET_VERSION)
        .offset("bset", "u64s", BsetLayout.OFFSET_U64S)
        .offset("bset", "start", BsetLayout.BYTES)
        .offset("bset", "_data", BsetLayout.BYTES)
        .mask("BSET_CSUM_TYPE", "bset", "flags", BsetLayout.CSUM_TYPE)
        .mask("BSET_BIG_ENDIAN", "bset", "flags", BsetLayout.BIG_ENDIAN)
        .mask("BSET_SEPARATE_WHITEOUTS", "bset", "flags", BsetLayout.SEPARATE_WHITEOUTS)
        .mask("BSET_OFFSET", "bset", "flags", BsetLayout.OFFSET);
  }

  private static void nodes(Claims claims) {
    String node = "btree_node";
    int csumBytes = BtreeNodeLayout.OFFSET_MAGIC - BtreeNodeLayout.OFFSET_CSUM;
    claims
        .size("bch_csum", csumBytes)
        .offset("bch_csum", "lo", 0)
        .offset("bch_csum", "hi", csumBytes - Long.BYTES)
        .size(node, BtreeNodeLayout.BYTES)
        .offset(node, "csum", BtreeNodeLayout.OFFSET_CSUM)
        .offset(node, "magic", BtreeNodeLayout.OFFSET_MAGIC)
        .offset(node, "flags", BtreeNodeLayout.OFFSET_FLAGS)
        .offset(node, "min_key", BtreeNodeLayout.OFFSET_MIN_KEY)
        .offset(node, "max_key", BtreeNodeLayout.OFFSET_MAX_KEY)
        .offset(node, "_ptr", BtreeNodeLayout.OFFSET_PTR)
        .offset(node, "format", BtreeNodeLayout.OFFSET_FORMAT)
        .offset(node, "keys", BtreeNodeLayout.OFFSET_BSET)
        .offset(node, "pad", BtreeNodeLayout.OFFSET_BSET)
        .offset(node, "u64s", BtreeNodeLayout.OFFSET_BSET + BsetLayout.OFFSET_U64S)
        .offset(node, "_data", BtreeNodeLayout.BYTES)
        .mask("BTREE_NODE_ID_LO", node, "flags", BtreeNodeLayout.ID_LO)
        .mask("BTREE_NODE_LEVEL", node, "flags", BtreeNodeLayout.LEVEL)
        .mask(
            "BTREE_NODE_NEW_EXTENT_OVERWRITE", node, "flags", BtreeNodeLayout.NEW_EXTENT_OVERWRITE)
        .mask("BTREE_NODE_ID_HI", node, "flags", BtreeNodeLayout.ID_HI)
        .mask("BTREE_NODE_SEQ", node, "flags", BtreeNodeLayout.SEQ);
  }

  private static void entries(Claims claims) {
    String entry = "btree_node_entry";
    claims
        .size(entry, BtreeNodeEntryLayout.BYTES)
        .offset(entry, "csum", BtreeNodeEntryLayout.OFFSET_CSUM)
        .offset(entry, "keys", BtreeNodeEntryLayout.OFFSET_BSET)
        .offset(entry, "pad", BtreeNodeEntryLayout.OFFSET_BSET)
        .offset(entry, "u64s", BtreeNodeEntryLayout.OFFSET_BSET + BsetLayout.OFFSET_U64S)
        .offset(entry, "_data", BtreeNodeEntryLayout.BYTES);
  }

  private static void pointers(Claims claims) {
    String pointer = "bch_btree_ptr_v2";
    claims
        .size(pointer, BtreePtrLayout.BYTES)
        .offset(pointer, "v", 0)
        .offset(pointer, "mem_ptr", BtreePtrLayout.OFFSET_MEM_PTR)
        .offset(pointer, "seq", BtreePtrLayout.OFFSET_SEQ)
        .offset(pointer, "sectors_written", BtreePtrLayout.OFFSET_SECTORS_WRITTEN)
        .offset(pointer, "flags", BtreePtrLayout.OFFSET_FLAGS)
        .offset(pointer, "min_key", BtreePtrLayout.OFFSET_MIN_KEY)
        .offset(pointer, "_data", BtreePtrLayout.BYTES)
        .offset(pointer, "start", BtreePtrLayout.BYTES)
        .mask("BTREE_PTR_RANGE_UPDATED", pointer, "flags", BtreePtrLayout.RANGE_UPDATED)
        .size("bch_btree_ptr", 0)
        .offset("bch_btree_ptr", "v", 0)
        .offset("bch_btree_ptr", "_data", 0)
        .offset("bch_btree_ptr", "start", 0);
  }
}
