// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.BcachefsException;

/**
 * The entries of one directory in the order of their names' bytes, packed: a directory of a million
 * names takes some forty bytes for each. Belongs to one thread.
 */
public final class Listing {
  private static final int FIRST_ENTRIES = 16;
  private static final int FIRST_BYTES = 256;

  private final FileId directory;
  private byte[] names = new byte[FIRST_BYTES];
  private int[] ends = new int[FIRST_ENTRIES];
  private long[] inodes = new long[FIRST_ENTRIES];
  private byte[] types = new byte[FIRST_ENTRIES];

  /** Entries that lead out of the directory's subvolume. */
  private final Map<Integer, FileId> elsewhere = new HashMap<>();

  private int size;
  private Integer[] order;
  private BcachefsException damage;

  private Listing(FileId directory) {
    this.directory = directory;
  }

  /** Reads a directory; what cannot be read of it is told by {@link #damage}. */
  public static Listing read(Namespace namespace, FileId directory) {
    Listing listing = new Listing(directory);
    try {
      namespace.list(
          directory,
          -1,
          entry -> {
            listing.add(entry);
            return true;
          });
    } catch (BcachefsException e) {
      listing.damage = e;
    }
    listing.sort();
    return listing;
  }

  public int size() {
    return size;
  }

  /** Why the directory could not be read to its end, or null. */
  public BcachefsException damage() {
    return damage;
  }

  public byte[] name(int index) {
    int at = order[index];
    return Arrays.copyOfRange(names, start(at), ends[at]);
  }

  public FileId target(int index) {
    int at = order[index];
    if (isSubvolume(index)) {
      return elsewhere.get(at);
    }
    return new FileId(directory.subvolume(), directory.snapshot(), inodes[at]);
  }

  public FileType type(int index) {
    return FileType.ofDirent(types[order[index]]);
  }

  /** Whether the entry is the root of another subvolume. */
  public boolean isSubvolume(int index) {
    return !elsewhere.isEmpty() && elsewhere.containsKey(order[index]);
  }

  private void add(DirectoryEntry entry) {
    byte[] name = entry.name();
    int start = size == 0 ? 0 : ends[size - 1];
    if (size == ends.length) {
      ends = Arrays.copyOf(ends, size * 2);
      inodes = Arrays.copyOf(inodes, size * 2);
      types = Arrays.copyOf(types, size * 2);
    }
    if (names.length - start < name.length) {
      names = Arrays.copyOf(names, Math.max(names.length * 2, start + name.length));
    }
    System.arraycopy(name, 0, names, start, name.length);
    ends[size] = start + name.length;
    inodes[size] = entry.target().inode();
    types[size] = (byte) entry.type();
    if (entry.subvolume()) {
      elsewhere.put(size, entry.target());
    }
    size++;
  }

  private int start(int at) {
    return at == 0 ? 0 : ends[at - 1];
  }

  private void sort() {
    order = new Integer[size];
    Arrays.setAll(order, i -> i);
    Comparator<Integer> byName =
        (a, b) -> Arrays.compareUnsigned(names, start(a), ends[a], names, start(b), ends[b]);
    Arrays.sort(order, byName);
  }
}
