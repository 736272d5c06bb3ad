// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.engine.alloc.write.Allocation;
import org.jbcachefs.engine.alloc.write.SpaceAllocator;
import org.jbcachefs.engine.alloc.write.Watermark;
import org.jbcachefs.engine.alloc.write.WritePoint;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Shape;

/**
 * Files in the root directory, with the least that makes them files: enough for transactions that a
 * kernel's fsck can judge, long before there is a namespace that can be written to. File n is named
 * "file-n" and has the number 2^31 + 1 + n.
 */
final class TinyFiles {
  private static final int SNAPSHOT = -1;
  private static final int REGULAR_FILE = 0x8000 | 0644;
  private static final int DT_REG = 8;
  private static final long FIRST = (1L << 31) + 1;

  private final WritableFilesystem filesystem;
  private final WritePoint writePoint = new WritePoint(DataType.USER);
  private final StrHash hash;

  TinyFiles(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
    Bkey root = new Bkey();
    filesystem.btrees().lookup(BtreeId.INODES.number(), new Bpos(0, Inode.ROOT, SNAPSHOT), root);
    Inode inode = Inode.decode(root);
    this.hash = StrHash.of(inode.strHash(), inode.hashSeed());
  }

  static long number(int file) {
    return FIRST + file;
  }

  private static byte[] name(int file) {
    return ("file-" + file).getBytes(UTF_8);
  }

  /** Makes a file that has so many extents of one sector each; its commit's sequence number. */
  long create(int file, int extents) {
    List<Allocation> allocations = new ArrayList<>();
    try {
      for (int i = 0; i < extents; i++) {
        allocations.add(write(file, i));
      }
      return filesystem
          .transact(
              "create",
              transaction -> {
                addInode(transaction, file, extents);
                addDirent(transaction, file);
                for (int i = 0; i < extents; i++) {
                  transaction.update(BtreeId.EXTENTS, extent(file, i, allocations.get(i)));
                }
                return null;
              })
          .seq();
    } finally {
      allocations.forEach(Allocation::close);
    }
  }

  private Allocation write(int file, int index) {
    SpaceAllocator.Request request =
        new SpaceAllocator.Request(1, true, 1, 1, _ -> true, Watermark.NORMAL);
    Allocation allocation = filesystem.space().allocate(writePoint, request);
    MemorySegment sector = MemorySegment.ofArray(new byte[512]);
    Le.putU64(sector, 0, number(file));
    Le.putU64(sector, 8, index);
    for (Allocation.Place place : allocation.places()) {
      filesystem.devices().write(place.device(), place.sector(), sector);
    }
    return allocation;
  }

  private static Bkey extent(int file, int index, Allocation allocation) {
    List<Allocation.Place> places = allocation.places();
    MemorySegment value = MemorySegment.ofArray(new long[places.size()]);
    for (int i = 0; i < places.size(); i++) {
      Allocation.Place place = places.get(i);
      long word = ExtentPtr.pack(place.device(), place.sector(), place.generation(), false, false);
      Le.putU64(value, 8L * i, word);
    }
    return new Bkey()
        .setPos(number(file), 2L * index + 1, SNAPSHOT)
        .setSize(1)
        .setType(KeyType.EXTENT.number())
        .setValue(value, 0, 8 * places.size());
  }

  private void addInode(Transaction transaction, int file, int extents) {
    InodeBuilder inode = new InodeBuilder(number(file), SNAPSHOT).mode(REGULAR_FILE);
    inode.hash(StrHash.SIPHASH, 77L + file);
    inode.set(InodeField.SIZE, 1024L * extents).set(InodeField.SECTORS, extents);
    inode.set(InodeField.DIR, Inode.ROOT).set(InodeField.DIR_OFFSET, slot(transaction, file, true));
    transaction.update(BtreeId.INODES, inode.toKey());
  }

  private void addDirent(Transaction transaction, int file) {
    byte[] name = name(file);
    Dirent dirent =
        new Dirent(number(file), DT_REG, 0, name, null, Shape.of(Dirent.OFFSET_NAME + name.length));
    MemorySegment value = MemorySegment.ofArray(new long[dirent.bytes() / Long.BYTES]);
    dirent.encode(value, 0);
    transaction.update(
        BtreeId.DIRENTS,
        new Bkey()
            .setPos(Inode.ROOT, slot(transaction, file, true), SNAPSHOT)
            .setType(KeyType.DIRENT.number())
            .setValue(value, 0, dirent.bytes()));
  }

  /** The offset of a file's entry, or the one that it will get. No names collide here. */
  private long slot(Transaction transaction, int file, boolean free) {
    long offset = hash.direntOffset(name(file), false);
    Bkey key = new Bkey();
    if (transaction.lookup(BtreeId.DIRENTS, new Bpos(Inode.ROOT, offset, SNAPSHOT), key) == free) {
      throw new IllegalStateException("file " + file + (free ? " is there" : " is not there"));
    }
    return offset;
  }

  /** Removes a file with all it has; its commit's sequence number. */
  long remove(int file) {
    return filesystem
        .transact(
            "remove",
            transaction -> {
              Bpos last = new Bpos(number(file), -1, -1);
              try (KeyIterator extents =
                  transaction.iterate(BtreeId.EXTENTS, Bpos.of(number(file), 0), last)) {
                while (extents.next()) {
                  transaction.delete(BtreeId.EXTENTS, extents.key().pos());
                }
              }
              long offset = slot(transaction, file, false);
              transaction.delete(BtreeId.DIRENTS, new Bpos(Inode.ROOT, offset, SNAPSHOT));
              transaction.delete(BtreeId.INODES, new Bpos(0, number(file), SNAPSHOT));
              return null;
            })
        .seq();
  }

  void close() {
    filesystem.space().close(writePoint);
  }

  /** Files that are there, with how many extents each has. */
  static Map<Integer, Integer> read(Btrees btrees) {
    Map<Integer, Integer> files = new TreeMap<>();
    try (KeyIterator inodes =
        btrees.iterate(BtreeId.INODES.number(), Bpos.of(0, FIRST), Bpos.MAX)) {
      while (inodes.next()) {
        files.put((int) (inodes.key().offset() - FIRST), 0);
      }
    }
    try (KeyIterator extents = btrees.iterate(BtreeId.EXTENTS.number(), Bpos.MIN, Bpos.MAX)) {
      while (extents.next()) {
        files.merge((int) (extents.key().inode() - FIRST), 1, Integer::sum);
      }
    }
    return files;
  }

  /** Whether every extent's sectors hold what was written there, on every device. */
  static boolean contentsAreRight(ReadFilesystem filesystem) {
    ExtentEntries entries = new ExtentEntries();
    MemorySegment sector = MemorySegment.ofArray(new byte[512]);
    try (KeyIterator extents =
        filesystem.btrees().iterate(BtreeId.EXTENTS.number(), Bpos.MIN, Bpos.MAX)) {
      while (extents.next()) {
        Bkey key = extents.key();
        entries.of(key, ExtentEntrySizes.KNOWN);
        while (entries.nextPtr()) {
          filesystem.devices().read(entries.dev(), entries.sector(), sector);
          boolean right =
              Le.u64(sector, 0) == key.inode() && Le.u64(sector, 8) == (key.offset() - 1) / 2;
          if (!right) {
            return false;
          }
        }
      }
    }
    return true;
  }

  /** Numbers of files that the root directory names. */
  static List<Integer> named(Btrees btrees) {
    List<Integer> named = new ArrayList<>();
    try (KeyIterator dirents = btrees.iterate(BtreeId.DIRENTS.number(), Bpos.MIN, Bpos.MAX)) {
      while (dirents.next()) {
        long target = Dirent.target(dirents.key());
        if (target >= FIRST) {
          named.add((int) (target - FIRST));
        }
      }
    }
    named.sort(null);
    return named;
  }
}
