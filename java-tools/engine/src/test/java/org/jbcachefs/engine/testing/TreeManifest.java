// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.testing;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.BcachefsException;

/**
 * A whole tree as tests/golden/manifest.py prints it through a kernel's mount: one JSON object a
 * line, sorted by path.
 */
public final class TreeManifest {
  private static final int CHUNK = 1 << 20;

  /** Larger files are hashed by their data segments alone. */
  private static final long WHOLE_FILE_MAX = 1L << 28;

  private static final Map<Integer, String> TYPES =
      Map.of(
          0x8000, "f", 0x4000, "d", 0xa000, "l", 0x1000, "p", 0xc000, "s", 0x2000, "c", 0x6000,
          "b");

  private static final int CHARACTER_DEVICE = 0x2000;
  private static final int BLOCK_DEVICE = 0x6000;

  private final Namespace namespace;
  private final FileData data;
  private final long wholeMost;

  /** By inode number alone: all subvolumes have the same st_dev. */
  private final Map<Long, byte[]> hardLinks = new HashMap<>();

  private final Set<FileId> above = new HashSet<>();
  private final TreeMap<byte[], String> rows = new TreeMap<>(Arrays::compareUnsigned);
  private final MemorySegment chunk = Arena.ofAuto().allocate(CHUNK);

  private TreeManifest(Namespace namespace, FileData data, long wholeMost) {
    this.namespace = namespace;
    this.data = data;
    this.wholeMost = wholeMost;
  }

  /** The lines of the tree below a directory; what cannot be read has an "error" in its line. */
  public static List<String> of(Namespace namespace, FileData data, FileId root) {
    return of(namespace, data, root, WHOLE_FILE_MAX);
  }

  /**
   * The same; but not as a kernel's manifest has it, where that takes long.
   *
   * @param wholeMost larger files are hashed by their data segments alone, in bytes
   */
  public static List<String> of(Namespace namespace, FileData data, FileId root, long wholeMost) {
    TreeManifest manifest = new TreeManifest(namespace, data, wholeMost);
    manifest.above.add(root);
    manifest.walk(root, new byte[0]);
    return List.copyOf(manifest.rows.values());
  }

  private void walk(FileId directory, byte[] path) {
    List<DirectoryEntry> entries = new ArrayList<>();
    namespace.list(directory, -1, entries::add);
    entries.sort(Comparator.comparing(DirectoryEntry::name, Arrays::compareUnsigned));
    for (DirectoryEntry entry : entries) {
      byte[] child = path.length == 0 ? entry.name() : join(path, entry.name());
      file(entry, child);
    }
  }

  private static byte[] join(byte[] path, byte[] name) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    joined.writeBytes(path);
    joined.write('/');
    joined.writeBytes(name);
    return joined.toByteArray();
  }

  private void file(DirectoryEntry entry, byte[] path) {
    StringBuilder line = new StringBuilder("{\"path\": ").append(PythonJson.string(path));
    boolean directory = false;
    try {
      Attributes attributes = namespace.attributes(entry.target());
      append(line, attributes, path);
      directory = attributes.isDirectory();
    } catch (BcachefsException e) {
      line.append(", \"error\": ")
          .append(PythonJson.string(e.sentence().getBytes(StandardCharsets.UTF_8)));
    }
    // A directory that lies in itself would be one without end.
    boolean loop = directory && !above.add(entry.target());
    line.append(loop ? ", \"error\": \"it lies in itself\"" : "");
    rows.put(path, line.append('}').toString());
    if (directory && !loop) {
      walk(entry.target(), path);
      above.remove(entry.target());
    }
  }

  private void append(StringBuilder line, Attributes file, byte[] path) {
    int type = file.mode() & Attributes.TYPE_MASK;
    line.append(", \"type\": \"").append(TYPES.get(type)).append('"');
    line.append(String.format(", \"mode\": \"%04o\"", file.mode() & 0xfff));
    line.append(", \"uid\": ").append(Integer.toUnsignedString(file.uid()));
    line.append(", \"gid\": ").append(Integer.toUnsignedString(file.gid()));
    line.append(", \"nlink\": ").append(file.links());
    if (!file.isDirectory()) {
      line.append(", \"size\": ").append(file.size());
    }
    line.append(
        String.format(
            ", \"mtime\": \"%d.%09d\"",
            Math.floorDiv(file.mtime(), 1_000_000_000L),
            Math.floorMod(file.mtime(), 1_000_000_000L)));
    if (type == CHARACTER_DEVICE || type == BLOCK_DEVICE) {
      line.append(String.format(", \"rdev\": \"%d:%d\"", file.majorDevice(), file.minorDevice()));
    }
    if (file.isSymlink()) {
      byte[] target = namespace.readlink(file.file());
      line.append(", \"target\": ").append(PythonJson.string(target));
    }
    if (!file.isDirectory() && file.links() > 1) {
      byte[] first = hardLinks.computeIfAbsent(file.file().inode(), key -> path);
      line.append(", \"hl\": ").append(PythonJson.string(first));
    }
    appendXattrs(line, file.file());
    if (file.isRegular()) {
      appendData(line, file);
    }
  }

  private void appendXattrs(StringBuilder line, FileId file) {
    Map<String, String> xattrs = new TreeMap<>();
    HexFormat hex = HexFormat.of();
    for (byte[] name : namespace.listXattrs(file)) {
      byte[] value = namespace.xattr(file, name).orElseThrow();
      xattrs.put(PythonJson.string(name), hex.formatHex(value));
    }
    for (Namespace.Xattr option : namespace.optionXattrs(file)) {
      xattrs.put(PythonJson.string(option.name()), hex.formatHex(option.value()));
    }
    if (xattrs.isEmpty()) {
      return;
    }
    List<String> members = new ArrayList<>();
    xattrs.forEach((name, value) -> members.add(name + ": \"" + value + '"'));
    line.append(", \"xattrs\": {").append(String.join(", ", members)).append('}');
  }

  private void appendData(StringBuilder line, Attributes file) {
    List<long[]> segments = segments(file);
    if (file.size() <= wholeMost) {
      MessageDigest hash = sha256();
      feed(hash, file.file(), 0, file.size());
      line.append(", \"sha256\": \"").append(hex(hash)).append('"');
    } else {
      MessageDigest hash = sha256();
      for (long[] segment : segments) {
        hash.update(littleEndian(segment[0]));
        hash.update(littleEndian(segment[1] - segment[0]));
        feed(hash, file.file(), segment[0], segment[1]);
      }
      line.append(", \"sha256_segs\": \"").append(hex(hash)).append('"');
    }
    boolean whole =
        segments.size() == 1 && segments.get(0)[0] == 0 && segments.get(0)[1] == file.size();
    if (!whole && file.size() != 0) {
      line.append(", \"segs\": ");
      line.append(segments.stream().map(Arrays::toString).toList());
    }
  }

  private List<long[]> segments(Attributes file) {
    List<long[]> segments = new ArrayList<>();
    long at = 0;
    while (at < file.size()) {
      long from = data.nextData(file.file(), at);
      if (from < 0) {
        break;
      }
      long to = data.nextHole(file.file(), from);
      segments.add(new long[] {from, to});
      at = to;
    }
    return segments;
  }

  private void feed(MessageDigest hash, FileId file, long from, long to) {
    byte[] bytes = new byte[CHUNK];
    long at = from;
    while (at < to) {
      MemorySegment wanted = chunk.asSlice(0, Math.min(CHUNK, to - at));
      int read = data.read(file, at, wanted);
      if (read <= 0) {
        return;
      }
      MemorySegment.copy(chunk, ValueLayout.JAVA_BYTE, 0, bytes, 0, read);
      hash.update(bytes, 0, read);
      at += read;
    }
  }

  private static byte[] littleEndian(long value) {
    byte[] bytes = new byte[Long.BYTES];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (value >>> (8 * i));
    }
    return bytes;
  }

  private static String hex(MessageDigest hash) {
    return HexFormat.of().formatHex(hash.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
