// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.fsck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.testing.Outside;
import org.jbcachefs.engine.edit.ImageEditor;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FsckCommandTest {
  private final Outside outside = new Outside();

  @TempDir private Path folder;

  @Test
  void aSoundFilesystemIsSaidToBeSoundAndIsNotChanged() throws Exception {
    Path image = copy("reflink");
    byte[] before = hash(image);
    assertEquals(FsckExit.CLEAN, fsck("-n", image.toString()), outside.err());
    assertEquals("nothing is wrong\n", outside.out());
    assertArrayEquals(before, hash(image));
  }

  @Test
  void aDamagedFilesystemIsNotChangedWhateverWasAsked() throws Exception {
    for (String asked : List.of("-n", "-f", "--dry-run")) {
      Path image = damaged();
      byte[] before = hash(image);
      assertEquals(FsckExit.UNCORRECTED, fsck(asked, image.toString()), outside.err());
      assertArrayEquals(before, hash(image), asked);
    }
  }

  @Test
  void theFilesConcernedComeFirstAndKindsAreCounted() throws Exception {
    assertEquals(FsckExit.UNCORRECTED, fsck(damaged().toString()));
    String out = outside.out();
    assertTrue(out.contains("inode_dir_wrong_nlink: btree inodes at 0:4096:"), out);
    assertTrue(out.contains("\nfiles concerned:\n  /: inode_dir_wrong_nlink\n1 problem:\n"), out);
    assertTrue(out.contains("         1  inode_dir_wrong_nlink: "), out);
    assertTrue(out.endsWith("nothing was changed\n"), out);
  }

  @Test
  void whatIsRepairedIsSoundAtTheSecondRun() throws Exception {
    Path image = lostSpace();
    assertEquals(FsckExit.CORRECTED, fsck("-y", image.toString()), outside.err());
    String out = outside.out();
    assertTrue(out.contains("\nrepaired:\n"), out);
    assertTrue(out.endsWith("nothing is wrong any more\n"), out);
    assertEquals(FsckExit.CLEAN, fsck("-y", image.toString()), outside.out());
  }

  @Test
  void aDryRunSaysTheSameAndChangesNothing() throws Exception {
    Path image = lostSpace();
    byte[] before = hash(image);
    assertEquals(FsckExit.UNCORRECTED, fsck("-y", "--dry-run", image.toString()), outside.err());
    assertTrue(outside.out().contains("\nwould be repaired:\n"), outside.out());
    assertTrue(outside.out().endsWith("nothing would be wrong then\n"), outside.out());
    assertArrayEquals(before, hash(image));
  }

  @Test
  void copiesOfTheSuperblockThatAreGoneAreNotedAndWrittenAnew() throws Exception {
    Path image = copy("default-1dev");
    byte[] before = hash(image);
    try (BlockDevice device = FileBlockDevice.openReadWrite(image)) {
      device.writeZeroes(SuperblockLayout.SECTOR << 9, 512);
      device.writeZeroes(Superblock.SECTOR << 9, 512);
    }
    String given = image.toString();
    assertEquals(FsckExit.CLEAN, fsck("-n", given), outside.err());
    assertTrue(outside.out().endsWith("\nnothing is wrong but what is noted\n"), outside.out());
    assertEquals(FsckExit.CORRECTED, fsck("-p", given), outside.err());
    String out = outside.out();
    assertTrue(out.contains("1  invalid_sb_layout: write the copies of the superblock"), out);
    assertTrue(out.endsWith("nothing is wrong any more\n"), out);
    assertArrayEquals(before, hash(image));
  }

  @Test
  void aRepairIsTakenBackBitForBit() throws Exception {
    Path image = lostSpace();
    Path undo = folder.resolve("undo-" + System.nanoTime());
    byte[] before = hash(image);
    assertEquals(FsckExit.CORRECTED, fsck("-y", "--save-undo", undo.toString(), image.toString()));
    assertFalse(java.util.Arrays.equals(before, hash(image)));
    assertEquals(FsckExit.CLEAN, fsck("--undo", undo.toString(), image.toString()));
    assertArrayEquals(before, hash(image));
  }

  /**
   * Two copies on three devices: what one of them has is not all; -p finds nothing it may repair.
   */
  @Test
  void whatLiesOnMissingDevicesIsNotGivenUpUnlessThatIsSaid() throws Exception {
    Path image = copy("replicas2-3dev");
    byte[] before = hash(image);
    String given = image.toString();
    assertEquals(FsckExit.OPERATIONAL, fsck("-y", given), outside.err());
    assertTrue(outside.err().contains("degraded=very"), outside.err());
    assertArrayEquals(before, hash(image));
    assertEquals(FsckExit.UNCORRECTED, fsck("-p", given), outside.err());
    assertArrayEquals(before, hash(image));
    assertEquals(FsckExit.CORRECTED, fsck("-y", "-o", "degraded=very", given), outside.err());
  }

  @Test
  void anUndoFileOfOtherDevicesIsRefused() throws Exception {
    Path undo = folder.resolve("undo-" + System.nanoTime());
    fsck("-y", "--save-undo", undo.toString(), lostSpace().toString());
    Path other = copy("nocow");
    byte[] before = hash(other);
    assertEquals(FsckExit.OPERATIONAL, fsck("--undo", undo.toString(), other.toString()));
    assertTrue(outside.err().contains("not among the devices"), outside.err());
    assertArrayEquals(before, hash(other));
  }

  @Test
  void jsonSaysWhatWasRepairedAndWhatIsLeft() throws Exception {
    assertEquals(FsckExit.CORRECTED, fsck("-y", "--json", lostSpace().toString()));
    String out = outside.out();
    assertTrue(out.contains("\"dry_run\":false,\"repairs\":[{\"error\":\"alloc_key"), out);
    assertTrue(out.contains("\"left\":{\"problems\":0,"), out);
  }

  @Test
  void jsonHasFindingsFilesCountsAndPasses() throws Exception {
    assertEquals(FsckExit.UNCORRECTED, fsck("--json", damaged().toString()));
    String out = outside.out();
    assertTrue(out.contains("\"findings\":[{\"error\":\"inode_dir_wrong_nlink\",\"id\":205,"), out);
    assertTrue(
        out.contains("\"files\":[{\"path\":\"/\",\"errors\":[\"inode_dir_wrong_nlink\"]}]"), out);
    assertTrue(out.contains("\"counts\":[{\"error\":\"inode_dir_wrong_nlink\",\"count\":1,"), out);
    assertTrue(out.contains("\"passes\":[{\"pass\":"), out);
  }

  @Test
  void linesAreFindingsAndATotalAtTheEnd() throws Exception {
    assertEquals(FsckExit.UNCORRECTED, fsck("--json=lines", damaged().toString()));
    List<String> lines = outside.out().lines().toList();
    assertEquals(3, lines.size(), outside.out());
    assertTrue(
        lines.getFirst().startsWith("{\"error\":\"inode_dir_wrong_nlink\""), lines.getFirst());
    assertTrue(lines.get(1).startsWith("{\"problems\":1,"), lines.get(1));
  }

  @Test
  void whatSystemsCallAtBootChecksNothing() {
    assertEquals(FsckExit.CLEAN, fsck("-a", folder.resolve("missing").toString()));
    assertEquals("", outside.out() + outside.err());
  }

  @Test
  void onlyThePassesThatAreNamedRun() {
    String image = GoldenImages.images("reflink").getFirst().toString();
    assertEquals(FsckExit.CLEAN, fsck("-v", "-o", "recovery_passes=check_lrus;check_root", image));
    assertEquals(
        List.of("check_lrus", "check_root", "nothing is wrong"),
        outside.out().lines().map(line -> line.replaceAll(":.*", "")).toList());
  }

  @Test
  void wrongWordsAndWhatCannotBeOpenedHaveCodesOfTheirOwn() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty"));
    assertEquals(FsckExit.OPERATIONAL, fsck(empty.toString()));
    assertEquals(FsckExit.USAGE, fsck("--no-such-option", empty.toString()));
    assertEquals(FsckExit.USAGE, fsck("-n", "-y", empty.toString()));
    assertEquals(FsckExit.USAGE, fsck("-o", "recovery_passes=no_such_pass", empty.toString()));
    assertFalse(outside.err().contains("Exception"), outside.err());
  }

  @Test
  void whatSomebodyElseWritesToIsCheckedOnlyWithN() throws IOException {
    Path image = copy("reflink");
    try (BlockDevice open = FileBlockDevice.openReadWrite(image)) {
      assertEquals(FsckExit.OPERATIONAL, fsck(open.name()));
      assertTrue(outside.err().contains("is in use"), outside.err());
      assertEquals(FsckExit.CLEAN, fsck("-n", open.name()));
      assertTrue(outside.err().contains("may be reported as a problem"), outside.err());
    }
    assertEquals(FsckExit.CLEAN, fsck(image.toString()));
  }

  private int fsck(String... words) {
    String[] all = new String[words.length + 1];
    all[0] = "fsck";
    System.arraycopy(words, 0, all, 1, words.length);
    return CommandLineUse.run(outside, all);
  }

  private Path copy(String golden) throws IOException {
    Path image = folder.resolve(golden + "-" + System.nanoTime());
    return Files.copy(GoldenImages.images(golden).getFirst(), image);
  }

  private Path damaged() throws IOException {
    Path image = copy("reflink");
    List<BlockDevice> devices = List.of(FileBlockDevice.openReadWrite(image));
    new ImageEditor(devices, OpenOptions.defaults())
        .runAll("set inodes 0:4096:U32_MAX bi_nlink+=3");
    devices.getFirst().close();
    return image;
  }

  /** One whose buckets' states are wrong. */
  private Path lostSpace() throws IOException {
    Path image = copy("reflink");
    List<BlockDevice> devices = List.of(FileBlockDevice.openReadWrite(image));
    new ImageEditor(devices, OpenOptions.defaults())
        .runAll("set alloc 0:0 dirty_sectors+=3\nset alloc 0:9 dirty_sectors+=3");
    devices.getFirst().close();
    return image;
  }

  private static byte[] hash(Path image) throws IOException, NoSuchAlgorithmException {
    return MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(image));
  }
}
