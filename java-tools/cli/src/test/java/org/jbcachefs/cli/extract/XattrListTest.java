// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jbcachefs.cli.testing.MemoryTree;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class XattrListTest {
  @TempDir private Path directory;

  @Test
  void whatTheDestinationCannotHoldIsWrittenAsGetfattrWouldDumpIt() throws IOException {
    MemoryTree tree = new MemoryTree();
    MemoryTree.Node file =
        tree.file("x")
            .xattr("user.kept", MemoryTree.bytes("1"))
            .xattr("trusted.lost=", MemoryTree.bytes("2"))
            .option("bcachefs.compression", "lz4")
            .option("bcachefs_effective.compression", "lz4");
    Path path = directory.resolve("list");
    try (XattrList list = XattrList.open(path, false)) {
      XattrCopy copy = new XattrCopy(tree, list);
      copy.copy(
          file.id(),
          MemoryTree.bytes("dir/na\nme"),
          (name, value) -> {
            if (!new String(name, StandardCharsets.UTF_8).startsWith("user.")) {
              throw new DestinationException("x", 95);
            }
          });
      copy.copy(tree.root(), MemoryTree.bytes("."), (name, value) -> {});
      assertEquals(1, copy.notKept());
    }
    assertEquals(
        """
        # file: dir/na\\012me
        trusted.lost\\075=0x32
        bcachefs.compression=0x6c7a34

        """,
        Files.readString(path));
  }

  private static XattrList.Entries entries(String value) {
    XattrList.Entries entries = new XattrList.Entries();
    entries.add(MemoryTree.bytes("user.x"), MemoryTree.bytes(value));
    return entries;
  }

  @Test
  void goingOnKeepsWhatIsListedInFullAndListsTheRestOnce() throws IOException {
    Path path = directory.resolve("list");
    String whole = "# file: a\nuser.x=0x31\n\n# file: b\nuser.x=0x32\n\n";
    Files.writeString(path, whole + "# file: c\nuser.x=0x");
    try (XattrList list = XattrList.open(path, true)) {
      list.write(MemoryTree.bytes("b"), entries("2"));
      list.write(MemoryTree.bytes("c"), entries("3"));
      list.sync();
      assertEquals(whole + "# file: c\nuser.x=0x33\n\n", Files.readString(path));
    }
  }

  @Test
  void aNewListBeginsEmpty() throws IOException {
    Path path = directory.resolve("list");
    Files.writeString(path, "# file: a\nuser.x=0x31\n\n");
    XattrList.open(path, false).close();
    assertEquals("", Files.readString(path));
  }
}
