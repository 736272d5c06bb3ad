// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.dump;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.qcow2.Qcow2Device;
import org.jbcachefs.block.qcow2.Qcow2Writer;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.CheckRun;
import org.jbcachefs.engine.edit.ImageEditor;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.node.BtreePointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MetadataDumpTest {
  private static final byte[] SECRET = "SECRET+of+a+former+file!".getBytes(StandardCharsets.UTF_8);

  @TempDir private Path folder;

  static Stream<String> filesystems() {
    return Boolean.getBoolean("jbcachefs.nightly")
        ? GoldenImages.names().stream()
        : Stream.of(
            "default-1dev",
            "reflink",
            "snapshots",
            "encryption",
            "dirty-journal-multidev",
            "ec-6dev-degraded",
            "old-version-1.13");
  }

  private static OpenOptions options(String golden) {
    String passphrase = GoldenImages.passphrase(golden);
    return OpenOptions.defaults()
        .withThreads(2)
        .withPassphrase(
            () -> passphrase == null ? null : passphrase.getBytes(StandardCharsets.UTF_8));
  }

  /** Dumps to images, and opens those as devices. */
  private List<BlockDevice> dumped(String golden, List<BlockDevice> devices, Sanitizing what) {
    List<BlockDevice> images = new ArrayList<>();
    try (ReadFilesystem filesystem = ReadFilesystem.open(devices, options(golden))) {
      MetadataDump dump = new MetadataDump(filesystem, what, true, 2, finding -> {});
      for (int index = 0; index < filesystem.devices().size(); index++) {
        BlockDevice device = filesystem.devices().device(index);
        if (device != null) {
          Path path = folder.resolve(golden + what + index + ".qcow2");
          try (Qcow2Writer writer = new Qcow2Writer(path, device.size(), true)) {
            MetadataDump.Totals totals = dump.device(index, sink(writer));
            writer.finish();
            assertTrue(totals.bytes() < device.size() / 4, totals + " of " + device.size());
          }
          images.add(new Qcow2Device(FileBlockDevice.openReadOnly(path)));
        }
      }
    }
    return images;
  }

  private static MetadataDump.Sink sink(Qcow2Writer writer) {
    return new MetadataDump.Sink() {
      @Override
      public void piece(long offset, MemorySegment bytes) {
        writer.write(offset, bytes);
      }

      @Override
      public void progress(double fraction) {}
    };
  }

  private static List<String> allKeys(String golden, List<BlockDevice> devices) {
    List<String> keys = new ArrayList<>();
    try (ReadFilesystem filesystem = ReadFilesystem.open(devices, options(golden))) {
      for (int btree : filesystem.btrees().present()) {
        for (int level = filesystem.btrees().rootLevel(btree); level >= 0; level--) {
          try (KeyIterator all = filesystem.btrees().iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
            while (all.next()) {
              Bkey key = all.key();
              int value = Arrays.hashCode(bytes(key));
              keys.add(btree + ":" + level + " " + key.pos() + " " + key.type() + " " + value);
            }
          }
        }
      }
      assertTrue(keys.size() > 100, keys.size() + " keys");
    }
    return keys;
  }

  private static byte[] bytes(Bkey key) {
    return key.value().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }

  @ParameterizedTest
  @MethodSource("filesystems")
  void aDumpHasAllKeysAndNothingOfFilesAndTheSameIsFoundInIt(String golden) {
    List<BlockDevice> images = dumped(golden, GoldenImages.open(golden), Sanitizing.NONE);
    assertEquals(allKeys(golden, GoldenImages.open(golden)), allKeys(golden, images));
    List<BlockDevice> sanitized = dumped(golden, GoldenImages.open(golden), Sanitizing.DATA);
    assertEquals(findings(golden, GoldenImages.open(golden)), findings(golden, sanitized));
    assertNothingOfFiles(golden, reopened(golden, sanitized));
  }

  /** What a check finds, with numbers for the devices' names; most images have nothing to find. */
  private static String findings(String golden, List<BlockDevice> devices) {
    List<String> names = devices.stream().map(BlockDevice::name).toList();
    String text = CheckRun.of(golden, devices, CheckOptions.defaults().withThreads(2)).text();
    for (String name : names) {
      text = text.replace(name, "device " + names.indexOf(name));
    }
    return text;
  }

  /** A check closes its devices. */
  private static List<BlockDevice> reopened(String golden, List<BlockDevice> images) {
    List<BlockDevice> again = new ArrayList<>();
    for (BlockDevice image : images) {
      again.add(new Qcow2Device(FileBlockDevice.openReadOnly(Path.of(image.name()))));
    }
    assertFalse(again.isEmpty(), golden);
    return again;
  }

  private static void assertNothingOfFiles(String golden, List<BlockDevice> images) {
    int inline = 0;
    try (ReadFilesystem filesystem = ReadFilesystem.open(images, options(golden))) {
      ExtentEntries entries = new ExtentEntries();
      ExtentEntrySizes sizes = ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s);
      for (BtreeId btree : List.of(BtreeId.EXTENTS, BtreeId.REFLINK)) {
        try (KeyIterator keys = filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
          while (keys.next()) {
            Bkey key = keys.key();
            KeyType type = KeyType.of(key.type());
            if (type == KeyType.INLINE_DATA || type == KeyType.INDIRECT_INLINE_DATA) {
              inline++;
              int skip = type == KeyType.INLINE_DATA ? 0 : Long.BYTES;
              assertZero(key.value().asSlice(skip), btree + " " + key.pos());
            } else if (type == KeyType.EXTENT || type == KeyType.REFLINK_V) {
              entries.of(key, sizes);
              while (entries.nextPtr()) {
                assertZero(filesystem, entries, btree + " " + key.pos());
              }
            }
          }
        }
      }
    }
    assertTrue(inline > 0 || !golden.equals("default-1dev"), "nothing is inline");
  }

  private static void assertZero(ReadFilesystem filesystem, ExtentEntries entries, String where) {
    if (entries.dev() >= filesystem.devices().size()
        || filesystem.devices().device(entries.dev()) == null) {
      return;
    }
    MemorySegment data = MemorySegment.ofArray(new byte[512 * entries.crc().compressedSectors()]);
    try {
      filesystem.devices().read(entries.dev(), entries.sector(), data);
    } catch (DeviceException e) {
      return;
    }
    assertZero(data, where);
  }

  private static void assertZero(MemorySegment bytes, String where) {
    byte[] all = bytes.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    assertTrue(Arrays.equals(all, new byte[all.length]), where);
  }

  @Test
  void whatWasThereBeforeANodeOrAJournalEntryStaysBehind() {
    List<BlockDevice> devices = new ArrayList<>();
    GoldenImages.open("default-1dev").forEach(one -> devices.add(new CopyOnWriteDevice(one)));
    hide(devices.getFirst());
    List<BlockDevice> images = dumped("default-1dev", devices, Sanitizing.NONE);
    byte[] all = new byte[(int) images.getFirst().size()];
    images.getFirst().read(0, MemorySegment.ofArray(all));
    images.forEach(BlockDevice::close);
    assertFalse(new String(all, StandardCharsets.ISO_8859_1).contains("SECRET"));
  }

  /** Behind what is written of each node, and at the end of each journal bucket. */
  private static void hide(BlockDevice device) {
    int hidden = 0;
    try (ReadFilesystem filesystem =
        ReadFilesystem.open(GoldenImages.open("default-1dev"), options("default-1dev"))) {
      int nodeBytes = filesystem.superblock().btreeNodeBytes();
      for (var root : filesystem.journal().roots()) {
        BtreePointer pointer =
            BtreePointer.parse(
                root.btree(), root.level(), root.key(), org.jbcachefs.format.error.Place.NOWHERE);
        if (pointer.sectorsWritten() * 512 < nodeBytes) {
          for (BtreePointer.Replica replica : pointer.replicas()) {
            device.write(replica.sector() * 512 + nodeBytes - 512, MemorySegment.ofArray(SECRET));
            hidden++;
          }
        }
      }
      long bucket = 512L * filesystem.devices().member(0).bucketSectors();
      for (long number : filesystem.devices().superblockOf(0).journalBuckets().buckets()) {
        device.write((number + 1) * bucket - 512, MemorySegment.ofArray(SECRET));
        hidden++;
      }
    }
    assertTrue(hidden > 10, hidden + " places");
  }

  @Test
  void aDamagedFilesystemShowsTheSameDamage() {
    List<String> edits =
        List.of(
            "kill dirents:1:0",
            "node inodes:0 4096:0 bset0.seq=0x1234",
            "delete alloc 0:106",
            "root subvolumes min_key.inode=3");
    for (String edit : edits) {
      List<BlockDevice> images = dumped("snapshots", damaged(edit), Sanitizing.DATA);
      assertEquals(names(damaged(edit)), names(images), edit);
    }
  }

  private static List<BlockDevice> damaged(String edit) {
    List<BlockDevice> devices = new ArrayList<>();
    GoldenImages.open("snapshots").forEach(one -> devices.add(new CopyOnWriteDevice(one)));
    new ImageEditor(devices, options("snapshots")).run(edit);
    return devices;
  }

  private static List<String> names(List<BlockDevice> devices) {
    CheckRun run = CheckRun.of("snapshots", devices, CheckOptions.defaults().withThreads(2));
    return run.findings().stream()
        .map(finding -> finding.name() + " " + finding.btree() + " " + finding.pos())
        .sorted()
        .toList();
  }

  @Test
  void namesAreBlottedOutWhenAsked() {
    List<BlockDevice> images =
        dumped("snapshots", GoldenImages.open("snapshots"), Sanitizing.FILENAMES);
    byte[] all = new byte[(int) images.getFirst().size()];
    images.getFirst().read(0, MemorySegment.ofArray(all));
    images.forEach(BlockDevice::close);
    String text = new String(all, StandardCharsets.ISO_8859_1);
    assertFalse(text.contains("snap-nested"), "a name is left");
    assertTrue(text.contains("XXXXXXXXXXX"), "nothing is blotted out");
  }
}
