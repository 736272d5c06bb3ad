// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.dump;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DumpCommandTest {
  private final Outside outside = new Outside();

  @TempDir private Path folder;

  private int run(String... words) {
    return CommandLineUse.run(outside, words);
  }

  private String out(String name) {
    return folder.resolve(name).toString();
  }

  @Test
  void oneDeviceBecomesOneImageAndBack() {
    String image = GoldenImages.images("reflink").getFirst().toString();
    assertEquals(ExitCode.DONE, run("dump", "-o", out("one"), image), outside.err());
    assertTrue(outside.out().startsWith(out("one.qcow2") + ": "), outside.out());
    assertEquals(ExitCode.DONE, run("undump", out("one.qcow2")), outside.err());
    assertEquals(0, run("fsck", "-n", out("one")), outside.out());
    assertEquals(ExitCode.DONE, run("ls", out("one"), "/"), outside.err());
  }

  @Test
  void severalDevicesBecomeAnImageEach() {
    List<String> words = new ArrayList<>(List.of("dump", "--json", "-o", out("many")));
    GoldenImages.images("replicas2-3dev").forEach(image -> words.add(image.toString()));
    assertEquals(ExitCode.DONE, run(words.toArray(String[]::new)), outside.err());
    assertTrue(outside.out().contains("\"path\":\"" + out("many.2.qcow2")), outside.out());
    assertEquals(
        ExitCode.DONE,
        run("undump", "--json", out("many.0.qcow2"), out("many.1.qcow2"), out("many.2.qcow2")));
    assertTrue(outside.out().contains("\"held_bytes\":"), outside.out());
    assertEquals(0, run("fsck", "-n", out("many.0"), out("many.1"), out("many.2")));
  }

  @Test
  void whatIsThereStaysThereUnlessForced() throws Exception {
    String image = GoldenImages.images("reflink").getFirst().toString();
    Files.writeString(folder.resolve("one.qcow2"), "mine");
    assertEquals(ExitCode.FAILED, run("dump", "-o", out("one"), image));
    assertTrue(outside.err().contains("-f overwrites it"), outside.err());
    assertEquals("mine", Files.readString(folder.resolve("one.qcow2")));
    assertEquals(ExitCode.DONE, run("dump", "-f", "-o", out("one"), image), outside.err());
    Files.writeString(folder.resolve("one"), "mine");
    assertEquals(ExitCode.FAILED, run("undump", out("one.qcow2")));
    assertEquals("mine", Files.readString(folder.resolve("one")));
  }

  @Test
  void aDryRunWritesNothing() {
    String image = GoldenImages.images("reflink").getFirst().toString();
    assertEquals(ExitCode.DONE, run("dump", "-n", "-o", out("one"), image), outside.err());
    assertTrue(outside.out().startsWith("would write "), outside.out());
    assertFalse(Files.exists(folder.resolve("one.qcow2")));
  }

  @Test
  void wrongWordsAreRefused() throws Exception {
    String image = GoldenImages.images("reflink").getFirst().toString();
    assertEquals(ExitCode.USAGE, run("dump", image));
    assertEquals(ExitCode.USAGE, run("dump", "-s", "everything", "-o", out("one"), image));
    assertEquals(ExitCode.USAGE, run("undump", image));
    Path no = Files.writeString(folder.resolve("no.qcow2"), "this is no image at all".repeat(9));
    assertEquals(ExitCode.FAILED, run("undump", no.toString()));
    assertTrue(outside.err().contains("qcow2"), outside.err());
  }
}
