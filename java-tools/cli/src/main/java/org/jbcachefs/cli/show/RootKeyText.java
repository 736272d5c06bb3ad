// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.journal.KeyPrinter;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;

/** Pointers to root nodes, over several lines, as the reference shows them. */
final class RootKeyText implements KeyPrinter {
  private final Superblock superblock;
  private final MemberNames names;

  RootKeyText(Superblock superblock, MemberNames names) {
    this.superblock = superblock;
    this.names = names;
  }

  @Override
  public void append(StringBuilder out, int btree, int level, Bkey key) {
    out.append("u64s ").append(Bkey.U64S + key.valueBytes() / 8);
    out.append(" type ").append(KeyType.nameOf(key.type()));
    out.append(' ').append(key.pos());
    out.append(" len ").append(Integer.toUnsignedString(key.size()));
    out.append(" ver ").append(Long.toUnsignedString(key.versionLo()));
    if (key.valueBytes() > 0) {
      appendValue(out.append("  : "), btree, level, key);
    }
  }

  private void appendValue(StringBuilder out, int btree, int level, Bkey key) {
    BtreePointer pointer;
    try {
      pointer = BtreePointer.parse(btree, level, key, Place.NOWHERE);
    } catch (CorruptionException e) {
      out.append("(invalid: ").append(e.errorName()).append(')');
      return;
    }
    if (pointer.identifies()) {
      out.append("\n  seq ").append(Long.toHexString(pointer.seq()));
      out.append(" written ").append(pointer.sectorsWritten());
      out.append(" min_key ").append(pointer.rangeUpdated() ? "R " : "").append(pointer.minKey());
      out.append(' ');
    }
    int durability = pointer.replicas().stream().mapToInt(this::durability).sum();
    out.append("durability: ").append(durability).append(' ');
    for (BtreePointer.Replica replica : pointer.replicas()) {
      appendPointer(out.append("\n  ptr: "), replica);
    }
  }

  private int durability(BtreePointer.Replica replica) {
    Member member = member(replica);
    return member == null ? 0 : member.durability();
  }

  private void appendPointer(StringBuilder out, BtreePointer.Replica replica) {
    Member member = member(replica);
    if (member == null) {
      out.append(replica.device()).append(':').append(replica.sector());
      out.append(" gen ").append(replica.generation());
      return;
    }
    String name = names.shortName(replica.device());
    out.repeat(" ", Math.max(0, 6 - name.length())).append(name);
    out.append(' ').append(replica.device());
    out.append(':').append(replica.sector() / member.bucketSectors());
    out.append(':').append(replica.sector() % member.bucketSectors());
    out.append(" gen ").append(replica.generation());
    if (member.durability() != 1) {
      out.append(" d=").append(member.durability());
    }
  }

  private Member member(BtreePointer.Replica replica) {
    int index = replica.device();
    return index < superblock.members().size() && superblock.members().get(index).exists()
        ? superblock.members().get(index)
        : null;
  }
}
