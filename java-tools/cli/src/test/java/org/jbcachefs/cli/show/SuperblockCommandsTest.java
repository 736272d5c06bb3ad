// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
import org.jbcachefs.format.sb.SuperblockLayout;
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

  @Test
  void recoverSuperTakesAnotherMembersSuperblock() throws IOException {
    Path lost = copy("many-devices", 3);
    try (BlockDevice device = FileBlockDevice.openReadWrite(lost)) {
      MemorySegment zeros = MemorySegment.ofArray(new byte[1 << 20]);
      List<SuperblockCopy> copies = SuperblockSearch.find(device).copies();
      copies.forEach(copy -> device.write(copy.sector() << 9, zeros));
      device.writeZeroes(SuperblockLayout.SECTOR << 9, SuperblockLayout.BYTES);
    }
    assertEquals(ExitCode.FAILED, run("recover-super", "-y", lost.toString()));
    String[] words = {
      "recover-super", "-y", "-s", golden("many-devices", 0), "-i", "3", lost.toString()
    };
    assertEquals(ExitCode.DONE, run(words));
    assertTrue(outside.err().contains("has no journal any more"), outside.err());
    List<BlockDevice> devices = new ArrayList<>(GoldenImages.open("many-devices"));
    devices.set(3, FileBlockDevice.openReadOnly(lost));
    try {
      DeviceSet set = DeviceSetAssembly.assemble(devices);
      assertEquals(lost.toString(), set.name(3));
      assertEquals(0, set.superblockOf(3).journalBuckets().size());
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }
}
