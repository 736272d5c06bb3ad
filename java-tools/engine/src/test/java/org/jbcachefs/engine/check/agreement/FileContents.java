// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.engine.testing.PythonJson;
import org.jbcachefs.format.error.BcachefsException;

/**
 * The contents of all files of a tree, block by block: what they hold, or that they cannot be read.
 */
final class FileContents {
  private static final int BLOCK = 4096;

  /** Of longer files only so much is looked at. */
  private static final long MOST_BYTES = 16 << 20;

  private static final int UNREADABLE = 1;
  private static final int ZERO = 0;

  private final Map<String, File> files = new TreeMap<>();

  /**
   * A file.
   *
   * @param blocks of each: 0 if it is all zeros, 1 if it cannot be read, else a hash
   */
  private record File(long inode, long size, int[] blocks) {}

  /**
   * Reads a tree.
   *
   * @param which paths that are of interest, quoted as in a manifest
   */
  static FileContents of(Namespace namespace, FileData data, Predicate<String> which) {
    FileContents contents = new FileContents();
    contents.walk(namespace, data, which, namespace.root(), new byte[0], new HashSet<>());
    return contents;
  }

  private void walk(
      Namespace namespace,
      FileData data,
      Predicate<String> which,
      FileId directory,
      byte[] path,
      Set<FileId> above) {
    if (!above.add(directory)) {
      return;
    }
    List<DirectoryEntry> entries = new ArrayList<>();
    namespace.list(directory, -1, entries::add);
    for (DirectoryEntry entry : entries) {
      byte[] child = path.length == 0 ? entry.name() : join(path, entry.name());
      Attributes file;
      try {
        file = namespace.attributes(entry.target());
      } catch (BcachefsException e) {
        continue;
      }
      if (file.isDirectory()) {
        walk(namespace, data, which, entry.target(), child, above);
      } else if (file.isRegular() && which.test(PythonJson.string(child))) {
        files.put(PythonJson.string(child), read(data, file));
      }
    }
    above.remove(directory);
  }

  private static byte[] join(byte[] path, byte[] name) {
    byte[] joined = Arrays.copyOf(path, path.length + 1 + name.length);
    joined[path.length] = '/';
    System.arraycopy(name, 0, joined, path.length + 1, name.length);
    return joined;
  }

  private static File read(FileData data, Attributes file) {
    long size = Math.min(file.size(), MOST_BYTES);
    int[] blocks = new int[(int) ((size + BLOCK - 1) / BLOCK)];
    MemorySegment buffer = Arena.ofAuto().allocate(BLOCK);
    for (int i = 0; i < blocks.length; i++) {
      try {
        int count = data.read(file.file(), (long) i * BLOCK, buffer);
        byte[] bytes = buffer.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
        blocks[i] = hash(bytes);
      } catch (BcachefsException e) {
        blocks[i] = UNREADABLE;
      }
    }
    return new File(file.file().inode(), file.size(), blocks);
  }

  private static int hash(byte[] bytes) {
    for (byte one : bytes) {
      if (one != 0) {
        int hash = Arrays.hashCode(bytes);
        return hash == ZERO || hash == UNREADABLE ? 2 : hash;
      }
    }
    return ZERO;
  }

  /** Places where there are zeros now, and was data: each block of a file under its old path. */
  List<String> posedZeros(FileContents now) {
    return differences(now, true);
  }

  /** Places that can be read now and hold something else than before. */
  List<String> wrong(FileContents now) {
    return differences(now, false);
  }

  private List<String> differences(FileContents now, boolean zerosOnly) {
    List<String> found = new ArrayList<>();
    files.forEach((path, file) -> {
      File other = now.files.get(path);
      if (other == null || other.inode != file.inode) {
        return;
      }
      // The last block of a file that is shorter or longer now is another one.
      int blocks = (int) (Math.min(file.size, other.size) / BLOCK);
      blocks = file.size == other.size ? file.blocks.length : blocks;
      for (int i = 0; i < Math.min(blocks, file.blocks.length); i++) {
        int is = other.blocks[i];
        boolean differs = is != file.blocks[i] && is != UNREADABLE;
        if (differs && file.blocks[i] != UNREADABLE && (is == ZERO || !zerosOnly)) {
          found.add(path + " (inode " + file.inode + ") block " + i);
        }
      }
    });
    return found;
  }
}
