// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.value.KeyText;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageEditorTest {
  private final List<BlockDevice> devices = new ArrayList<>();
  private OpenOptions options = OpenOptions.defaults();

  private ImageEditor open(String image) {
    GoldenImages.open(image).forEach(device -> devices.add(new CopyOnWriteDevice(device)));
    String passphrase = GoldenImages.passphrase(image);
    if (passphrase != null) {
      options = options.withPassphrase(passphrase::getBytes);
    }
    return new ImageEditor(devices, options);
  }

  @AfterEach
  void close() {
    devices.forEach(BlockDevice::close);
  }

  /** Every leaf key as text, read by nobody but the readers. */
  private Set<String> keys(BtreeId btree) {
    List<EditResult.Write> writes = new ArrayList<>();
    List<BlockDevice> borrowed = new ArrayList<>();
    devices.forEach(device -> borrowed.add(new BorrowedDevice(device, writes)));
    Set<String> keys = new HashSet<>();
    try (ReadFilesystem filesystem = ReadFilesystem.open(borrowed, options);
        KeyIterator iterator = filesystem.btrees().iterate(btree.number(), 0, Bpos.MIN, Bpos.MAX)) {
      KeyText text = new KeyText(filesystem.keyContext());
      while (iterator.next()) {
        StringBuilder line = new StringBuilder();
        text.key(line, btree.number(), iterator.key());
        keys.add(line.toString());
      }
    }
    assertTrue(writes.isEmpty());
    return keys;
  }

  private static Set<String> minus(Set<String> left, Set<String> right) {
    Set<String> difference = new HashSet<>(left);
    difference.removeAll(right);
    return difference;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "default-1dev",
        "encryption",
        "metadata-csum-none",
        "checksums-all",
        "replicas2-3dev",
        "multi-file-tree",
        "old-version-1.13",
        "snapshots",
      })
  void exactlyTheKeyThatIsNamedChangesAndAllChecksumsHold(String image) {
    ImageEditor editor = open(image);
    Set<String> before = keys(BtreeId.INODES);
    String root = "inodes 0:4096:U32_MAX ";
    EditResult longer = editor.run("set " + root + "bi_uid=4000000000 bi_dir_offset=0x123456789");
    Set<String> after = keys(BtreeId.INODES);
    assertEquals(Set.of(longer.before()), minus(before, after));
    assertEquals(Set.of(longer.after()), minus(after, before));
    EditResult same = editor.run("set " + root + "bi_mode=040700");
    assertTrue(minus(keys(BtreeId.INODES), after).contains(same.after()));
    editor.run("delete " + root);
    assertEquals(before.size() - 1, keys(BtreeId.INODES).size());
    editor.run("insert inodes 0:4095:U32_MAX whiteout");
    assertEquals(before.size(), keys(BtreeId.INODES).size());
  }

  @Test
  void aNodeThatGrowsTakesItsPointersAndRootsAlong() {
    ImageEditor editor = open("snapshots");
    int children = keys(BtreeId.SUBVOLUME_CHILDREN).size();
    Set<String> others = keys(BtreeId.SUBVOLUMES);
    for (int i = 0; i < 300; i++) {
      editor.run("insert subvolume_children 77:" + i + " set");
    }
    assertEquals(children + 300, keys(BtreeId.SUBVOLUME_CHILDREN).size());
    assertEquals(others, keys(BtreeId.SUBVOLUMES));
  }

  @Test
  void aKeyMayMoveToAnotherNode() {
    ImageEditor editor = open("multi-file-tree");
    Set<String> before = keys(BtreeId.INODES);
    editor.run("set inodes 0:4096:U32_MAX pos=0:U64_MAX:7");
    Set<String> after = keys(BtreeId.INODES);
    assertEquals(before.size(), after.size());
    assertEquals(1, minus(after, before).size());
    assertTrue(minus(after, before).iterator().next().contains("0:U64_MAX:7"));
  }

  @Test
  void superblockFieldsChangeInEveryCopyOfEveryDevice() {
    ImageEditor editor = open("replicas2-3dev");
    editor.run("set sb member1.state=1 ext.recovery_passes_required0|=0x10");
    EditResult shown = editor.run("get sb@2 member1.state ext.recovery_passes_required0");
    assertEquals(1, shown.fields().get(0).value());
    assertEquals(0x10, shown.fields().get(1).value());
    assertTrue(shown.writes().isEmpty());
  }

  @Test
  void aKilledNodeCannotBeRead() {
    ImageEditor editor = open("default-1dev");
    editor.run("kill inodes:0:0");
    assertThrows(CorruptionException.class, () -> keys(BtreeId.INODES));
    assertFalse(keys(BtreeId.DIRENTS).isEmpty());
  }

  @Test
  void nodeHeadersChangeAndAreSealedAgain() {
    ImageEditor editor = open("encryption");
    editor.run("node inodes:0 0:4096:U32_MAX min_key.inode=5");
    CorruptionException e = assertThrows(CorruptionException.class, () -> keys(BtreeId.INODES));
    assertTrue(e.getMessage().contains("incorrect min_key"), e.getMessage());
  }

  @Test
  void whatTheJournalKnowsBetterIsRefusedByName() {
    ImageEditor editor = open("dirty-journal-1");
    RefusedException e =
        assertThrows(
            RefusedException.class, () -> editor.run("set inodes 0:4096:U32_MAX bi_mode=0"));
    assertEquals("journalled_key", e.reason());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "frobnicate",
        "set inodes",
        "set inodes 0:4096:U32_MAX bi_nothing=1",
        "set inodes 0:4096:U32_MAX bi_mode=many",
        "set inodes 0:4096:U32_MAX bi_mode",
        "set nosuch 1:2 a=b",
        "get inodes 1:2:3:4",
        "set sb nothing=1",
        "section nothing delete",
        "set inodes 0:4096:U32_MAX 'd_name=x",
      })
  void whatMakesNoSenseIsRefused(String statement) {
    ImageEditor editor = open("default-1dev");
    RefusedException e = assertThrows(RefusedException.class, () -> editor.run(statement));
    assertEquals("bad_edit", e.reason());
  }
}
