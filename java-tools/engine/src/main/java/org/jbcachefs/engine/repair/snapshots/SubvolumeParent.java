// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.snapshots;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.Subvolume;

/** Which subvolume another one is in: in its key, and on the list of children. */
final class SubvolumeParent {
  private SubvolumeParent() {}

  /**
   * Writes it; does nothing if there is no such parent.
   *
   * @param parent 0 for none
   */
  static void set(Transaction transaction, SubvolumeTable subvolumes, int id, int parent) {
    Subvolume was = subvolumes.get(id);
    if (was == null || (parent != 0 && subvolumes.get(parent) == null)) {
      return;
    }
    long number = Integer.toUnsignedLong(id);
    if (was.fsPathParent() != 0) {
      long old = Integer.toUnsignedLong(was.fsPathParent());
      transaction.delete(BtreeId.SUBVOLUME_CHILDREN, Bpos.of(old, number));
    }
    if (parent != 0) {
      transaction.set(BtreeId.SUBVOLUME_CHILDREN, Bpos.of(Integer.toUnsignedLong(parent), number));
    }
    Subvolume changed =
        new Subvolume(
            was.flags(),
            was.snapshot(),
            was.inode(),
            was.creationParent(),
            parent,
            was.otimeLo(),
            was.otimeHi(),
            was.state(),
            was.shape());
    MemorySegment value = MemorySegment.ofArray(new long[changed.bytes() / Long.BYTES]);
    changed.encode(value, 0);
    Bkey key = new Bkey().setPos(Bpos.of(0, number)).setType(KeyType.SUBVOLUME.number());
    transaction.update(BtreeId.SUBVOLUMES, key.setValue(value, 0, changed.bytes()));
  }
}
