// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.cli.platform.LibC;
import org.jbcachefs.cli.testing.MemoryTree;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One contract for both kinds of destination, and what only Linux can keep. */
final class ExtractionTest {
  enum Kind {
    LINUX {
      @Override
      Destination open(Path path) throws IOException {
        return new LinuxDestination(path);
      }
    },
    PORTABLE {
      @Override
      Destination open(Path path) {
        return new PortableDestination(path);
      }
    };

    abstract Destination open(Path path) throws IOException;
  }

  @TempDir private Path parent;

  private final MemoryTree tree = new MemoryTree();
  private final Outside outside = new Outside();
  private final Tally tally = new Tally();
  private boolean damaged;

  private Path extract(Kind kind, boolean overwrite) throws IOException {
    Path destination = Files.createDirectories(parent.resolve("dest"));
    Invocation invocation = outside.invocation(Output.Form.TEXT, "extract");
    boolean root = kind == Kind.LINUX && LibC.geteuid() == 0;
    ExtractRequest request =
        new ExtractRequest(MemoryTree.bytes("/"), tree.root(), overwrite, root, false, 3);
    StateFile state = new StateFile(destination, "test");
    try (Destination to = kind.open(destination);
        Progress progress = invocation.progress("extracting")) {
      new Extraction(
              invocation,
              tree,
              tree,
              request,
              to,
              new Extraction.Progressed(state, null),
              new XattrCopy(tree, null),
              progress,
              tally)
          .run();
    }
    damaged = invocation.isDamaged();
    return destination;
  }

  private static String read(Path path) throws IOException {
    return Files.readString(path, StandardCharsets.UTF_8);
  }

  private static BasicFileAttributes stat(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
  }

  @ParameterizedTest
  @EnumSource
  void filesDirectoriesAndLinksComeOutAsTheyAre(Kind kind) throws IOException {
    MemoryTree.Node dir = tree.add(tree.rootNode(), "dir", tree.directory()).mode(0555);
    dir.mtime(1_600_000_000_000_000_123L);
    tree.add(dir, "file", tree.file("hello").mode(0604).mtime(1_500_000_000_123_456_789L));
    tree.add(dir, "empty", tree.file(""));
    tree.add(dir, "link", tree.symlink("../nowhere"));
    MemoryTree.Node twice = tree.add(dir, "one", tree.file("same"));
    tree.add(tree.rootNode(), "two", twice);
    tree.add(tree.rootNode(), "three", twice);

    Path dest = extract(kind, false);
    assertFalse(damaged, outside.err());
    assertEquals("hello", read(dest.resolve("dir/file")));
    assertEquals(0, Files.size(dest.resolve("dir/empty")));
    assertEquals("../nowhere", Files.readSymbolicLink(dest.resolve("dir/link")).toString());
    assertTrue(Files.isSameFile(dest.resolve("dir/one"), dest.resolve("two")));
    assertTrue(Files.isSameFile(dest.resolve("dir/one"), dest.resolve("three")));
    assertEquals(
        "rw----r--",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(dest.resolve("dir/file"))));
    assertEquals(
        "r-xr-xr-x",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(dest.resolve("dir"))));
    assertEquals(
        1_500_000_000_123_456_789L,
        stat(dest.resolve("dir/file")).lastModifiedTime().to(TimeUnit.NANOSECONDS));
    assertEquals(
        1_600_000_000_000_000_123L,
        stat(dest.resolve("dir")).lastModifiedTime().to(TimeUnit.NANOSECONDS));
    assertEquals(2, tally.hardLinks.sum());
  }

  @ParameterizedTest
  @EnumSource
  void holesStayHoles(Kind kind) throws IOException {
    byte[] data = new byte[8192];
    Arrays.fill(data, (byte) 'x');
    tree.add(tree.rootNode(), "sparse", tree.file("").data(64 << 20, data).size(256L << 20));
    Path sparse = extract(kind, false).resolve("sparse");
    assertEquals(256L << 20, Files.size(sparse));
    assertTrue(((Number) Files.getAttribute(sparse, "unix:nlink")).intValue() == 1);
    try (var channel = java.nio.channels.FileChannel.open(sparse)) {
      java.nio.ByteBuffer buffer = java.nio.ByteBuffer.allocate(8192);
      channel.read(buffer, 64 << 20);
      assertArrayEquals(data, buffer.array());
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatCannotBeReadLeavesAHoleInAPartialFile(Kind kind) throws IOException {
    byte[] data = new byte[3 << 20];
    Arrays.fill(data, (byte) 'd');
    MemoryTree.Node file =
        tree.file("").data(0, data).lose(4096, 8192).lose(2 << 20, (2 << 20) + 512);
    tree.add(tree.rootNode(), "file", file);
    tree.add(tree.rootNode(), "other-name", file);
    tree.add(tree.rootNode(), "good", tree.file("good"));
    Path dest = extract(kind, false);
    assertTrue(damaged);
    assertEquals("good", read(dest.resolve("good")));
    assertFalse(Files.exists(dest.resolve("file")));
    byte[] kept = Files.readAllBytes(dest.resolve("file.jbcachefs-partial"));
    Arrays.fill(data, 4096, 8192, (byte) 0);
    Arrays.fill(data, 2 << 20, (2 << 20) + 512, (byte) 0);
    assertArrayEquals(data, kept);
    assertTrue(
        // Under which of its names depends on which worker came first.
        outside
            .err()
            .matches("(?s).*/(file|other-name): bytes 4096-8191, 2097152-2097663 cannot be read.*"),
        outside.err());
    assertTrue(
        Files.isSameFile(
            dest.resolve("file.jbcachefs-partial"), dest.resolve("other-name.jbcachefs-partial")));
  }

  @ParameterizedTest
  @EnumSource
  void namesThatLeadElsewhereAreRefused(Kind kind) throws IOException {
    MemoryTree.Node evil = tree.add(tree.rootNode(), "..", tree.directory());
    tree.add(evil, "outside1", tree.file("evil"));
    tree.add(tree.rootNode(), "../outside2", tree.file("evil"));
    tree.add(tree.rootNode(), ".", tree.file("evil"));
    tree.add(tree.rootNode(), "", tree.file("evil"));
    tree.add(tree.rootNode(), "nul\0", tree.file("evil"));
    Path dest = extract(kind, false);
    assertTrue(damaged);
    try (var inside = Files.list(dest)) {
      assertEquals(0, inside.count());
    }
    try (var around = Files.list(parent)) {
      assertEquals(1, around.count());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aLinkInTheWayIsNotWrittenThrough(Kind kind) throws IOException {
    Path elsewhere = Files.createDirectory(parent.resolve("elsewhere"));
    tree.add(tree.rootNode(), "d", tree.symlink(elsewhere.toString()));
    MemoryTree.Node d = tree.add(tree.rootNode(), "d", tree.directory());
    tree.add(d, "file", tree.file("evil"));
    tree.add(tree.rootNode(), "f", tree.symlink(elsewhere + "/made"));
    tree.add(tree.rootNode(), "f", tree.file("evil"));
    extract(kind, true);
    assertTrue(damaged);
    try (var inside = Files.list(elsewhere)) {
      assertEquals(0, inside.count());
    }
  }

  @ParameterizedTest
  @EnumSource
  void anExistingFileIsReplacedOnlyIfAllowed(Kind kind) throws IOException {
    tree.add(tree.rootNode(), "file", tree.file("new"));
    Path dest = Files.createDirectory(parent.resolve("dest"));
    Files.writeString(dest.resolve("file"), "old");
    extract(kind, false);
    assertTrue(damaged);
    assertEquals("old", read(dest.resolve("file")));
    extract(kind, true);
    assertFalse(damaged);
    assertEquals("new", read(dest.resolve("file")));
  }

  @ParameterizedTest
  @EnumSource
  void aLostInodeCostsOnlyThatFile(Kind kind) throws IOException {
    tree.add(tree.rootNode(), "lost", tree.file("x")).loseInode();
    MemoryTree.Node dir = tree.add(tree.rootNode(), "lostdir", tree.directory());
    tree.add(dir, "survivor", tree.file("here"));
    dir.loseInode();
    tree.add(tree.rootNode(), "good", tree.file("good"));
    Path dest = extract(kind, false);
    assertTrue(damaged);
    assertEquals("good", read(dest.resolve("good")));
    assertEquals("here", read(dest.resolve("lostdir/survivor")));
    assertTrue(outside.err().contains("/lost: "), outside.err());
    assertTrue(outside.err().contains("/lostdir: "), outside.err());
  }

  @Test
  void aDeepTreeNeedsFewDescriptors() throws IOException {
    MemoryTree.Node at = tree.rootNode();
    for (int i = 0; i < 2000; i++) {
      at = tree.add(at, "dir", tree.directory());
      tree.add(at, "file", tree.file("x"));
    }
    Path dest = extract(Kind.LINUX, false);
    assertFalse(damaged, outside.err());
    assertEquals(2000, tally.files.sum());
    deleteDeep(dest);
  }

  /** The JUnit extension cannot: the path is longer than PATH_MAX. */
  private static void deleteDeep(Path dest) throws IOException {
    Process process = new ProcessBuilder("rm", "-rf", dest.toString()).inheritIO().start();
    try {
      assertEquals(0, process.waitFor());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void namesOfAnyBytesAndSpecialFilesComeOutOnLinux() throws IOException {
    tree.add(tree.rootNode(), new byte[] {'b', (byte) 0xff, '\n'}, tree.file("odd"));
    tree.add(tree.rootNode(), "fifo", tree.special(0x1000, 0, 0));
    tree.add(tree.rootNode(), "socket", tree.special(LibC.S_IFSOCK, 0, 0));
    Path dest = extract(Kind.LINUX, false);
    assertFalse(damaged, outside.err());
    assertEquals(1, tally.files.sum());
    assertTrue(stat(dest.resolve("fifo")).isOther());
    assertTrue(stat(dest.resolve("socket")).isOther());
  }

  @Test
  void aNameTooLongForTheDestinationIsToldAndTheRestGoesOn() throws IOException {
    tree.add(tree.rootNode(), "n".repeat(300), tree.file("x"));
    tree.add(tree.rootNode(), "good", tree.file("good"));
    Path dest = extract(Kind.LINUX, false);
    assertTrue(damaged);
    assertEquals("good", read(dest.resolve("good")));
    assertTrue(outside.err().contains("name too long"), outside.err());
  }

  @Test
  void aDestinationThatIsGoneEndsTheExtraction() {
    tree.add(tree.rootNode(), "file", tree.file("x"));
    assertThrows(DestinationException.class, () -> new LinuxDestination(parent.resolve("missing")));
  }
}
