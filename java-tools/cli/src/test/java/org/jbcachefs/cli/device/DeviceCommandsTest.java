// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.cli.CommandRunner;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceCommandsTest {
  private static final int SIZE = 12_288;

  @TempDir Path directory;

  private final Outside outside = new Outside();
  private Path image;

  @BeforeEach
  void makeImage() throws IOException {
    image = Files.write(directory.resolve("image"), new byte[SIZE]);
  }

  private int run(String... words) {
    return CommandRunner.run(outside, List.of(words));
  }

  private JsonNode answer() throws IOException {
    return new ObjectMapper().readTree(outside.out());
  }

  @Test
  void anImageThatNobodyHasCanBeHeld() {
    assertEquals(0, run("device", "claim-test", image.toString()));
    assertEquals(image + ": can be held exclusively (locked as a file)\n", outside.out());
    assertEquals("", outside.err());
  }

  @Test
  void anImageThatIsOpenForWritingCannotBeHeld() throws IOException {
    Path other = Files.write(directory.resolve("other"), new byte[SIZE]);
    try (BlockDevice _ = FileBlockDevice.openReadWrite(image)) {
      String[] words = {"device", "claim-test", "--json", image.toString(), other.toString()};
      assertEquals(1, run(words));
    }
    JsonNode data = answer().get("data");
    assertFalse(data.get(0).get("claimable").asBoolean());
    assertEquals("file_lock", data.get(0).get("way").asText());
    assertTrue(data.get(1).get("claimable").asBoolean(), "the others are tried as well");
    assertEquals(1, answer().get("errors").size());
    assertTrue(outside.err().startsWith("jbcachefs: " + image + ": cannot be held exclusively: "));
  }

  @Test
  void whatIsNotThereIsNamed() {
    assertEquals(1, run("device", "claim-test", directory.resolve("none").toString()));
    assertEquals(
        "jbcachefs: " + directory.resolve("none") + ": no such file or directory\n", outside.err());
  }

  @Test
  void ofAnImageOnlyTheSizeIsKnown() throws IOException {
    assertEquals(0, run("device", "geometry", "--json", image.toString()));
    JsonNode geometry = answer().get("data").get(0);
    assertEquals("file", geometry.get("source").asText());
    assertEquals(SIZE, geometry.get("size").asInt());
    assertEquals(512, geometry.get("logical_block").asInt());
    for (String unknown : List.of("node", "major", "physical_block", "max_discard", "fua")) {
      assertTrue(geometry.get(unknown).isNull(), unknown);
    }
  }

  @Test
  void aDirectoryHasNoGeometry() {
    assertEquals(1, run("device", "geometry", directory.toString()));
    assertTrue(outside.err().contains("neither a block device nor an image file"));
  }

  @Test
  void statusSaysThatTheModuleIsNotLoaded() throws IOException {
    Assumptions.assumeFalse(ShimNode.isPresent(), "the module is loaded");
    assertEquals(1, run("shim", "status", "--json"));
    assertFalse(answer().get("data").get("loaded").asBoolean());
    assertTrue(answer().get("data").get("claims").isNull());
    assertTrue(outside.err().contains("jbcachefs_shim is not loaded"), outside.err());
  }

  @Test
  void theModuleIsNotReplacedBySomethingElseWhereItIsAskedFor() {
    Assumptions.assumeFalse(ShimNode.isPresent(), "the module is loaded");
    assertEquals(1, run("device", "geometry", "--io=shim", image.toString()));
    assertTrue(outside.err().startsWith("jbcachefs: "), outside.err());
    assertEquals("", outside.out());
  }
}
