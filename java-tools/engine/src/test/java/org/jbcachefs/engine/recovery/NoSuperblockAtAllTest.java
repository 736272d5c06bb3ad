// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.testing.ErasedSuperblocks;
import org.jbcachefs.engine.testing.TreeManifest;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.RefusedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A device that has lost every copy of its superblock, and the layout that says where they were.
 */
class NoSuperblockAtAllTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"inodes-32bit", "dirty-btree-small-nodes", "snapshots", "sb-primary-zeroed"})
  void rescueReadsTheWholeTreeButForItsTimes(String name) {
    List<String> expected =
        ErasedSuperblocks.comparable(GoldenImages.text(name, "manifest.txt").lines().toList());
    BlockDevice device = ErasedSuperblocks.of(name);
    assertThrows(
        CorruptionException.class,
        () ->
            ReadFilesystem.open(List.of(ErasedSuperblocks.of(name)), OpenOptions.defaults())
                .close());
    OpenOptions options = OpenOptions.defaults().withRescue(true).withThreads(2);
    try (ReadFilesystem filesystem = ReadFilesystem.open(List.of(device), options)) {
      List<String> actual =
          TreeManifest.of(filesystem.namespace(), filesystem.data(), filesystem.namespace().root());
      assertEquals(expected, ErasedSuperblocks.comparable(actual));
    }
  }

  @Test
  void anEncryptedOneIsRefusedSinceItsKeyIsLost() {
    OpenOptions options = OpenOptions.defaults().withRescue(true);
    RefusedException e =
        assertThrows(
            RefusedException.class,
            () ->
                ReadFilesystem.open(List.of(ErasedSuperblocks.of("encryption")), options).close());
    assertEquals("encrypted_without_superblock", e.reason());
    assertTrue(
        e.getMessage().contains("the filesystem is encrypted: its key was in the superblock"),
        e.getMessage());
  }
}
