// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.damage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a repair of a filesystem of version 1.39 leaves on record, and what shows it. */
class RecordedDamageTest {
  private static final String INODE = "0:2147483650:U32_MAX";

  @TempDir private Path folder;
  private Outside outside;

  private int run(String... words) {
    outside = new Outside();
    return CommandLineUse.run(outside, words);
  }

  private JsonNode file(String image) throws IOException {
    assertEquals(ExitCode.DAMAGE, run("damage", "--json", "--no-verify", image), outside::err);
    JsonNode files = new ObjectMapper().readTree(outside.out()).get("data").get("files");
    assertEquals(1, files.size(), outside.out());
    return files.get(0);
  }

  private void hurtAndRepair(String image) {
    String edit = "set inodes " + INODE + " bi_nlink=7";
    assertEquals(0, run("edit", "--yes-i-understand", "-e", edit, image), outside::err);
    assertEquals(1, run("fsck", "-y", image), outside::err);
    assertEquals(0, run("fsck", "-n", image), outside::out);
  }

  @Test
  void whatAnInodeWasRepairedOfIsRememberedWithItsPath() throws IOException {
    String image =
        Files.copy(GoldenImages.images("v139-default").getFirst(), folder.resolve("image"))
            .toString();
    hurtAndRepair(image);
    JsonNode file = file(image);
    assertEquals("/z-none", file.get("path").asText());
    assertEquals(0, file.get("errors").size());
    JsonNode recorded = file.get("recorded").get(0);
    assertEquals("inode_dir_wrong_nlink", recorded.get("error").asText());
    assertEquals(1, recorded.get("count").asInt());
    hurtAndRepair(image);
    assertEquals(2, file(image).get("recorded").get(0).get("count").asInt());
    assertEquals(ExitCode.DAMAGE, run("damage", "--no-verify", image));
    assertTrue(outside.out().contains("on record: inode_dir_wrong_nlink: 2"), outside.out());
  }

  @Test
  void olderVersionsHaveNoPlaceForIt() throws IOException {
    String image =
        Files.copy(GoldenImages.images("v139-default").getFirst(), folder.resolve("image"))
            .toString();
    assertEquals(0, run("upgrade", "--to=1.38", image), outside::err);
    hurtAndRepair(image);
    assertEquals(ExitCode.DONE, run("damage", "--no-verify", image), outside::out);
  }
}
