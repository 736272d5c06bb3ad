// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.testing.Outside;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {
  private final Outside outside = new Outside();

  @TempDir private Path folder;

  @Test
  void aGoodFilesystemIsSaidToBeGood() {
    String image = GoldenImages.images("reflink").getFirst().toString();
    assertEquals(ExitCode.DONE, CommandLineUse.run(outside, "verify", image));
    assertTrue(outside.out().endsWith("nothing is damaged\n"), outside.out());
    assertTrue(outside.out().contains("superblocks read: 3\n"), outside.out());
  }

  @Test
  void damagedDataIsNamedByItsPathAndRange() throws IOException {
    Path image = damaged();
    assertEquals(ExitCode.DAMAGE, CommandLineUse.run(outside, "verify", image.toString()));
    assertTrue(outside.out().contains("LOST data_checksum_error: " + image), outside.out());
    assertTrue(outside.out().contains(", bytes "), outside.out());
    assertTrue(outside.out().contains("\n  /"), outside.out());
    assertFalse(outside.out().contains("nothing is damaged"));
  }

  @Test
  void jsonHasTheDamageAndTheTotals() throws IOException {
    Path image = damaged();
    assertEquals(
        ExitCode.DAMAGE, CommandLineUse.run(outside, "verify", "--json", image.toString()));
    assertTrue(outside.out().contains("\"damage\":[{\"lost\":true"), outside.out());
    assertTrue(outside.out().contains("\"bytes_verified\":"), outside.out());
    assertTrue(outside.out().contains("\"paths\":[{\"path\":\"/"), outside.out());
  }

  @Test
  void withLinesEachDamageIsOne() throws IOException {
    Path image = damaged();
    assertEquals(
        ExitCode.DAMAGE, CommandLineUse.run(outside, "verify", "--json=lines", image.toString()));
    List<String> lines = outside.out().lines().toList();
    assertEquals(3, lines.size());
    assertTrue(lines.get(0).startsWith("{\"lost\":true,"), lines.get(0));
    assertTrue(lines.get(1).contains("\"lost\":1,"), lines.get(1));
    assertTrue(lines.get(2).contains("\"data\":null"), lines.get(2));
  }

  @Test
  void damageIsToldByFileWithWhatIsLostOfIt() throws IOException {
    String image = damaged().toString();
    assertEquals(ExitCode.DAMAGE, CommandLineUse.run(outside, "damage", image));
    List<String> lines = outside.out().lines().toList();
    assertTrue(lines.get(0).startsWith("/"), outside.out());
    assertTrue(lines.get(1).matches("  lost: bytes \\d+ to \\d+"), outside.out());
    assertEquals("  errors: data_checksum_error", lines.get(2));
    String path = lines.get(0);
    Outside other = new Outside();
    assertEquals(
        ExitCode.DAMAGE,
        CommandLineUse.run(other, "damage", "--json", "--no-check", "--under", path, image));
    assertTrue(other.out().contains("\"files\":[{\"path\":\"" + path + "\""), other.out());
    Outside elsewhere = new Outside();
    assertEquals(
        ExitCode.DONE,
        CommandLineUse.run(elsewhere, "damage", "--no-check", "--under", path + "x", image));
    assertEquals(ExitCode.DONE, CommandLineUse.run(new Outside(), "damage", "--no-verify", image));
    assertEquals(
        ExitCode.USAGE,
        CommandLineUse.run(new Outside(), "damage", "--no-verify", "--no-check", image));
  }

  /** A copy of a golden filesystem with a byte of a file's only copy flipped. */
  private Path damaged() throws IOException {
    Path image = folder.resolve("image");
    Path whole = GoldenImages.images("reflink").getFirst();
    Files.copy(whole, image);
    try (FileChannel channel =
        FileChannel.open(image, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long at = firstExtent(whole) + 100;
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, at);
      one.put(0, (byte) (one.get(0) ^ 1)).flip();
      channel.write(one, at);
    }
    return image;
  }

  /** Where the first extent lies. */
  private static long firstExtent(Path image) {
    try (ReadFilesystem filesystem =
            ReadFilesystem.open(
                List.of(FileBlockDevice.openReadOnly(image)), OpenOptions.defaults());
        KeyIterator keys =
            filesystem.btrees().iterate(BtreeId.EXTENTS.number(), Bpos.MIN, Bpos.MAX)) {
      ExtentEntries entries = new ExtentEntries();
      do {
        assertTrue(keys.next());
      } while (!entries.of(keys.key(), ExtentEntrySizes.KNOWN).nextPtr());
      return entries.sector() << 9;
    }
  }
}
