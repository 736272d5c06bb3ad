// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.alloc.Backpointers;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.check.RecordSorter;
import org.jbcachefs.engine.check.SortedRecords;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.AllocV4;
import org.jbcachefs.format.value.Backpointer;

/**
 * Extents that backpointers name, sorted by where the extents are: first written, then read in
 * order beside the files they are of. Belongs to one thread.
 */
public final class NamedExtents implements AutoCloseable {
  private static final int SNAPSHOT = 2;
  private static final int DEVICE = 3;
  private static final int OFFSET = 4;
  private static final int SECTORS_AND_GENERATION = 5;
  private static final int LONGS = 6;
  private static final int GENERATION_BITS = 8;

  private final RecordSorter sorter;
  private final RecordSorter.Writer writer;
  private final Superblock superblock;
  private final Btrees btrees;
  private final Backpointers asked;
  private SortedRecords records;
  private boolean ready;

  /**
   * @param memoryBytes what sorting may take
   * @param spill where it puts what needs more
   */
  public NamedExtents(Btrees btrees, Superblock superblock, long memoryBytes, Path spill) {
    this.sorter = new RecordSorter(LONGS, DEVICE, memoryBytes, spill);
    this.writer = sorter.writer();
    this.superblock = superblock;
    this.btrees = btrees;
    this.asked =
        new Backpointers(superblock, superblock.extentBpShift(), _ -> false, (_, sector) -> sector);
  }

  /**
   * Notes what a key of the backpointers btree names, if that is an extent that is needed.
   *
   * @return whether it is
   */
  public boolean add(Bkey key) {
    if (key.type() != KeyType.BACKPOINTER.number() || key.valueBytes() < Backpointer.BYTES) {
      return false;
    }
    Backpointer value = Backpointer.decode(key);
    boolean extent = value.btree() == BtreeId.EXTENTS.number() && value.level() == 0;
    boolean needed = extent && value.dataType() != DataType.CACHED.number();
    if (needed) {
      long sectors = Integer.toUnsignedLong(value.bucketSectors());
      long[] record = {
        value.posInode(),
        value.posOffset(),
        Integer.toUnsignedLong(value.posSnapshot()),
        key.inode(),
        key.offset(),
        sectors << GENERATION_BITS | value.bucketGeneration()
      };
      writer.add(record, 0);
    }
    return needed;
  }

  /** All were added. */
  void sort() {
    writer.close();
    records = sorter.sorted();
    ready = records.next();
  }

  boolean ready() {
    return ready;
  }

  long inode() {
    return records.get(0);
  }

  private int order(Bkey key) {
    return -key.comparePos(inode(), records.get(1), (int) records.get(SNAPSHOT));
  }

  /**
   * Goes over those up to a key's position: what is before it is told to the file, and so are those
   * that name that position, if none of them leads to a pointer of the key.
   *
   * @return whether something points back to the key
   */
  boolean upTo(Bkey key, LostFile file) {
    while (ready && order(key) < 0) {
      tell(file);
    }
    boolean witnessed = false;
    List<long[]> here = new ArrayList<>();
    while (ready && order(key) == 0) {
      witnessed |= asksFor(key);
      here.add(record());
      ready = records.next();
    }
    if (!witnessed) {
      here.forEach(one -> tell(one, file));
    }
    return witnessed;
  }

  /** Tells a file all that are left of that inode. */
  void rest(long inode, LostFile file) {
    while (ready && inode() == inode) {
      tell(file);
    }
  }

  private void tell(LostFile file) {
    tell(record(), file);
    ready = records.next();
  }

  private void tell(long[] record, LostFile file) {
    if (isCurrent(record)) {
      file.named(
          record[1], (int) record[SNAPSHOT], record[SECTORS_AND_GENERATION] >>> GENERATION_BITS);
    }
  }

  private long[] record() {
    long[] record = new long[LONGS];
    for (int i = 0; i < LONGS; i++) {
      record[i] = records.get(i);
    }
    return record;
  }

  private boolean asksFor(Bkey key) {
    if (key.type() != KeyType.EXTENT.number()) {
      return false;
    }
    asked.of(key, BtreeId.EXTENTS.number(), 0);
    while (asked.next()) {
      if (asked.inode() == records.get(DEVICE) && asked.offset() == records.get(OFFSET)) {
        return true;
      }
    }
    return false;
  }

  /** Whether its bucket has not been used for something else since, as far as that is known. */
  private boolean isCurrent(long[] record) {
    long device = record[DEVICE];
    if (device < 0 || device >= superblock.members().size()) {
      return false;
    }
    Member member = superblock.members().get((int) device);
    if (!member.exists()) {
      return false;
    }
    long sector = record[OFFSET] >>> superblock.extentBpShift();
    Bpos bucket = Bpos.of(device, sector / member.bucketSectors());
    Bkey key = new Bkey();
    try {
      boolean known = btrees.lookup(BtreeId.ALLOC.number(), bucket, key) && AllocV4.is(key);
      int generation = (int) record[SECTORS_AND_GENERATION] & ((1 << GENERATION_BITS) - 1);
      return !known || AllocV4.of(key).generation() == generation;
    } catch (CorruptionException e) {
      // Nothing is known of the bucket.
      return true;
    }
  }

  @Override
  public void close() {
    sorter.close();
  }
}
