// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.testing.MemoryTree;
import org.jbcachefs.cli.testing.Outside;
import org.jbcachefs.format.error.BcachefsException;
import org.junit.jupiter.api.Test;

final class TreePrinterTest {
  private static final TreePrinter.Style DRAWING =
      new TreePrinter.Style(Integer.MAX_VALUE, false, false, false);
  private static final TreePrinter.Style PATHS =
      new TreePrinter.Style(Integer.MAX_VALUE, false, true, false);

  private final MemoryTree tree = new MemoryTree();
  private final Outside outside = new Outside();

  private boolean print(TreePrinter.Style style) throws IOException {
    Invocation invocation = outside.invocation(Output.Form.TEXT, "tree");
    new TreePrinter(invocation, tree, style).print(MemoryTree.bytes("/"), tree.root());
    invocation.out().finish();
    return invocation.isDamaged();
  }

  @Test
  void aTreeIsDrawnInTheOrderOfNames() throws IOException {
    MemoryTree.Node b = tree.add(tree.rootNode(), "b", tree.directory());
    tree.add(tree.rootNode(), "c", tree.symlink("b/x"));
    tree.add(tree.rootNode(), "a", tree.file("1"));
    tree.add(b, "y", tree.file("2"));
    tree.add(b, "x\n", tree.file("3"));
    assertFalse(print(DRAWING));
    assertEquals(
        """
        /
        ├── a
        ├── b
        │   ├── x\\n
        │   └── y
        └── c -> b/x

        1 directory, 4 files
        """,
        outside.out());
  }

  @Test
  void pathsAreWhole() throws IOException {
    MemoryTree.Node b = tree.add(tree.rootNode(), "b", tree.directory());
    tree.add(b, "y", tree.file("2"));
    print(PATHS);
    assertEquals("/b\n/b/y\n", outside.out());
  }

  @Test
  void aDirectoryInsideItselfIsReportedAndNotEnteredAgain() throws IOException {
    MemoryTree.Node b = tree.add(tree.rootNode(), "b", tree.directory());
    tree.add(b, "again", b);
    assertTrue(print(PATHS));
    assertEquals("/b\n/b/again\n", outside.out());
    assertTrue(outside.err().startsWith("jbcachefs: /b/again: dirents: this directory was met"));
  }

  @Test
  void aTreeOfDirectoriesWithTwoNamesEachDoesNotExplode() throws IOException {
    MemoryTree.Node at = tree.rootNode();
    for (int i = 0; i < 64; i++) {
      MemoryTree.Node next = tree.directory();
      tree.add(at, "l", next);
      tree.add(at, "r", next);
      at = next;
    }
    assertTrue(print(PATHS));
    assertEquals(128, outside.out().lines().count());
  }

  @Test
  void aDeepTreeDoesNotOverflowTheStack() throws IOException {
    MemoryTree.Node at = tree.rootNode();
    for (int i = 0; i < 100_000; i++) {
      at = tree.add(at, "d", tree.directory());
    }
    AtomicLong visited = new AtomicLong();
    TreeWalk.Visitor counter =
        new TreeWalk.Visitor() {
          @Override
          public boolean visit(TreeWalk.Step step) {
            visited.incrementAndGet();
            return true;
          }

          @Override
          public void damaged(TreeWalk.Step where, BcachefsException e) {
            throw e;
          }
        };
    new TreeWalk(tree, counter).walk(MemoryTree.bytes("/"), tree.root());
    assertEquals(100_000, visited.get());
  }

  @Test
  void impossibleNamesAreReportedAndNotShown() throws IOException {
    tree.add(tree.rootNode(), "..", tree.file("x"));
    tree.add(tree.rootNode(), "a/b", tree.file("x"));
    tree.add(tree.rootNode(), "good", tree.file("x"));
    assertTrue(print(PATHS));
    assertEquals("/good\n", outside.out());
    assertEquals(2, outside.err().lines().count());
  }
}
