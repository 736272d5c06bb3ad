// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.testing.Outside;
import org.jbcachefs.format.crypto.EncryptedKey;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.Place;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PassphraseSourcesTest {
  private static final UUID FILESYSTEM = new UUID(1, 2);

  /** scrypt with N=2, r=1, p=1. */
  private static final EncryptedKey CHEAP = new EncryptedKey(0, 1, new byte[40]);

  @TempDir private Path directory;

  private static FilesystemKey key(String file, Map<String, String> environment, String input) {
    Outside outside = new Outside(environment, input);
    return new PassphraseSources(outside.invocation(Output.Form.TEXT, "ls"), file)
        .keyFor(FILESYSTEM, CHEAP, Place.NOWHERE);
  }

  private static FilesystemKey derived(String passphrase) {
    return CHEAP.derive(passphrase.getBytes(StandardCharsets.UTF_8), Place.NOWHERE);
  }

  private static void assertSame(FilesystemKey expected, FilesystemKey actual) {
    assertArrayEquals(expected.bytes(), actual.bytes());
  }

  @Test
  void theFileGoesBeforeTheEnvironment() throws IOException {
    Path file = Files.writeString(directory.resolve("pass"), "from file\n");
    Map<String, String> environment = Map.of(PassphraseSources.ENVIRONMENT, "from environment");
    assertSame(derived("from file"), key(file.toString(), environment, ""));
    assertSame(derived("from environment"), key(null, environment, ""));
  }

  @Test
  void aDashMeansStandardInput() {
    assertSame(derived("typed"), key("-", Map.of(), "typed\n"));
  }

  @Test
  void exactlyOneLineEndIsTakenOff() {
    assertEquals(
        "a\n",
        new String(
            PassphraseSources.withoutLineEnd("a\n\n".getBytes(StandardCharsets.UTF_8)),
            StandardCharsets.UTF_8));
    assertEquals(0, PassphraseSources.withoutLineEnd(new byte[] {'\n'}).length);
    assertEquals(2, PassphraseSources.withoutLineEnd(new byte[] {'\r', ' '}).length);
  }
}
