// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.RenameMode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is left of deleted snapshots is cleaned up a few keys at a time: after each step fsck finds
 * nothing, whoever writes meanwhile; and names that change in a snapshot are the snapshot's own.
 */
class SnapshotCleanUpTest {
  private static final int FILES = 60;
  private static final int STEPS_MOST = 10_000;

  @TempDir Path spill;

  private final List<MemoryDevice> media = List.of(new MemoryDevice("device", 68L << 20));
  private final WritableFilesystem filesystem = create();
  private final WritableTree tree = new WritableTree(filesystem, _ -> {});

  private WritableFilesystem create() {
    int current = MetadataVersion.CURRENT.number();
    return FilesystemFormat.create(
        SmallFilesystem.format(media, 8 << 10, 512, 9, current, Map.of(), null),
        Optional.empty(),
        SmallFilesystem.options(9));
  }

  private static byte[] name(String name) {
    return name.getBytes(UTF_8);
  }

  private InodeId directory(InodeId parent, String name) {
    return tree.create(parent, name(name), NewInode.of(0x4000 | 0755, 0, 0)).id();
  }

  private InodeId file(InodeId parent, String name) {
    return tree.create(parent, name(name), NewInode.of(0x8000 | 0644, 0, 0)).id();
  }

  private void write(InodeId file, long offset, int bytes) {
    tree.write(file, offset, MemorySegment.ofArray(new byte[bytes]).fill((byte) 'x'));
  }

  private void sound(String when) {
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(media, spill), when);
  }

  private void close() {
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(media, spill), "closed");
  }

  private void snapshot(String name) {
    tree.createSnapshot(tree.root().subvolume(), tree.root(), name(name), true);
  }

  @Test
  void everyStepLeavesASoundFilesystem() {
    List<InodeId> files = new ArrayList<>();
    InodeId inner = directory(tree.root(), "inner");
    for (int i = 0; i < FILES; i++) {
      InodeId file = file(i % 2 == 0 ? tree.root() : inner, "file" + i);
      write(file, 0, 12_000);
      files.add(file);
    }
    snapshot("first");
    for (int i = 0; i < FILES; i += 3) {
      write(files.get(i), 4096, 2048);
    }
    tree.unlink(inner, name("file1"));
    tree.rename(inner, name("file3"), tree.root(), name("moved"), RenameMode.REPLACE);
    snapshot("second");
    tree.unlink(tree.root(), name("file2"));
    tree.deleteSubvolume(tree.root(), name("first"));
    tree.deleteSubvolume(tree.root(), name("second"));
    int steps = 0;
    for (; tree.needsCleanUp(); steps++) {
      assertTrue(steps < STEPS_MOST);
      tree.cleanUp(() -> false);
      write(files.get(9 + steps % 30), 5120, 1024);
      sound("after step " + steps);
    }
    assertTrue(steps > 4, "there was something to be broken off");
    assertFalse(tree.needsCleanUp());
    close();
  }

  @Test
  void namesThatChangeInASnapshotAreItsOwn() {
    InodeId folding = directory(tree.root(), "folding");
    tree.setOption(folding, InodeOption.CASEFOLD, OptionalLong.of(1));
    directory(folding, "Name");
    snapshot("snapshot");
    tree.rename(folding, name("NAME"), folding, name("name"), RenameMode.REPLACE);
    sound("another case");
    directory(tree.root(), "same");
    snapshot("another");
    tree.rename(tree.root(), name("same"), tree.root(), name("same"), RenameMode.REPLACE);
    sound("the same name");
    close();
  }

  @Test
  void aNameInADescendantDoesNotCountForItsAncestor() {
    InodeId file = file(tree.root(), "one");
    tree.link(file, tree.root(), name("two"));
    snapshot("snapshot");
    tree.unlink(tree.root(), name("one"));
    tree.rename(tree.root(), name("two"), tree.root(), name("three"), RenameMode.REPLACE);
    sound("one name left, another one");
    close();
  }
}
