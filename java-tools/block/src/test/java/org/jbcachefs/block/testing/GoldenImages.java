// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.testing;

import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;

/**
 * The golden filesystems of {@code tests/golden}, unpacked on first use.
 *
 * <p>Images are unpacked sparsely into {@code target/golden-cache} of the project's root and stay
 * there; nobody may write to them. The root is given by the system property {@code jbcachefs.root},
 * another cache folder by {@code jbcachefs.golden.cache}.
 */
public final class GoldenImages {
  private static final int WINDOW_LOG = 27;
  private static final int CHUNK = 1 << 20;
  private static final int HOLE = 64 << 10;

  private GoldenImages() {}

  /** Names of all golden filesystems, sorted. */
  public static List<String> names() {
    return list(root().resolve("tests/golden"), Files::isDirectory).stream()
        .map(path -> path.getFileName().toString())
        .sorted()
        .toList();
  }

  /** The folder with the packed images, the manifest and what the reference's tools printed. */
  public static Path folder(String name) {
    return root().resolve("tests/golden").resolve(name);
  }

  /** A text file of that folder, e.g. "manifest.txt"; null if there is none. */
  public static String text(String name, String file) {
    try {
      return Files.readString(folder(name).resolve(file));
    } catch (NoSuchFileException _) {
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The passphrase of an encrypted filesystem, else null. */
  public static String passphrase(String name) {
    String text = text(name, "passphrase");
    return text == null ? null : text.stripTrailing();
  }

  /** The members by the number in their name, unpacked, ascending; numbers of lost members lack. */
  public static Map<Integer, Path> members(String name) {
    Map<Integer, Path> members = new TreeMap<>();
    for (Path packed : list(folder(name), path -> path.toString().endsWith(".zst"))) {
      String base = packed.getFileName().toString().replaceAll("\\.zst$", "");
      members.put(Integer.parseInt(base.replaceAll("\\D", "")), unpacked(name, base, packed));
    }
    return members;
  }

  /** The unpacked images, in order of their number. */
  public static List<Path> images(String name) {
    return List.copyOf(members(name).values());
  }

  /** The images as read-only devices, in order of their number; the caller closes them. */
  public static List<BlockDevice> open(String name) {
    List<BlockDevice> devices = new ArrayList<>();
    images(name).forEach(image -> devices.add(FileBlockDevice.openReadOnly(image)));
    return devices;
  }

  private static Path root() {
    String root = System.getProperty("jbcachefs.root");
    if (root == null) {
      throw new IllegalStateException("the system property jbcachefs.root is not set");
    }
    return Path.of(root);
  }

  private static Path cache() {
    String cache = System.getProperty("jbcachefs.golden.cache");
    return cache != null ? Path.of(cache) : root().resolve("target/golden-cache");
  }

  private static List<Path> list(Path folder, DirectoryStream.Filter<Path> filter) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, filter)) {
      stream.forEach(found::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    found.sort(Comparator.naturalOrder());
    return found;
  }

  private static Path unpacked(String name, String base, Path packed) {
    Path image = cache().resolve(name).resolve(base);
    try {
      if (!Files.exists(image)
          || Files.getLastModifiedTime(image).compareTo(Files.getLastModifiedTime(packed)) < 0) {
        Files.createDirectories(image.getParent());
        // Two test runs may unpack at once: each writes a file of its own, the last rename wins.
        Path partial = Files.createTempFile(image.getParent(), base, ".partial");
        unpack(packed, partial);
        Files.move(partial, image, StandardCopyOption.ATOMIC_MOVE);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(packed + " cannot be unpacked", e);
    }
    return image;
  }

  /** Unpacks a file, which may consist of several zstd frames; zeros become holes. */
  private static void unpack(Path packed, Path image) throws IOException {
    byte[] chunk = new byte[CHUNK];
    byte[] zeros = new byte[HOLE];
    try (InputStream file = Files.newInputStream(packed);
        ZstdInputStream in = new ZstdInputStream(file).setLongMax(WINDOW_LOG);
        FileChannel out = FileChannel.open(image, StandardOpenOption.WRITE)) {
      long position = 0;
      for (int read = in.readNBytes(chunk, 0, CHUNK); read > 0; ) {
        for (int at = 0; at < read; at += HOLE) {
          int end = Math.min(at + HOLE, read);
          if (!Arrays.equals(chunk, at, end, zeros, 0, end - at)) {
            writeFully(out, ByteBuffer.wrap(chunk, at, end - at), position + at);
          }
        }
        position += read;
        read = in.readNBytes(chunk, 0, CHUNK);
      }
      if (out.size() < position) {
        writeFully(out, ByteBuffer.wrap(zeros, 0, 1), position - 1);
      }
    }
  }

  private static void writeFully(FileChannel out, ByteBuffer from, long position)
      throws IOException {
    long at = position;
    while (from.hasRemaining()) {
      at += out.write(from, at);
    }
  }
}
