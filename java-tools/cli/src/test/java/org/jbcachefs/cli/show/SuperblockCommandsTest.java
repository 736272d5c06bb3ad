// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.testing.Outside;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.engine.sb.SuperblockCopy;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockLayout;
import org.jbcachefs.format.tables.Feature;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** show-super and recover-super from the command line. */
class SuperblockCommandsTest {
  private static final int HEAD_BYTES = 8 << 20;

  @TempDir private Path folder;
  private Outside outside;

  private int run(String... words) {
    outside = new Outside();
    return CommandLineUse.run(outside, words);
  }

  private Path copy(String name, int index) throws IOException {
    Path copy = folder.resolve(name + index);
    return Files.copy(GoldenImages.images(name).get(index), copy);
  }

  private static String golden(String name, int index) {
    return GoldenImages.images(name).get(index).toString();
  }

  private static byte[] head(Path image) throws IOException {
    try (var in = Files.newInputStream(image)) {
      return in.readNBytes(HEAD_BYTES);
    }
  }

  private static List<SuperblockCopy> copies(Path image) {
    try (BlockDevice device = FileBlockDevice.openReadOnly(image)) {
      return SuperblockSearch.find(device).copies();
    }
  }

  @Test
  void showSuperPrintsTheHeaderMembersAndErrorsUnlessToldOtherwise() {
    assertEquals(ExitCode.DONE, run("show-super", golden("tiered", 0)));
    assertTrue(outside.out().startsWith("External UUID:"));
    assertTrue(outside.out().contains("\next (size 104):\n"));
    assertTrue(outside.out().contains("\nerrors (size 8):\n"));
    assertTrue(outside.out().contains("\nDevice 3:"));
    assertEquals(-1, outside.out().indexOf("\ncounters (size"));
    assertEquals(-1, outside.out().indexOf("\nlayout:"));
  }

  @Test
  void showSuperPrintsOneSectionAlone() {
    assertEquals(ExitCode.DONE, run("show-super", "-F", "replicas_v0", golden("tiered", 0)));
    assertEquals("btree: 1 [1] btree: 1 [0]\n", outside.out());
    assertEquals(ExitCode.USAGE, run("show-super", "-F", "nonsense", golden("tiered", 0)));
    assertTrue(outside.err().contains("no superblock section 'nonsense'"), outside.err());
  }

  @Test
  void showSuperTellsWhichCopyIsDamagedAndShowsAnother() {
    assertEquals(ExitCode.DONE, run("show-super", golden("sb-primary-zeroed", 0)));
    assertTrue(outside.err().contains("byte 4096 superblock: not a bcachefs superblock"));
    assertTrue(outside.out().startsWith("External UUID:"));
  }

  @Test
  void showSuperNeedsNoPassphraseAndHasJson() throws IOException {
    assertEquals(ExitCode.DONE, run("show-super", "--json", golden("encryption", 0)));
    JsonNode data = new ObjectMapper().readTree(outside.out()).get("data");
    assertTrue(data.get("encrypted").asBoolean());
    assertEquals("need_discard_by_journal_seq", data.get("version").get("name").asText());
    assertEquals(1, data.get("members").size());
    List<String> sections = new ArrayList<>();
    data.get("sections").forEach(section -> sections.add(section.get("name").asText()));
    assertTrue(sections.contains("crypt"), sections.toString());
  }

  @Test
  void recoverSuperWritesNothingUnlessToldTo() throws IOException {
    Path image = copy("sb-primary-zeroed", 0);
    byte[] before = head(image);
    assertEquals(ExitCode.DONE, run("recover-super", image.toString()));
    assertTrue(outside.err().contains("nothing was written; -y writes it"), outside.err());
    assertEquals(ExitCode.DONE, run("recover-super", "-n", "-y", image.toString()));
    assertTrue(outside.out().contains("Would be written to sectors [8, 2056, 129024] and 7"));
    assertArrayEquals(before, head(image));
  }

  @Test
  void recoverSuperWritesAllCopiesBack() throws IOException {
    Path image = copy("sb-primary-zeroed", 0);
    assertEquals(ExitCode.DONE, run("recover-super", "-y", image.toString()));
    List<SuperblockCopy> copies = copies(image);
    assertEquals(3, copies.size());
    for (SuperblockCopy copy : copies) {
      assertTrue(copy.valid(), () -> copy.problem().sentence());
      assertEquals(copies.getLast().superblock().seq(), copy.superblock().seq());
    }
  }

  @Test
  void recoverSuperFindsACopyWhereNoLayoutPointsToIt() throws IOException {
    Path image = copy("sb-primary-zeroed", 0);
    try (BlockDevice device = FileBlockDevice.openReadWrite(image)) {
      device.writeZeroes(SuperblockLayout.SECTOR << 9, SuperblockLayout.BYTES);
      device.writeZeroes(2056L << 9, 1 << 20);
    }
    assertEquals(ExitCode.DONE, run("recover-super", "-y", image.toString()));
    assertTrue(copies(image).stream().allMatch(SuperblockCopy::valid));
  }

  /** All superblocks of device 3 of many-devices are gone. */
  private Path lostMember() throws IOException {
    Path lost = copy("many-devices", 3);
    try (BlockDevice device = FileBlockDevice.openReadWrite(lost)) {
      MemorySegment zeros = MemorySegment.ofArray(new byte[1 << 20]);
      List<SuperblockCopy> copies = SuperblockSearch.find(device).copies();
      copies.forEach(copy -> device.write(copy.sector() << 9, zeros));
      device.writeZeroes(SuperblockLayout.SECTOR << 9, SuperblockLayout.BYTES);
    }
    return lost;
  }

  private static Set<Long> journal(Path image) {
    long[] buckets = copies(image).getFirst().superblock().journalBuckets().buckets();
    return Arrays.stream(buckets).boxed().collect(Collectors.toSet());
  }

  private void assertIsMember3Again(Path lost) {
    List<BlockDevice> devices = new ArrayList<>(GoldenImages.open("many-devices"));
    devices.set(3, FileBlockDevice.openReadOnly(lost));
    try {
      DeviceSet set = DeviceSetAssembly.assemble(devices);
      assertEquals(lost.toString(), set.name(3));
      Set<Long> were = journal(GoldenImages.images("many-devices").get(3));
      Set<Long> found = journal(lost);
      // Buckets that no entry was written to yet tell nothing.
      assertTrue(!found.isEmpty() && were.containsAll(found), () -> found + " of " + were);
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }

  @Test
  void recoverSuperTakesAnotherMembersSuperblockAndFindsTheJournal() throws IOException {
    Path lost = lostMember();
    assertEquals(ExitCode.FAILED, run("recover-super", "-y", lost.toString()));
    assertTrue(outside.err().contains("-s takes another member's"), outside.err());
    String[] words = {
      "recover-super", "-y", "-s", golden("many-devices", 0), "-i", "3", lost.toString()
    };
    assertEquals(ExitCode.DONE, run(words));
    assertTrue(outside.err().contains("journal buckets were found on it"), outside.err());
    assertIsMember3Again(lost);
  }

  @Test
  void anyOtherMembersSuperblockWillDo() throws IOException {
    for (int other : new int[] {1, 7, 19}) {
      Path lost = lostMember();
      String[] words = {
        "recover-super", "-y", "-s", golden("many-devices", other), "-i", "3", lost.toString()
      };
      assertEquals(ExitCode.DONE, run(words), outside::err);
      assertIsMember3Again(lost);
      Files.delete(lost);
    }
  }

  @Test
  void whatLiesOnADeviceTellsWhichMemberItWas() throws IOException {
    Path lost = copy("replicas2-3dev", 1);
    Erased.erase(lost);
    String[] words = {"recover-super", "-y", "-s", golden("replicas2-3dev", 2), lost.toString()};
    assertEquals(ExitCode.DONE, run(words), outside::err);
    assertTrue(outside.err().contains(": device 1; "), outside.err());
    assertEquals(1, copies(lost).getFirst().superblock().deviceIndex());
  }

  @Test
  void aSavedCopyOfItsBeginningGivesADeviceItsSuperblockBack() throws IOException {
    Path image = copy("encryption", 0);
    Path saved = Files.write(folder.resolve("saved"), head(image));
    int journal = copies(image).getFirst().superblock().journalBuckets().size();
    Erased.erase(image);
    assertEquals(ExitCode.FAILED, run("recover-super", "-f", "-y", image.toString()));
    assertTrue(outside.err().contains("its key was in the superblock"), outside.err());
    assertEquals(
        ExitCode.DONE, run("recover-super", "-y", "-s", saved.toString(), image.toString()));
    assertEquals(journal, copies(image).getFirst().superblock().journalBuckets().size());
    assertTrue(copies(image).stream().allMatch(SuperblockCopy::valid));
  }

  @Test
  void withoutAnyCopyOneIsMadeUpIfThatIsAskedForAndFsckGoesOnFromThere() throws IOException {
    Path image = copy("default-1dev", 0);
    Erased.erase(image);
    assertEquals(ExitCode.FAILED, run("recover-super", "-y", image.toString()));
    assertTrue(outside.err().contains("-f makes one up"), outside.err());
    assertEquals(ExitCode.DONE, run("recover-super", "-f", image.toString()));
    assertTrue(outside.err().contains("nothing was written; -y writes it"), outside.err());
    assertTrue(outside.out().contains("Assumed, since nothing tells:"), outside.out());
    assertEquals(0, copies(image).stream().filter(SuperblockCopy::valid).count());
    assertEquals(ExitCode.DONE, run("recover-super", "-f", "-y", "--json", image.toString()));
    JsonNode data = new ObjectMapper().readTree(outside.out()).get("data");
    assertEquals(8, data.get("devices").get(0).get("written_sectors").get(0).asInt());
    assertTrue(outside.err().contains("fsck -y has to run next"), outside.err());
    assertTrue(run("fsck", "-y", image.toString()) <= 1, outside::err);
    assertEquals(ExitCode.DONE, run("fsck", "-n", image.toString()), outside::out);
    assertEquals(ExitCode.DONE, run("verify", image.toString()), outside::err);
  }

  @Test
  void anImageForReadingOnlyGetsOneThatSaysSo() throws IOException {
    Path source = Files.createDirectory(folder.resolve("source"));
    Files.writeString(source.resolve("file"), "contents\n");
    Path image = folder.resolve("image");
    assertEquals(
        ExitCode.DONE,
        run("image", "create", "--source=" + source, image.toString()),
        outside::err);
    Erased.erase(image);
    assertEquals(ExitCode.DONE, run("recover-super", "-f", "-y", image.toString()), outside::err);
    assertTrue(copies(image).getFirst().superblock().has(Feature.NO_ALLOC_INFO));
    assertEquals(ExitCode.DONE, run("fsck", "-n", image.toString()), outside::out);
    assertEquals(ExitCode.DONE, run("cat", image.toString(), "/file"), outside::err);
    assertEquals("contents\n", outside.out());
  }

  @Test
  void superblocksAreNotWrittenOverOtherFilesystems() throws IOException {
    Path image = copy("sb-primary-zeroed", 0);
    try (BlockDevice device = FileBlockDevice.openReadWrite(image)) {
      MemorySegment xfs = MemorySegment.ofArray("XFSB".getBytes(StandardCharsets.US_ASCII));
      byte[] block = new byte[4096];
      device.read(0, MemorySegment.ofArray(block));
      MemorySegment.copy(xfs, 0, MemorySegment.ofArray(block), 0, 4);
      device.write(0, MemorySegment.ofArray(block));
    }
    assertEquals(ExitCode.FAILED, run("recover-super", "-y", image.toString()));
    assertTrue(outside.err().contains("holds a xfs filesystem"), outside.err());
    assertEquals(ExitCode.DONE, run("recover-super", "-y", "-f", image.toString()), outside::err);
    assertTrue(copies(image).stream().allMatch(SuperblockCopy::valid));
  }

  /** Zeros wherever a superblock or its layout was. */
  private static final class Erased {
    static void erase(Path image) throws IOException {
      byte[] chunk = new byte[1 << 20];
      List<Long> found = new ArrayList<>();
      try (BlockDevice device = FileBlockDevice.openReadWrite(image)) {
        for (long at = 0; at + chunk.length <= device.size(); at += chunk.length) {
          MemorySegment read = MemorySegment.ofArray(chunk);
          device.read(at, read);
          for (int sector = 0; sector < chunk.length; sector += 512) {
            if (Superblock.hasMagic(read, sector)
                || Superblock.hasMagic(read, sector - Superblock.OFFSET_MAGIC)) {
              found.add(at + sector);
            }
          }
        }
        for (long at : found) {
          device.write(at, MemorySegment.ofArray(new byte[4096]));
        }
      }
      assertTrue(found.size() >= 3, "superblocks");
    }
  }
}
