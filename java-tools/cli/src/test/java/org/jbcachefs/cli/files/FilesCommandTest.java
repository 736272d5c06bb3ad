// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that read files, from the command line. */
class FilesCommandTest {
  private static final String FILE = "/sizes/t3000000";

  private final Outside outside = new Outside();

  @TempDir private Path folder;

  private static String image() {
    return GoldenImages.images("default-1dev").getFirst().toString();
  }

  private JsonNode run(int code, String... words) throws IOException {
    Outside here = new Outside();
    assertEquals(code, CommandLineUse.run(here, words), here.err());
    return new ObjectMapper().readTree(here.out());
  }

  /** A copy in which the third extent of that file has a flipped byte. */
  private Path damaged() throws IOException {
    Path copy = folder.resolve("image");
    Files.copy(Path.of(image()), copy);
    JsonNode keys = run(0, "list", "--json", "-b", "extents", "-s", inode() + ":409:0", image());
    String value = keys.get("data").get(0).get("value").asText();
    String[] place =
        value.replaceAll("(?s).*ptr: +\\S+ 0:([0-9]+):([0-9]+) .*", "$1 $2").split(" ", -1);
    long bucket =
        run(0, "show-super", "--json", image()).at("/data/members/0/bucket_bytes").asLong();
    try (RandomAccessFile file = new RandomAccessFile(copy.toFile(), "rw")) {
      long at = Long.parseLong(place[0]) * bucket + Long.parseLong(place[1]) * 512 + 7;
      file.seek(at);
      int old = file.read();
      file.seek(at);
      file.write(old ^ 1);
    }
    return copy;
  }

  private long inode() throws IOException {
    return run(0, "stat", "--json", image(), FILE).at("/data/0/inode").asLong();
  }

  @Test
  void catAsJsonHoldsTheBytesInBase64() throws IOException, NoSuchAlgorithmException {
    JsonNode item = run(0, "cat", "--json", image(), FILE).at("/data/0");
    byte[] bytes = item.get("base64").binaryValue();
    assertEquals(item.get("bytes").asInt(), bytes.length);
    String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    String line =
        GoldenImages.text("default-1dev", "manifest.txt")
            .lines()
            .filter(l -> l.contains("\"" + FILE.substring(1) + "\""))
            .findFirst()
            .orElseThrow();
    assertTrue(line.contains(sum), line);
  }

  @Test
  void catEndsAtTheFirstByteThatCannotBeRead() throws IOException {
    JsonNode answer = run(ExitCode.DAMAGE, "cat", "--json", damaged().toString(), FILE);
    assertEquals(408 * 512, answer.at("/data/0/bytes").asLong());
    assertEquals(FILE + ", from byte " + 408 * 512, answer.at("/errors/0/path").asText());
  }

  @Test
  void whatIsNotThereIsNamedInErrors() throws IOException {
    JsonNode answer = run(ExitCode.FAILED, "ls", "--json", image(), "/nosuch");
    assertEquals("/nosuch", answer.at("/errors/0/where").asText());
    assertEquals("no such file or directory", answer.at("/errors/0/message").asText());
  }

  @Test
  void aTreeWhoseRootCannotBeReadIsDamage() throws IOException {
    String one = GoldenImages.images("degraded").getFirst().toString();
    assertEquals(ExitCode.DAMAGE, CommandLineUse.run(outside, "tree", one));
    assertEquals(ExitCode.DAMAGE, CommandLineUse.run(outside, "ls", one));
  }

  @Test
  void anExtractionKeepsThePartsOfADamagedFileAndSaysWhichAreLost() throws IOException {
    Path to = folder.resolve("to");
    JsonNode answer =
        run(ExitCode.DAMAGE, "extract", "--json", damaged().toString(), "/sizes", to.toString());
    assertEquals(1, answer.at("/data/partial").asInt());
    assertEquals(FILE, answer.at("/errors/0/path").asText());
    long from = answer.at("/errors/0/ranges/0/0").asLong();
    long until = answer.at("/errors/0/ranges/0/1").asLong();
    assertEquals(408 * 512, from);
    assertEquals(664 * 512, until);
    Path kept = to.resolve("t3000000.jbcachefs-partial");
    assertEquals(kept.toString(), answer.at("/errors/0/kept_as").asText());
    assertFalse(Files.exists(to.resolve("t3000000")));
    assertFalse(Files.exists(to.resolve(".jbcachefs-extract")));
    byte[] expected = run(0, "cat", "--json", image(), FILE).at("/data/0/base64").binaryValue();
    java.util.Arrays.fill(expected, (int) from, (int) until, (byte) 0);
    assertArrayEquals(expected, Files.readAllBytes(kept));
  }

  @Test
  void aDryRunCountsAndWritesNothing() throws IOException {
    Path to = folder.resolve("to");
    JsonNode dry = run(0, "extract", "-n", "--json", image(), "/links", to.toString());
    assertFalse(Files.exists(to));
    JsonNode done = run(0, "extract", "--json", image(), "/links", to.toString());
    for (String kind : new String[] {"files", "directories", "symlinks", "hard_links"}) {
      assertEquals(done.get("data").get(kind), dry.get("data").get(kind), kind);
    }
    assertTrue(dry.at("/data/hard_links").asInt() > 40);
    assertEquals(
        ExitCode.FAILED,
        CommandLineUse.run(outside, "extract", "-n", image(), "/links", to.toString()));
  }
}
