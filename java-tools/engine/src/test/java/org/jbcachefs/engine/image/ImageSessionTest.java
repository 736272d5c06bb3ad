// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.image;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.FaultyDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.CheckRun;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FormatOptions;
import org.jbcachefs.engine.recovery.FormatPlan;
import org.jbcachefs.engine.recovery.FormatRequest;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.engine.testing.TreeManifest;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageSessionTest {
  private static final long BYTES = 32 << 20;
  private static final int FILES = 60;
  private static final int REMOVED = 30;
  private static final int FILE_BYTES = 90_000;
  private static final int CUTS = 8;

  @TempDir Path folder;

  private static WriteOptions options() {
    return WriteOptions.defaults()
        .withRandom(new Random(5))
        .withClock(InstantSource.fixed(Instant.ofEpochSecond(1_700_000_000)));
  }

  private static FormatRequest.MemberRequest member(BlockDevice device, int holds) {
    return new FormatRequest.MemberRequest(
        device, 0, null, Map.of(FilesystemOption.DATA_ALLOWED, (long) holds), 512, false);
  }

  /** An image with many files. */
  private static MemoryDevice image() {
    return image(MetadataVersion.CURRENT);
  }

  private static MemoryDevice image(MetadataVersion version) {
    MemoryDevice image = new MemoryDevice("image", BYTES);
    MemoryDevice temporary = new MemoryDevice("temporary", BYTES);
    Random random = new Random(1);
    FormatRequest request =
        new FormatRequest(
            FormatPlan.randomUuid(random),
            FormatPlan.randomUuid(random),
            "",
            version.number(),
            1 << 20,
            Map.of(),
            Map.of(),
            Optional.empty(),
            List.of(
                member(image, ImageSession.IMAGE_HOLDS),
                member(temporary, ImageSession.TEMPORARY_HOLDS)));
    FormatOptions plan = FormatPlan.decide(request, new FormatRequest.Machine(2, 1L << 30), random);
    try (ImageSession session = ImageSession.create(plan, Optional.empty(), options())) {
      write(session.filesystem(), 0, FILES, 1);
      session.finish(false);
    }
    return image;
  }

  private static void write(WritableFilesystem filesystem, int from, int to, int seed) {
    try (WritableTree tree = new WritableTree(filesystem, _ -> {})) {
      Random random = new Random(seed);
      for (int i = from; i < to; i++) {
        byte[] name = ("file" + i).getBytes(US_ASCII);
        InodeId id =
            tree.lookup(tree.root(), name)
                .orElseGet(() -> tree.create(tree.root(), name, NewInode.of(0100644, 0, 0)))
                .id();
        byte[] bytes = new byte[FILE_BYTES];
        random.nextBytes(bytes);
        for (int at = 0; at < bytes.length; ) {
          at += (int) tree.write(id, at, MemorySegment.ofArray(bytes).asSlice(at));
        }
      }
    }
    filesystem.tick();
  }

  private static void remove(WritableFilesystem filesystem, int from, int to) {
    try (WritableTree tree = new WritableTree(filesystem, _ -> {})) {
      for (int i = from; i < to; i++) {
        tree.unlink(tree.root(), ("file" + i).getBytes(US_ASCII));
      }
    }
    filesystem.tick();
  }

  /** Writes the files that are left again and again. */
  private static void update(BlockDevice image, boolean finish, boolean keepAlloc) {
    try (ImageSession session =
        ImageSession.update(image, new MemoryDevice("temporary", BYTES), options())) {
      for (int round = 2; round < 5; round++) {
        write(session.filesystem(), REMOVED, FILES, round);
      }
      if (finish) {
        session.finish(keepAlloc);
      }
    }
  }

  private List<String> sound(BlockDevice image) {
    CheckOptions how = CheckOptions.defaults().withThreads(2).withSpill(folder);
    assertEquals("", CheckRun.of("image", List.of(new LentDevice(image)), how).text());
    try (ReadFilesystem read =
        ReadFilesystem.open(List.of(new LentDevice(image)), OpenOptions.defaults())) {
      return TreeManifest.of(read.namespace(), read.data(), read.namespace().root());
    }
  }

  /** An image with holes before the files that are left. */
  private static MemoryDevice withHoles() {
    MemoryDevice image = image();
    try (ImageSession session =
        ImageSession.update(image, new MemoryDevice("temporary", BYTES), options())) {
      remove(session.filesystem(), 0, REMOVED);
      session.finish(false);
    }
    return image;
  }

  @Test
  void untilItIsFinishedTheImageIsAsItWas() {
    MemoryDevice image = withHoles();
    List<String> before = sound(image);
    assertEquals(FILES - REMOVED, before.stream().filter(line -> line.contains("file")).count());
    update(image, false, false);
    assertEquals(before, sound(image));
  }

  @Test
  void whatFollowsFromAPowerCutIsTheOldStateOrTheNewOne() {
    MemoryDevice image = withHoles();
    List<String> before = sound(image);
    BlockDevice whole = new CopyOnWriteDevice(image);
    FaultyDevice counting = new FaultyDevice(new CopyOnWriteDevice(image), 1);
    update(counting, true, false);
    long writes = counting.counts().writes();
    update(whole, true, false);
    List<String> after = sound(whole);
    int old = 0;
    Random random = new Random(3);
    for (int cut = 0; cut < CUTS; cut++) {
      // The last writes are those that matter most.
      long at = cut % 2 == 0 ? writes - 1 - cut / 2 : random.nextLong(writes);
      BlockDevice media = new CopyOnWriteDevice(image);
      FaultyDevice faulty = new FaultyDevice(media, cut).cutPowerAfter(at);
      try {
        update(faulty, true, false);
      } catch (DeviceException _) {
        // As it must be.
      } catch (PosixException e) {
        // Of data, which another device might have taken.
        assertEquals(PosixError.EIO, e.error());
      }
      faulty.cutPower();
      List<String> now = sound(media);
      assertTrue(now.equals(before) || now.equals(after), "cut after " + at + " of " + writes);
      old += now.equals(before) ? 1 : 0;
    }
    assertTrue(old > 0 && !before.equals(after));
  }

  @Test
  void whatIsKeptAboutSpaceIsRight() {
    MemoryDevice image = withHoles();
    update(image, true, true);
    sound(image);
    update(image, true, false);
    sound(image);
  }

  private static int version(BlockDevice image) {
    return SuperblockSearch.find(image).require().version();
  }

  /** Implementations of an older version would have to write before they mount it otherwise. */
  @Test
  void anImageForAnOlderVersionSaysThatVersionAlsoOnceItWasUpdated() {
    MetadataVersion old = MetadataVersion.INODE_HAS_CASE_INSENSITIVE;
    MemoryDevice image = image(old);
    assertEquals(old.number(), version(image));
    List<String> before = sound(image);
    try (ImageSession session =
        ImageSession.update(image, new MemoryDevice("temporary", BYTES), options())) {
      remove(session.filesystem(), 0, 1);
      session.finish(false);
    }
    assertEquals(old.number(), version(image));
    List<String> after = sound(image);
    assertEquals(before.size() - 1, after.size());
    assertTrue(before.containsAll(after.subList(1, after.size())));
    // What is kept about space has this version's form.
    update(image, true, true);
    assertEquals(MetadataVersion.CURRENT.number(), version(image));
    sound(image);
  }
}
