// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb.write;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.sb.Member;

/**
 * Where nodes may lie on each member: a bit for each 64th. A node is reachable only after its bits
 * are set in the superblock; a scan for nodes looks nowhere else. Thread-safe.
 */
public final class BtreeBitmaps {
  private static final int BITS_LOG2 = 6;

  private final SuperblockWriter superblock;

  public BtreeBitmaps(SuperblockWriter superblock) {
    this.superblock = superblock;
  }

  private record Bitmap(int shift, long bits) {
    /** One whose bits reach up to that sector: bits are merged in pairs until they do. */
    Bitmap reaching(long endSector) {
      int shift = this.shift;
      long bits = this.bits;
      while (shift + BITS_LOG2 < Long.SIZE - 1 && endSector > 1L << (shift + BITS_LOG2)) {
        long merged = 0;
        for (int bit = 0; bit < Long.SIZE; bit++) {
          merged |= (bits >>> bit & 1) << (bit >> 1);
        }
        bits = merged;
        shift++;
      }
      return new Bitmap(shift, bits);
    }

    Bitmap with(long sector, int sectors) {
      Bitmap large = reaching(sector + sectors);
      long bits = large.bits;
      long last = (sector + sectors - 1) >>> large.shift;
      for (long bit = sector >>> large.shift; bit <= last; bit++) {
        bits |= 1L << bit;
      }
      return new Bitmap(large.shift, bits);
    }
  }

  private static Bitmap of(Member member) {
    return new Bitmap(member.btreeBitmapShift(), member.btreeAllocatedBitmap());
  }

  /** Sees to it that the bits of those nodes are set; durable when it returns. */
  public synchronized void mark(List<BtreePointer> nodes, int nodeSectors) {
    List<Member> members = superblock.current().members();
    List<Bitmap> bitmaps = new ArrayList<>();
    members.forEach(member -> bitmaps.add(of(member)));
    for (BtreePointer node : nodes) {
      for (BtreePointer.Replica replica : node.replicas()) {
        int index = replica.device();
        bitmaps.set(index, bitmaps.get(index).with(replica.sector(), nodeSectors));
      }
    }
    List<Integer> changed = new ArrayList<>();
    for (int index = 0; index < members.size(); index++) {
      if (!bitmaps.get(index).equals(of(members.get(index)))) {
        changed.add(index);
      }
    }
    if (!changed.isEmpty()) {
      superblock.update(editor -> {
        for (int index : changed) {
          Bitmap bitmap = bitmaps.get(index);
          superblock.member(editor, index, member -> member.btreeBitmap(bitmap.shift, bitmap.bits));
        }
      });
    }
  }
}
