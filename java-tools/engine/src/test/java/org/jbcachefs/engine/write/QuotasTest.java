// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.AttributeChange;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.QuotaCounter;
import org.jbcachefs.engine.fs.write.QuotaType;
import org.jbcachefs.engine.fs.write.Quotas;
import org.jbcachefs.engine.fs.write.RenameMode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Limits, and that what is counted is what is there. */
class QuotasTest {
  private static final int USER = 1000;
  private static final int GROUP = 1001;
  private static final NewInode FILE = NewInode.of(0x8000 | 0644, USER, GROUP);
  private static final NewInode DIRECTORY = NewInode.of(0x4000 | 0755, USER, GROUP);
  private static final Map<FilesystemOption, Long> ON =
      Map.of(
          FilesystemOption.USRQUOTA,
          1L,
          FilesystemOption.GRPQUOTA,
          1L,
          FilesystemOption.PRJQUOTA,
          1L);

  @TempDir Path spill;

  private final AtomicLong seconds = new AtomicLong(1_700_000_000);
  private List<MemoryDevice> devices;
  private WritableFilesystem filesystem;
  private WritableTree tree;
  private InodeId root;

  private WriteOptions options(long seed) {
    InstantSource clock = () -> Instant.ofEpochSecond(seconds.get());
    return SmallFilesystem.options(seed).withClock(clock);
  }

  @BeforeEach
  void create() {
    devices = new ArrayList<>(List.of(new MemoryDevice("device", 96L << 20)));
    filesystem = formatted(devices, options(7));
    tree = new WritableTree(filesystem, _ -> {});
    root = tree.root();
  }

  private static WritableFilesystem formatted(List<MemoryDevice> devices, WriteOptions options) {
    int allowed = MetadataVersion.number(1, 38);
    return FilesystemFormat.create(
        SmallFilesystem.format(devices, 8 << 10, 512, 1, allowed, ON, null),
        Optional.empty(),
        options);
  }

  @AfterEach
  void closeAndCheck() {
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(devices, spill), "while it is open");
    Map<String, List<Long>> counted = usage(tree);
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(devices, spill), "after it was closed");
    devices = Judge.reopenable(devices);
    filesystem = WritableFilesystem.open(new ArrayList<>(devices), options(8));
    tree = new WritableTree(filesystem, _ -> {});
    assertEquals(counted, usage(tree), "what is kept is what is counted anew");
    tree.close();
    filesystem.close();
  }

  private static byte[] name(String text) {
    return text.getBytes(UTF_8);
  }

  private InodeId make(String name) {
    return tree.create(root, name(name), FILE).id();
  }

  private void write(InodeId file, long offset, int bytes) {
    byte[] data = new byte[bytes];
    new Random(bytes + offset).nextBytes(data);
    tree.write(file, offset, MemorySegment.ofArray(data));
  }

  private static Map<String, List<Long>> usage(WritableTree tree) {
    Map<String, List<Long>> all = new TreeMap<>();
    for (QuotaType type : QuotaType.values()) {
      for (Quotas.Report report : tree.quotas().report(type)) {
        List<Long> used = report.limits().stream().map(Quotas.Counted::used).toList();
        if (!used.equals(List.of(0L, 0L))) {
          all.put(type + " " + report.id(), used);
        }
      }
    }
    return all;
  }

  private Quotas.Counted of(QuotaType type, int id, QuotaCounter counter) {
    return tree.quotas().report(type).stream()
        .filter(report -> report.id() == id)
        .findFirst()
        .orElseThrow()
        .limits()
        .get(counter.number());
  }

  private static void assertOver(Executable operation) {
    assertEquals(PosixError.EDQUOT, assertThrows(PosixException.class, operation).error());
  }

  @Test
  void aHardLimitOfInodesIsKept() {
    tree.quotas().setLimits(QuotaType.USER, USER, null, null, null, 3L);
    make("a");
    tree.create(root, name("dir"), DIRECTORY);
    InodeId c = make("c");
    assertOver(() -> make("d"));
    assertTrue(tree.lookup(root, name("d")).isEmpty(), "nothing has happened");
    assertOver(() -> tree.createTemporary(root, FILE));
    assertEquals(1, Quotas.exempt(() -> make("root may").number() == 0 ? 0 : 1));
    tree.unlink(root, name("root may"));
    tree.unlink(root, name("c"));
    assertThrows(PosixException.class, () -> tree.attributes(c));
    make("again");
    assertEquals(3, of(QuotaType.USER, USER, QuotaCounter.INODES).used());
    tree.create(root, name("others"), NewInode.of(0x8000 | 0644, 5, 5));
  }

  @Test
  void aHardLimitOfSpaceIsKeptAtTheWrite() {
    tree.quotas().setLimits(QuotaType.GROUP, GROUP, null, 200L, null, null);
    InodeId file = make("file");
    write(file, 0, 60_000);
    assertOver(() -> write(file, 60_000, 60_000));
    assertEquals(60_000, tree.attributes(file).size());
    write(file, 0, 60_000);
    write(file, 1 << 20, 30_000);
    assertTrue(of(QuotaType.GROUP, GROUP, QuotaCounter.SPACE).used() <= 200);
    tree.setAttributes(file, AttributeChange.NONE.withSize(0));
    assertEquals(0, of(QuotaType.GROUP, GROUP, QuotaCounter.SPACE).used());
    write(file, 0, 100_000);
  }

  @Test
  void whoeverGetsAFileMustHaveRoomForIt() {
    tree.quotas().setLimits(QuotaType.USER, 5, null, 100L, null, null);
    tree.quotas().setLimits(QuotaType.PROJECT, 77, null, null, null, 1L);
    InodeId large = make("large");
    write(large, 0, 80_000);
    assertOver(() -> tree.setAttributes(large, AttributeChange.NONE.withUid(5)));
    assertEquals(USER, tree.attributes(large).uid());
    InodeId small = make("small");
    write(small, 0, 20_000);
    tree.setAttributes(small, AttributeChange.NONE.withUid(5));
    assertEquals(40, of(QuotaType.USER, 5, QuotaCounter.SPACE).used());
    tree.setAttributes(small, AttributeChange.NONE.withProject(77));
    assertOver(() -> tree.setAttributes(large, AttributeChange.NONE.withProject(77)));
    assertOver(() -> {
      InodeId directory = tree.create(root, name("dir"), DIRECTORY).id();
      tree.setAttributes(directory, AttributeChange.NONE.withProject(77));
    });
  }

  @Test
  void aSoftLimitMayBeExceededForAWhile() {
    tree.quotas().setLimits(QuotaType.USER, USER, null, null, 2L, null);
    tree.quotas().setGrace(QuotaType.USER, QuotaCounter.INODES, 60);
    make("a");
    make("b");
    assertEquals(0, of(QuotaType.USER, USER, QuotaCounter.INODES).graceEnds());
    make("c");
    assertEquals(seconds.get() + 60, of(QuotaType.USER, USER, QuotaCounter.INODES).graceEnds());
    seconds.addAndGet(59);
    make("d");
    seconds.addAndGet(1);
    assertOver(() -> make("e"));
    tree.unlink(root, name("c"));
    tree.unlink(root, name("d"));
    make("f");
    assertEquals(seconds.get() + 60, of(QuotaType.USER, USER, QuotaCounter.INODES).graceEnds());
  }

  @Test
  void limitsAreThereAfterTheNextOpening() {
    tree.quotas().setLimits(QuotaType.USER, USER, 10L, 20L, 30L, 40L);
    tree.quotas().setLimits(QuotaType.USER, USER, null, 25L, 0L, null);
    tree.quotas().setGrace(QuotaType.GROUP, QuotaCounter.SPACE, 1234);
    tree.close();
    filesystem.close();
    devices = Judge.reopenable(devices);
    filesystem = WritableFilesystem.open(new ArrayList<>(devices), options(9));
    tree = new WritableTree(filesystem, _ -> {});
    Quotas.Counted space = of(QuotaType.USER, USER, QuotaCounter.SPACE);
    Quotas.Counted inodes = of(QuotaType.USER, USER, QuotaCounter.INODES);
    assertEquals(List.of(10L, 25L), List.of(space.soft(), space.hard()));
    assertEquals(List.of(0L, 40L), List.of(inodes.soft(), inodes.hard()));
    assertEquals(1234, tree.quotas().graceSeconds(QuotaType.GROUP, QuotaCounter.SPACE));
    assertEquals(604_800, tree.quotas().graceSeconds(QuotaType.GROUP, QuotaCounter.INODES));
  }

  @Test
  void whatIsCountedIsWhatTheMasterSubvolumesSee() {
    assertTrue(countsRightly(WriteRules.ALL));
  }

  /** Random changes in a subvolume and a snapshot of it; W71. */
  static boolean countsRightly(WriteRules rules) {
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 96L << 20)));
    try (WritableFilesystem filesystem = formatted(media, SmallFilesystem.options(3, rules))) {
      WritableTree tree = new WritableTree(filesystem, _ -> {});
      Random random = new Random(5);
      List<InodeId> roots = new ArrayList<>(List.of(tree.root()));
      roots.add(tree.createSubvolume(tree.root(), name("sub"), DIRECTORY).id());
      boolean right = true;
      for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < 120; i++) {
          change(tree, roots.get(random.nextInt(roots.size())), random);
        }
        InodeId made =
            tree.createSnapshot(
                    roots.get(1).subvolume(), tree.root(), name("snap" + turn), turn == 2)
                .id();
        if (turn < 2) {
          roots.add(made);
        }
        WritableTree counting = new WritableTree(filesystem, _ -> {});
        right &= usage(tree).equals(usage(counting));
        tree = counting;
      }
      tree.deleteSubvolume(tree.root(), name("sub"));
      WritableTree counting = new WritableTree(filesystem, _ -> {});
      right &= usage(tree).equals(usage(counting));
      counting.cleanUp();
      right &= usage(counting).equals(usage(new WritableTree(filesystem, _ -> {})));
      counting.close();
      return right;
    }
  }

  private static void change(WritableTree tree, InodeId root, Random random) {
    byte[] name = name("f" + random.nextInt(20));
    InodeId file = tree.lookup(root, name).map(entry -> entry.id()).orElse(null);
    if (file == null) {
      NewInode how = NewInode.of(0x8000 | 0644, random.nextInt(3), random.nextInt(3));
      tree.create(root, name, how);
      return;
    }
    switch (random.nextInt(6)) {
      case 0 -> tree.unlink(root, name);
      case 1 -> {
        byte[] other = name("f" + random.nextInt(20));
        tree.rename(root, name, root, other, RenameMode.REPLACE);
      }
      case 2 -> tree.setAttributes(file, AttributeChange.NONE.withUid(random.nextInt(3)));
      case 3 -> tree.setAttributes(file, AttributeChange.NONE.withProject(random.nextInt(3)));
      case 4 -> tree.setAttributes(file, AttributeChange.NONE.withSize(random.nextInt(100_000)));
      default ->
          tree.write(
              file,
              random.nextInt(50_000),
              MemorySegment.ofArray(new byte[1 + random.nextInt(30_000)]));
    }
  }

  @Test
  void whereNoAccountIsKeptThereAreNoLimits() {
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 40L << 20)));
    try (WritableFilesystem other =
        SmallFilesystem.create(media, 8 << 10, SmallFilesystem.options(1))) {
      WritableTree without = new WritableTree(other, _ -> {});
      assertThrows(
          RefusedException.class,
          () -> without.quotas().setLimits(QuotaType.USER, 1, 1L, 1L, 1L, 1L));
      without.close();
    }
    assertEquals(Attributes.DIRECTORY, tree.attributes(root).mode() & Attributes.TYPE_MASK);
  }
}
