// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.encryption;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.open.PassphraseSources;
import org.jbcachefs.cli.platform.Keyring;
import org.jbcachefs.cli.testing.Outside;
import org.jbcachefs.engine.sb.SuperblockCopy;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.crypto.EncryptedKey;
import org.jbcachefs.format.sb.Superblock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** unlock, set-passphrase and remove-passphrase from the command line. */
class EncryptionCommandsTest {
  private static final String NEW = "another passphrase";

  @TempDir Path folder;
  private String image;
  private String passphrase;
  private Outside outside;

  @BeforeEach
  void copyImage() throws IOException {
    Path golden = GoldenImages.images("encryption").getFirst();
    image = Files.copy(golden, folder.resolve("img0")).toString();
    passphrase = GoldenImages.passphrase("encryption");
  }

  private int run(Map<String, String> environment, String input, String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.add(image);
    outside = new Outside(environment, input);
    return CommandLineUse.run(outside, all.toArray(String[]::new));
  }

  private int run(String... words) {
    return run(Map.of(PassphraseSources.ENVIRONMENT, passphrase), NEW + "\n", words);
  }

  private List<SuperblockCopy> copies() {
    try (BlockDevice device = FileBlockDevice.openReadOnly(Path.of(image))) {
      return SuperblockSearch.find(device).copies();
    }
  }

  private Superblock superblock() {
    return copies().getFirst().superblock();
  }

  private EncryptedKey stored() {
    return superblock().crypt().orElseThrow().key();
  }

  private int opens(String with) {
    return run(Map.of(PassphraseSources.ENVIRONMENT, with), "", "fsck", "-n");
  }

  @Test
  void theNewPassphraseOpensEveryCopyAndTheOldOneNone() {
    byte[] key = key(passphrase);
    assertEquals(
        ExitCode.DONE, run("set-passphrase", "--new-passphrase-file=-"), () -> outside.err());
    assertArrayEquals(key, key(NEW));
    List<SuperblockCopy> copies = copies();
    assertTrue(copies.size() > 1);
    for (SuperblockCopy copy : copies) {
      assertArrayEquals(
          stored().magicAndKey(), copy.superblock().crypt().orElseThrow().key().magicAndKey());
    }
    assertEquals(0, opens(NEW), () -> outside.out() + outside.err());
    assertTrue(opens(passphrase) != 0);
    assertTrue(outside.err().contains("wrong passphrase"), outside.err());
  }

  private byte[] key(String with) {
    EncryptedKey stored = stored();
    var locker = stored.derive(with.getBytes(UTF_8), superblock().place());
    return stored.unlock(locker, superblock().magicWord(), superblock().place()).bytes();
  }

  @Test
  void withoutAPassphraseTheKeyLiesOpenUntilOneIsSetAgain() {
    byte[] key = key(passphrase);
    long kdf = stored().kdfFlags();
    assertEquals(ExitCode.DONE, run("remove-passphrase"), () -> outside.err());
    assertArrayEquals(key, stored().plainKey().orElseThrow().bytes());
    assertEquals(kdf, stored().kdfFlags());
    assertTrue(superblock().encrypted());
    assertEquals(0, run(Map.of(), "", "fsck", "-n"), () -> outside.out() + outside.err());
    assertEquals(ExitCode.FAILED, run("unlock", "-c"));
    assertEquals(
        ExitCode.DONE,
        run(Map.of(), NEW, "set-passphrase", "--new-passphrase-file", "-"),
        () -> outside.err());
    assertEquals(0, opens(NEW), () -> outside.out() + outside.err());
  }

  @Test
  void aWrongPassphraseAndADryRunChangeNothing() throws IOException {
    byte[] before = Files.readAllBytes(Path.of(image));
    Map<String, String> wrong = Map.of(PassphraseSources.ENVIRONMENT, "guess");
    assertEquals(ExitCode.FAILED, run(wrong, NEW, "set-passphrase", "--new-passphrase-file=-"));
    assertEquals(ExitCode.FAILED, run(wrong, "", "remove-passphrase"));
    assertEquals(ExitCode.FAILED, run(wrong, "", "unlock"));
    assertEquals(ExitCode.FAILED, run("set-passphrase", "--new-passphrase-file=/nonexistent"));
    assertEquals(ExitCode.USAGE, run(wrong, "", "unlock", "-k", "process"));
    assertEquals(ExitCode.DONE, run("set-passphrase", "-n", "--json"));
    assertTrue(outside.out().contains("\"dry_run\":true"), outside.out());
    assertEquals(ExitCode.DONE, run("remove-passphrase", "-n"));
    assertEquals(ExitCode.DONE, run("unlock", "-n"));
    assertEquals(ExitCode.DONE, run("unlock", "-c"));
    assertArrayEquals(before, Files.readAllBytes(Path.of(image)));
  }

  @Test
  void anEmptyPassphraseIsNoPassphrase() {
    Map<String, String> right = Map.of(PassphraseSources.ENVIRONMENT, passphrase);
    assertEquals(ExitCode.USAGE, run(right, "\n", "set-passphrase", "--new-passphrase-file=-"));
    assertEquals(ExitCode.USAGE, run(right, "a\0b", "set-passphrase", "--new-passphrase-file=-"));
    assertEquals(
        ExitCode.USAGE,
        run(Map.of(), "", "set-passphrase", "--passphrase-file=-", "--new-passphrase-file=-"));
  }

  @Test
  void whatIsNotEncryptedIsRefused() throws IOException {
    Path plain = Files.copy(GoldenImages.images("inodes-32bit").getFirst(), folder.resolve("p"));
    image = plain.toString();
    for (String command : new String[] {"unlock", "set-passphrase", "remove-passphrase"}) {
      assertEquals(ExitCode.FAILED, run(command));
      assertTrue(outside.err().contains("is not encrypted"), outside.err());
    }
  }

  @Test
  void theKeyringOpensTheFilesystemUntilItsPassphraseIsChanged() throws IOException {
    String probe = "jbcachefs-test:" + UUID.randomUUID();
    assumeTrue(Keyring.add(Keyring.Name.USER, probe, new byte[32]) == 0, "no keyring to write to");
    assumeTrue(Keyring.read(probe).isPresent(), "the keyring cannot be read");
    assertEquals(1, Keyring.revoke(probe));
    assertTrue(Keyring.read(probe).isEmpty());

    // One of its own, lest other tests find the key.
    image = Files.createFile(folder.resolve("own")).toString();
    try (RandomAccessFile file = new RandomAccessFile(image, "rw")) {
      file.setLength(32 << 20);
    }
    assertEquals(ExitCode.DONE, run("format", "--encrypted", "-q"), () -> outside.err());
    String name = PassphraseSources.keyName(superblock().userUuid());
    assertEquals(ExitCode.DONE, run("unlock", "--json"), () -> outside.err());
    assertTrue(outside.out().contains("\"added\":true"), outside.out());
    assertArrayEquals(
        stored().derive(passphrase.getBytes(UTF_8), superblock().place()).bytes(),
        Keyring.read(name).orElseThrow());
    assertEquals(0, run(Map.of(), "", "fsck", "-n"), () -> outside.out() + outside.err());
    assertEquals(ExitCode.DONE, run("remove-passphrase"), () -> outside.err());
    assertTrue(Keyring.read(name).isEmpty());
  }
}
