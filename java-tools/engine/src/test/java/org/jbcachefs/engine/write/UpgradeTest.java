// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.MetadataVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UpgradeTest {
  private static final int CURRENT = MetadataVersion.CURRENT.number();
  private static final int OLD = MetadataVersion.number(1, 28);
  private static final int DEVICE_SHIFT = 48;
  private static final int FILES = 80;
  private static final int EXTENTS = 10;
  private static final int KEPT = 10;

  @TempDir Path spill;

  private TreeMap<Integer, Integer> files;

  /** One with files and with buckets to be discarded. */
  private List<MemoryDevice> filled() {
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 40L << 20)));
    WritableFilesystem filesystem =
        SmallFilesystem.create(media, 8 << 10, SmallFilesystem.options(1));
    TinyFiles tiny = new TinyFiles(filesystem);
    for (int file = 0; file < FILES; file++) {
      tiny.create(file, EXTENTS);
    }
    filesystem.sync();
    for (int file = 0; file < FILES - KEPT; file++) {
      tiny.remove(file);
    }
    tiny.close();
    filesystem.close();
    files = new TreeMap<>(Judge.files(media));
    assertFalse(files.isEmpty());
    return Judge.reopenable(media);
  }

  /** What a kernel of 1.28 does to it: its own order of need_discard, and its version. */
  private static List<MemoryDevice> lowered(List<MemoryDevice> media) {
    WritableFilesystem filesystem =
        WritableFilesystem.open(new ArrayList<>(media), SmallFilesystem.options(2));
    List<Bpos> positions = new ArrayList<>();
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.NEED_DISCARD.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        positions.add(keys.key().pos());
      }
    }
    assertFalse(positions.isEmpty());
    filesystem.transact(
        "lower",
        transaction -> {
          for (Bpos pos : positions) {
            Bpos old = Bpos.of(pos.offset() >>> DEVICE_SHIFT, pos.offset() & 0xffff_ffffL);
            transaction.delete(BtreeId.NEED_DISCARD, pos);
            Bkey key = new Bkey().setPos(old).setType(KeyType.SET.number());
            transaction.update(BtreeId.NEED_DISCARD, key);
          }
          return null;
        });
    filesystem.close();
    return changed(Judge.reopenable(media), editor -> version(editor, OLD, OLD));
  }

  private static void version(SuperblockEditor editor, int version, int complete) {
    editor.version(version).flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE, complete);
  }

  private static List<MemoryDevice> changed(
      List<MemoryDevice> media, Consumer<SuperblockEditor> change) {
    List<MemoryDevice> copies = Judge.reopenable(media);
    SuperblockWriter writer =
        new SuperblockWriter(
            DeviceSetAssembly.assemble(new ArrayList<>(copies)),
            SmallFilesystem.options(3).clock());
    writer.update(change::accept);
    return Judge.reopenable(copies);
  }

  private static Superblock openAndClose(List<MemoryDevice> media, boolean clean) {
    WritableFilesystem filesystem =
        WritableFilesystem.open(new ArrayList<>(media), SmallFilesystem.options(4));
    Superblock superblock = filesystem.superblock();
    if (clean) {
      filesystem.close();
    } else {
      filesystem.sync();
      filesystem.abandon();
    }
    return superblock;
  }

  private static String refusal(List<MemoryDevice> media) {
    RefusedException refused =
        assertThrows(RefusedException.class, () -> openAndClose(media, true));
    assertEquals("upgrade_required", refused.reason());
    return refused.getMessage();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatAKernelOf128LeftIsUpgradedAndSound(boolean clean) {
    List<MemoryDevice> media = lowered(filled());
    Superblock superblock = openAndClose(media, clean);
    assertEquals(CURRENT, superblock.version());
    assertEquals(CURRENT, superblock.flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE));
    assertEquals(OLD, superblock.versionIncompatAllowed());
    media = Judge.reopenable(media);
    assertEquals(List.of(), Judge.findings(media, spill));
    assertEquals(files, Judge.files(media));
  }

  @Test
  void anUpgradeThatWasCutOffIsDoneAgain() {
    List<MemoryDevice> media = changed(lowered(filled()), editor -> version(editor, CURRENT, OLD));
    openAndClose(media, true);
    assertEquals(List.of(), Judge.findings(Judge.reopenable(media), spill));
  }

  @Test
  void whatThisProgramCannotUpgradeIsRefusedByName() {
    List<MemoryDevice> media = lowered(filled());
    String policy =
        refusal(changed(media, editor -> editor.flag(SuperblockFlag.VERSION_UPGRADE, 1)));
    assertTrue(policy.contains("version_upgrade is incompatible"), policy);
    String shift =
        refusal(changed(media, editor -> editor.flag(SuperblockFlag.EXTENT_BP_SHIFT, 16)));
    assertTrue(shift.contains("backpointers"), shift);
    int older = MetadataVersion.number(1, 20);
    String passes =
        refusal(changed(media, editor -> version(editor.versionMin(older), older, older)));
    assertTrue(passes.contains("check_extents_to_backpointers"), passes);
  }

  @Test
  void aGoldenFilesystemOf113IsRefusedWithThePassesThatItNeeds() {
    RefusedException refused =
        assertThrows(
            RefusedException.class,
            () ->
                WritableFilesystem.open(
                    GoldenImages.open("old-version-1.13"), SmallFilesystem.options(5)));
    assertEquals("upgrade_required", refused.reason());
    assertTrue(refused.getMessage().contains("check_inodes"), refused.getMessage());
  }
}
