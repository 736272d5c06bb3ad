// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jbcachefs.cli.testing.MemoryTree;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.error.NotFoundException;
import org.junit.jupiter.api.Test;

final class PathResolverTest {
  private final MemoryTree tree = new MemoryTree();
  private final MemoryTree.Node a = tree.add(tree.rootNode(), "a", tree.directory());
  private final MemoryTree.Node file = tree.add(a, "file", tree.file("x"));

  private FileId resolve(String path, boolean follow) {
    return new PathResolver(tree, tree.root()).resolve(MemoryTree.bytes(path), follow);
  }

  @Test
  void slashesDotsAndDoubleDotsAreAsInPosix() {
    assertEquals(file.id(), resolve("/a/file", false));
    assertEquals(file.id(), resolve("a//./file", false));
    assertEquals(file.id(), resolve("/a/../a/file", false));
    assertEquals(tree.root(), resolve("/../..", false));
  }

  @Test
  void linksOnTheWayAreFollowedTheLastOneOnlyIfAsked() {
    MemoryTree.Node link = tree.add(tree.rootNode(), "link", tree.symlink("a/file"));
    tree.add(tree.rootNode(), "dirlink", tree.symlink("/a"));
    assertEquals(link.id(), resolve("/link", false));
    assertEquals(file.id(), resolve("/link", true));
    assertEquals(file.id(), resolve("/dirlink/file", false));
    assertEquals(a.id(), resolve("/dirlink/", false));
  }

  @Test
  void noLinkLeadsOutOfTheTree() {
    tree.add(a, "up", tree.symlink("../../../../a/file"));
    assertEquals(file.id(), resolve("/a/up", true));
  }

  @Test
  void linksInALoopAreRefused() {
    tree.add(tree.rootNode(), "l1", tree.symlink("l2"));
    tree.add(tree.rootNode(), "l2", tree.symlink("l1"));
    NotFoundException e = assertThrows(NotFoundException.class, () -> resolve("/l1", true));
    assertEquals("/l1: too many symbolic links", e.sentence());
  }

  @Test
  void whatIsNotThereIsToldByItsPath() {
    NotFoundException e = assertThrows(NotFoundException.class, () -> resolve("/a/b", true));
    assertEquals("/a/b: no such file or directory", e.sentence());
    assertThrows(NotFoundException.class, () -> resolve("/a/file/x", true));
  }
}
