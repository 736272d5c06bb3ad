// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.platform.Keyring;
import org.jbcachefs.cli.platform.PassphrasePrompt;
import org.jbcachefs.engine.recovery.KeySource;
import org.jbcachefs.format.crypto.EncryptedKey;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.Place;

/**
 * The passphrase from a file, else the environment, else the keyring, else the terminal. One line
 * end after it is taken off. Never from the command line, which others can see.
 */
public final class PassphraseSources implements KeySource {
  /** Environment variable with the passphrase. */
  public static final String ENVIRONMENT = "JBCACHEFS_PASSPHRASE";

  private static final int MOST_BYTES = 1 << 20;
  private static final long KEYRING_LOOK_MILLIS = 500;

  /** Where alone the key may come from, as {@code mount -k} says it. */
  public enum Policy {
    /** The keyring; if it is not there, it is an error. */
    FAIL,
    /** The keyring, waiting until it is there. */
    WAIT,
    /** The terminal. */
    ASK,
    /** Standard input. */
    STDIN
  }

  private final Invocation invocation;
  private final String file;
  private final Policy policy;

  /**
   * @param file as given to {@code --passphrase-file}; null if it was not
   */
  public PassphraseSources(Invocation invocation, String file) {
    this(invocation, file, null);
  }

  /**
   * @param policy the only source; null for all of them in their order
   */
  public PassphraseSources(Invocation invocation, String file, Policy policy) {
    this.invocation = invocation;
    this.file = policy == Policy.STDIN ? "-" : file;
    this.policy = policy;
  }

  @Override
  public FilesystemKey keyFor(UUID filesystem, EncryptedKey encrypted, Place place) {
    return switch (policy) {
      case null -> anyKey(filesystem, encrypted, place);
      case FAIL ->
          ofKeyring(filesystem)
              .orElseThrow(() ->
                  new PassphraseException(place, "the keyring has no key " + keyName(filesystem)));
      case WAIT -> awaitKeyring(filesystem, place);
      case ASK -> derive(asked(filesystem), encrypted, place);
      case STDIN -> derive(given(), encrypted, place);
    };
  }

  private FilesystemKey anyKey(UUID filesystem, EncryptedKey encrypted, Place place) {
    Optional<byte[]> given = given();
    if (given.isPresent()) {
      return derive(given, encrypted, place);
    }
    return ofKeyring(filesystem).orElseGet(() -> derive(asked(filesystem), encrypted, place));
  }

  /** The name that the key of a filesystem has in the kernel's keyrings. */
  public static String keyName(UUID filesystem) {
    return "bcachefs:" + filesystem;
  }

  /**
   * The key from a passphrase alone, whatever the keyring has: from the file, else the environment,
   * else the terminal.
   *
   * @throws PassphraseException if there is none
   */
  public FilesystemKey typedOrGiven(UUID filesystem, EncryptedKey encrypted, Place place) {
    return derive(given().or(() -> asked(filesystem)), encrypted, place);
  }

  /** Whether a wrong passphrase was typed, and another one may be. */
  public boolean canAskAgain() {
    return file == null
        && !invocation.environment().containsKey(ENVIRONMENT)
        && PassphrasePrompt.isPossible();
  }

  private static Optional<FilesystemKey> ofKeyring(UUID filesystem) {
    return Keyring.read(keyName(filesystem))
        .filter(key -> key.length == FilesystemKey.BYTES)
        .map(FilesystemKey::new);
  }

  private static FilesystemKey awaitKeyring(UUID filesystem, Place place) {
    try {
      Optional<FilesystemKey> key = ofKeyring(filesystem);
      while (key.isEmpty()) {
        Thread.sleep(KEYRING_LOOK_MILLIS);
        key = ofKeyring(filesystem);
      }
      return key.get();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new PassphraseException(place, "interrupted while waiting for the key");
    }
  }

  private static FilesystemKey derive(Optional<byte[]> given, EncryptedKey encrypted, Place place) {
    byte[] passphrase =
        given.orElseThrow(() ->
            new PassphraseException(
                place,
                "the filesystem is encrypted and no passphrase was given; use"
                    + " --passphrase-file, set "
                    + ENVIRONMENT
                    + ", or run this on a terminal"));
    try {
      return encrypted.derive(passphrase, place);
    } finally {
      Arrays.fill(passphrase, (byte) 0);
    }
  }

  /** What a file or the environment gives. */
  Optional<byte[]> given() {
    if (file != null) {
      return Optional.of(withoutLineEnd(fromFile()));
    }
    String variable = invocation.environment().get(ENVIRONMENT);
    return variable == null
        ? Optional.empty()
        : Optional.of(withoutLineEnd(org.jbcachefs.cli.output.Names.encode(variable)));
  }

  private byte[] fromFile() {
    try {
      if (file.equals("-")) {
        return readAll(invocation.in());
      }
      try (InputStream in = Files.newInputStream(Path.of(file))) {
        return readAll(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] readAll(InputStream in) throws IOException {
    byte[] bytes = in.readNBytes(MOST_BYTES + 1);
    if (bytes.length > MOST_BYTES) {
      throw new UsageException("--passphrase-file " + file + " is too long for a passphrase");
    }
    return bytes;
  }

  private Optional<byte[]> asked(UUID filesystem) {
    return PassphrasePrompt.ask("Passphrase of " + filesystem + ": ").map(p -> withoutLineEnd(p));
  }

  static byte[] withoutLineEnd(byte[] passphrase) {
    int length = passphrase.length;
    if (length > 0 && passphrase[length - 1] == '\n') {
      byte[] shorter = Arrays.copyOf(passphrase, length - 1);
      Arrays.fill(passphrase, (byte) 0);
      return shorter;
    }
    return passphrase;
  }
}
