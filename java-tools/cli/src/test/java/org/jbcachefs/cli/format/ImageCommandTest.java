// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.platform.LibC;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageCommandTest {
  private static final int BLOCK = 4096;

  @TempDir Path folder;
  private Outside outside;
  private Path source;
  private Path image;

  @BeforeEach
  void aSource() throws IOException {
    assumeTrue(LibC.isAvailable(), "needs Linux");
    source = Files.createDirectories(folder.resolve("source"));
    image = folder.resolve("image");
    Random random = new Random(7);
    for (int i = 0; i < 40; i++) {
      Path directory = Files.createDirectories(source.resolve("d" + i % 5));
      Files.write(directory.resolve("file" + i), noise(random, random.nextInt(100_000)));
    }
    Files.createSymbolicLink(source.resolve("symlink"), Path.of("d1/file1"));
    Files.createLink(source.resolve("link"), source.resolve("d2/file2"));
  }

  private static byte[] noise(Random random, int bytes) {
    byte[] noise = new byte[bytes];
    random.nextBytes(noise);
    return noise;
  }

  private int run(String... words) {
    outside = new Outside(Map.of("JBCACHEFS_PASSPHRASE", "secret"), "");
    return CommandLineUse.run(outside, words);
  }

  private JsonNode done(String... words) throws IOException {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--json", "--source=" + source, image.toString()));
    assertEquals(ExitCode.DONE, run(all.toArray(String[]::new)), () -> outside.err());
    return new ObjectMapper().readTree(outside.out()).get("data");
  }

  /** Paths, and what there is to be known of each. */
  private static Map<String, String> tree(Path top) throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(top)) {
      for (Path path : paths.toList()) {
        String name = top.relativize(path).toString();
        if (!name.isEmpty() && !name.equals("lost+found")) {
          found.put(name, described(path));
        }
      }
    }
    return found;
  }

  private static String described(Path path) throws IOException {
    if (Files.isSymbolicLink(path)) {
      return "-> " + Files.readSymbolicLink(path);
    }
    Map<String, Object> all =
        Files.readAttributes(path, "unix:mode,uid,gid,nlink", LinkOption.NOFOLLOW_LINKS);
    String text = all.get("mode") + " " + all.get("uid") + " " + all.get("gid");
    FileTime time = Files.getLastModifiedTime(path);
    if (Files.isDirectory(path)) {
      return text + " " + time;
    }
    byte[] bytes = Files.readAllBytes(path);
    return text
        + " "
        + all.get("nlink")
        + " "
        + time
        + " "
        + bytes.length
        + " "
        + Arrays.hashCode(bytes);
  }

  private void assertIsTheSource() throws IOException {
    assertEquals(ExitCode.DONE, run("fsck", "-n", image.toString()), () -> outside.out());
    Path copy = folder.resolve("copy");
    assertEquals(ExitCode.DONE, run("extract", image.toString(), "/", copy.toString()));
    assertEquals(tree(source), tree(copy));
    remove(copy);
  }

  private static void remove(Path top) throws IOException {
    try (Stream<Path> paths = Files.walk(top)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--keep-alloc", "--encrypted --keep-alloc", "--compression=zstd -a"})
  void anImageHoldsTheSourceAndCanBeUpdated(String options) throws IOException {
    List<String> words = new ArrayList<>(List.of("image", "create"));
    Stream.of(options.split(" ", -1)).filter(word -> !word.isEmpty()).forEach(words::add);
    JsonNode made = done(words.toArray(String[]::new));
    assertEquals(Files.size(image), made.get("image_bytes").asLong());
    assertIsTheSource();
    byte[] noise = noise(new Random(3), 10_000);
    Files.write(source.resolve("d1/file1"), noise, StandardOpenOption.APPEND);
    JsonNode updated = done("image", "update");
    assertEquals(Files.size(image), updated.get("image_bytes").asLong());
    assertIsTheSource();
    assertFalse(Files.exists(folder.resolve("image.metadata")));
  }

  @Test
  void anUpdateWritesOnlyWhatDiffers() throws IOException {
    done("image", "create");
    byte[] before = Files.readAllBytes(image);
    JsonNode nothing = done("image", "update");
    assertEquals(0, nothing.get("written_bytes").asLong());
    assertEquals(0, nothing.get("changed_files").asLong());
    try (FileChannel file =
        FileChannel.open(source.resolve("d3/file3"), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 30_000);
    }
    JsonNode little = done("image", "update");
    assertEquals(1, little.get("changed_files").asLong());
    assertTrue(little.get("written_bytes").asLong() <= BLOCK, little::toString);
    byte[] after = Files.readAllBytes(image);
    int same = 0;
    for (int at = 0; at + BLOCK <= Math.min(before.length, after.length); at += BLOCK) {
      same += Arrays.equals(before, at, at + BLOCK, after, at, at + BLOCK) ? 1 : 0;
    }
    int different = after.length / BLOCK - same;
    assertTrue(different < 200, different + " blocks differ");
    assertIsTheSource();
  }

  @Test
  void whateverHappensToTheSourceIsInTheImage() throws IOException {
    done("image", "create");
    Random random = new Random(11);
    for (int round = 0; round < 12; round++) {
      for (int i = 0; i < 6; i++) {
        change(random);
      }
      done("image", "update");
      assertIsTheSource();
    }
  }

  private void change(Random random) throws IOException {
    Path file = source.resolve("d" + random.nextInt(4)).resolve("file" + random.nextInt(20));
    Path other = source.resolve("d" + random.nextInt(4)).resolve("file" + random.nextInt(20));
    Files.createDirectories(file.getParent());
    boolean regular = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    switch (random.nextInt(9)) {
      case 0 -> {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
          remove(file);
        }
      }
      case 1 -> {
        if (regular) {
          try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(noise(random, 2000)), random.nextInt(200_000));
          }
        }
      }
      case 2 -> {
        if (regular) {
          try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(random.nextInt(50_000));
          }
        }
      }
      case 3 -> {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
          Files.createSymbolicLink(file, Path.of("x" + random.nextInt(3)));
        }
      }
      case 4 -> {
        if (regular && !Files.exists(other, LinkOption.NOFOLLOW_LINKS)) {
          Files.createDirectories(other.getParent());
          Files.createLink(other, file);
        }
      }
      case 5 -> {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
          Files.createDirectories(file.resolve("below"));
          Files.write(file.resolve("below/x"), noise(random, 100));
        }
      }
      case 6 -> {
        if (regular) {
          Files.setPosixFilePermissions(
              file,
              PosixFilePermissions.fromString(random.nextBoolean() ? "rw-r-----" : "rwx------"));
        }
      }
      case 7 -> {
        if (regular) {
          Files.setLastModifiedTime(
              file, FileTime.from(Instant.ofEpochSecond(random.nextInt(2_000_000_000), 5)));
        }
      }
      default -> {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
          Files.write(file, noise(random, random.nextInt(60_000)));
        }
      }
    }
  }

  @Test
  void aDryRunLeavesTheImageAsItIs() throws IOException {
    JsonNode tried = done("image", "create", "-n");
    assertTrue(tried.get("dry_run").asBoolean());
    assertFalse(Files.exists(image));
    done("image", "create");
    byte[] before = Files.readAllBytes(image);
    Files.delete(source.resolve("link"));
    JsonNode data = done("image", "update", "--dry-run");
    assertEquals(1, data.get("removed_names").asLong());
    assertArrayEquals(before, Files.readAllBytes(image));
  }

  @Test
  void whatIsInTheWayIsRefused() throws IOException {
    done("image", "create");
    byte[] before = Files.readAllBytes(image);
    String option = "--source=" + source;
    assertEquals(ExitCode.FAILED, run("image", "create", option, image.toString()));
    assertTrue(outside.err().contains("-f overwrites it"), outside.err());
    Path metadata = Files.createFile(folder.resolve("image.metadata"));
    assertEquals(ExitCode.FAILED, run("image", "update", option, image.toString()));
    assertTrue(outside.err().contains("image.metadata"), outside.err());
    Files.delete(metadata);
    assertArrayEquals(before, Files.readAllBytes(image));
    assertEquals(ExitCode.DONE, run("image", "create", "-f", "-q", option, image.toString()));
    assertEquals("", outside.out());
    assertEquals(ExitCode.USAGE, run("image", "create", image.toString()));
    assertEquals(ExitCode.USAGE, run("image", "update", "--source=/none", image.toString()));
  }

  @Test
  void whatIsNoImageIsNotUpdated() throws IOException {
    Path ordinary = folder.resolve("ordinary");
    try (FileChannel file =
        FileChannel.open(ordinary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate(1), (48 << 20) - 1);
    }
    assertEquals(ExitCode.DONE, run("format", ordinary.toString()));
    assertEquals(
        ExitCode.FAILED, run("image", "update", "--source=" + source, ordinary.toString()));
    assertTrue(outside.err().contains("image create"), outside.err());
    assertEquals(48 << 20, Files.size(ordinary));
  }
}
