// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.block.testing.FaultyDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckListener;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.damage.DamageSurvey;
import org.jbcachefs.engine.damage.FileDamage;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.EntryRepair;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.OnlineRepair;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairListener;
import org.jbcachefs.engine.repair.RepairOptions;
import org.jbcachefs.engine.repair.RepairOutcome;
import org.jbcachefs.engine.repair.RepairRun;
import org.jbcachefs.engine.upgrade.UpgradeOptions;
import org.jbcachefs.engine.upgrade.UpgradeRun;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a filesystem in use remembers of the damage that it meets, from version 1.39 on. */
class DamageOnRecordTest {
  private static final int FILE_BYTES = 32 << 10;
  private static final int NEW = MetadataVersion.PER_DEV_FRAGMENTATION_LRU.number();
  private static final int OLD = MetadataVersion.CURRENT.number();

  @TempDir Path spill;

  private final List<MemoryDevice> media = new ArrayList<>();
  private final List<FaultyDevice> devices = new ArrayList<>();
  private WritableFilesystem filesystem;
  private WritableTree tree;

  private List<BlockDevice> lent() {
    List<BlockDevice> lent = new ArrayList<>();
    devices.forEach(device -> lent.add(new LentDevice(device)));
    return lent;
  }

  private void create(int members, int version) {
    for (int i = 0; i < members; i++) {
      media.add(new MemoryDevice("device" + i, 48L << 20));
      devices.add(new FaultyDevice(media.getLast(), i));
    }
    Map<FilesystemOption, Long> options = Map.of(FilesystemOption.DATA_REPLICAS, (long) members);
    filesystem =
        FilesystemFormat.create(
            SmallFilesystem.format(lent(), 16 << 10, 512, 3, OLD, options, null),
            Optional.empty(),
            SmallFilesystem.options(3));
    if (version != OLD) {
      filesystem.close();
      filesystem =
          UpgradeRun.open(
              lent(), UpgradeOptions.of(SmallFilesystem.options(4)).withTarget(version));
    }
    tree = new WritableTree(filesystem, _ -> {});
  }

  private InodeId write(String name) {
    byte[] data = new byte[FILE_BYTES];
    new Random(1).nextBytes(data);
    NewInode how = NewInode.of(0x8000 | 0644, 0, 0);
    InodeId file = tree.create(tree.root(), name.getBytes(UTF_8), how).id();
    tree.write(file, 0, MemorySegment.ofArray(data));
    tree.syncAll();
    return file;
  }

  private void read(InodeId file) {
    assertEquals(FILE_BYTES, tree.read(file, 0, MemorySegment.ofArray(new byte[FILE_BYTES])));
  }

  private void failToRead(InodeId file) {
    assertThrows(LostDataException.class, () -> read(file));
  }

  /** Where the copy that is tried first lies. */
  private interface Spoiling {
    void at(FaultyDevice device, long offset);
  }

  private void spoil(InodeId file, Spoiling spoiling) {
    ExtentEntries entries = new ExtentEntries();
    Bpos from = new Bpos(file.number(), 0, 0);
    try (KeyIterator keys =
        filesystem
            .btrees()
            .iterate(BtreeId.EXTENTS.number(), from, new Bpos(file.number(), -1, -1))) {
      assertTrue(keys.next());
      entries.of(keys.key(), ExtentEntrySizes.KNOWN);
      assertTrue(entries.nextPtr());
      spoiling.at(devices.get(entries.dev()), entries.sector() << 9);
    }
  }

  private static void rot(FaultyDevice device, long offset) {
    device.rot(offset, 512, 3);
  }

  private static void failReads(FaultyDevice device, long offset) {
    device.failReads(offset, 512);
  }

  /** Ends; what is on record of each path: errors, and how often. */
  private Map<String, String> recorded() {
    tree.close();
    filesystem.close();
    devices.forEach(FaultyDevice::heal);
    return onDevices();
  }

  private Map<String, String> onDevices() {
    assertEquals(List.of(), Judge.findings(media, spill));
    Map<String, String> recorded = new TreeMap<>();
    try (ReadFilesystem read = ReadFilesystem.open(lent(), OpenOptions.defaults())) {
      DamageSurvey survey = new DamageSurvey(read, new Nobody());
      survey.recorded();
      assertEquals(Map.of(), survey.elsewhere());
      for (FileDamage file : survey.files()) {
        StringBuilder text = new StringBuilder();
        file.recorded()
            .forEach(one -> text.append(one.error()).append(' ').append(one.count()).append(';'));
        recorded.put(new String(file.path(), UTF_8), text.toString());
      }
    }
    return recorded;
  }

  private static final class Nobody implements DamageSurvey.Listener {
    @Override
    public void begin(String what) {}

    @Override
    public void total(long bytes) {}

    @Override
    public void read(long bytes) {}
  }

  @Test
  void everyReadThatFailsIs() {
    create(1, NEW);
    InodeId file = write("file");
    spoil(file, DamageOnRecordTest::rot);
    failToRead(file);
    failToRead(file);
    filesystem.tick();
    failToRead(file);
    assertEquals(Map.of("/file", "data_read_csum_err 3;"), recorded());
  }

  @Test
  void whatAnotherCopyMadeGoodIsSaidToBe() {
    create(2, NEW);
    InodeId file = write("file");
    InodeId other = write("other");
    spoil(file, DamageOnRecordTest::rot);
    spoil(other, DamageOnRecordTest::failReads);
    read(file);
    read(other);
    assertEquals(
        Map.of(
            "/file", "data_read_csum_err_recovered 1;",
            "/other", "data_read_io_err_recovered 1;"),
        recorded());
  }

  @Test
  void whatADeviceRefusesIsAnotherErrorThanAWrongChecksum() {
    create(1, NEW);
    InodeId file = write("file");
    spoil(file, DamageOnRecordTest::failReads);
    failToRead(file);
    assertEquals(Map.of("/file", "data_read_io_err 1;"), recorded());
  }

  @Test
  void whoeverPointsToSharedDataIsConcerned() {
    create(1, NEW);
    InodeId file = write("file");
    NewInode how = NewInode.of(0x8000 | 0644, 0, 0);
    InodeId clone = tree.create(tree.root(), "clone".getBytes(UTF_8), how).id();
    spoil(file, DamageOnRecordTest::rot);
    tree.clone(file, 0, clone, 0, FILE_BYTES);
    failToRead(clone);
    assertEquals(Map.of("/clone", "data_read_csum_err 1;"), recorded());
  }

  @Test
  void whatASnapshotSeesAsWellIsRecordedOnceForBoth() {
    create(1, NEW);
    InodeId root = tree.root();
    NewInode how = NewInode.of(0x4000 | 0755, 0, 0);
    int subvolume = tree.createSubvolume(root, "sub".getBytes(UTF_8), how).id().subvolume();
    InodeId below = tree.subvolumeRoot(subvolume);
    byte[] data = new byte[FILE_BYTES];
    new Random(1).nextBytes(data);
    InodeId file =
        tree.create(below, "file".getBytes(UTF_8), NewInode.of(0x8000 | 0644, 0, 0)).id();
    tree.write(file, 0, MemorySegment.ofArray(data));
    tree.syncAll();
    tree.createSnapshot(subvolume, root, "snap".getBytes(UTF_8), false);
    spoil(file, DamageOnRecordTest::rot);
    failToRead(file);
    assertEquals(
        Map.of("/snap/file", "data_read_csum_err 1;", "/sub/file", "data_read_csum_err 1;"),
        recorded());
  }

  @Test
  void workInTheBackgroundMeetsItOnce() {
    create(1, NEW);
    InodeId file = write("file");
    spoil(file, DamageOnRecordTest::rot);
    tree.setOption(file, InodeOption.BACKGROUND_COMPRESSION, OptionalLong.of(3));
    for (int round = 0; round < 5; round++) {
      filesystem.reconcile(() -> true);
      filesystem.askForScan();
      filesystem.tick();
    }
    assertEquals(Map.of("/file", "data_read_csum_err 1;"), recorded());
  }

  @Test
  void olderVersionsHaveNoPlaceForIt() {
    create(1, OLD);
    InodeId file = write("file");
    spoil(file, DamageOnRecordTest::rot);
    failToRead(file);
    assertEquals(Map.of(), recorded());
  }

  @Test
  void whatIsRepairedMeanwhileIs() {
    create(1, NEW);
    NewInode how = NewInode.of(0x4000 | 0755, 0, 0);
    InodeId upper = tree.create(tree.root(), "upper".getBytes(UTF_8), how).id();
    InodeId lower = tree.create(upper, "lower".getBytes(UTF_8), how).id();
    putInto(upper, lower);
    RepairOutcome online =
        new OnlineRepair(filesystem, Runnable::run, options(), 3, new Accepting()).run();
    assertEquals("{dir_loop=1}", online.first().counts().toString());
    tree.close();
    filesystem.close();
    // The lost name and its parent's link count are for a repair that has it all to itself.
    RepairOptions offline = new RepairOptions(SmallFilesystem.options(5), options());
    assertTrue(new RepairRun(lent(), offline, new Accepting()).run().isClean());
    assertEquals(
        Map.of(
            "/lost+found/upper", "inode_unreachable 1;dir_loop 1;",
            "/lost+found/upper/lower", "inode_dir_wrong_nlink 1;"),
        onDevices());
  }

  private CheckOptions options() {
    return CheckOptions.defaults().withThreads(1).withSpill(spill);
  }

  /** The upper directory has its only name in the lower one, which is in it. */
  private void putInto(InodeId upper, InodeId lower) {
    int snapshot = tree.snapshotOf(upper.subvolume());
    filesystem.transact(
        "damage",
        transaction -> {
          EntryRepair names = new EntryRepair(transaction, filesystem.snapshots(), snapshot, false);
          Inode inode = names.inode(upper.number());
          names.remove(
              new Bpos(inode.get(InodeField.DIR), inode.get(InodeField.DIR_OFFSET), snapshot));
          Inode into = names.inode(lower.number());
          long offset =
              names.add(into, "upper".getBytes(UTF_8), Dirent.TYPE_DIRECTORY, upper.number());
          names.put(
              new InodeBuilder(inode)
                  .set(InodeField.DIR, lower.number())
                  .set(InodeField.DIR_OFFSET, offset)
                  .build());
          Inode root = names.inode(Inode.ROOT);
          names.put(
              new InodeBuilder(root).set(InodeField.NLINK, root.get(InodeField.NLINK) - 1).build());
          names.put(
              new InodeBuilder(into).set(InodeField.NLINK, into.get(InodeField.NLINK) + 1).build());
          return null;
        });
  }

  private static final class Accepting implements RepairListener {
    @Override
    public CheckListener checking(int round, ReadFilesystem filesystem) {
      return new CheckListener() {
        @Override
        public void finding(CheckFinding finding) {}
      };
    }

    @Override
    public boolean accept(CheckFinding finding, Repair repair) {
      return true;
    }

    @Override
    public void repairing(Repair repair, List<CheckFinding> findings) {}
  }
}
