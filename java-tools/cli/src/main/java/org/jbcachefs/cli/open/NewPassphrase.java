// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.util.Arrays;
import java.util.Optional;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.platform.PassphrasePrompt;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.Place;

/**
 * The passphrase that something is to be encrypted with: from the same file or environment as any,
 * else typed twice on the terminal.
 */
public final class NewPassphrase {
  private NewPassphrase() {}

  /**
   * Its bytes, without a line end.
   *
   * @param file as given to {@code --passphrase-file}; null if it was not
   * @throws PassphraseException if there is none, or the two typed ones differ
   */
  public static byte[] of(Invocation invocation, String file) {
    Optional<byte[]> given = new PassphraseSources(invocation, file).given();
    return checked(
        given.orElseGet(
            () -> asked("use --passphrase-file, set " + PassphraseSources.ENVIRONMENT + ", or")));
  }

  /**
   * Its bytes, where the environment and {@code --passphrase-file} mean another one: from that
   * file, else typed twice.
   *
   * @param file as given to {@code --new-passphrase-file}; null if it was not
   * @throws PassphraseException if there is none, or the two typed ones differ
   */
  public static byte[] besideAnother(Invocation invocation, String file) {
    return checked(
        file == null
            ? asked("use --new-passphrase-file or")
            : new PassphraseSources(invocation, file).given().orElseThrow());
  }

  private static byte[] checked(byte[] passphrase) {
    if (passphrase.length == 0) {
      throw new UsageException("the passphrase is empty");
    }
    for (byte each : passphrase) {
      if (each == 0) {
        throw new UsageException("the passphrase has a NUL byte, which others cannot give");
      }
    }
    return passphrase;
  }

  private static byte[] asked(String otherwise) {
    byte[] first = ask("New passphrase: ", otherwise);
    byte[] second = ask("The same again: ", otherwise);
    boolean same = Arrays.equals(first, second);
    Arrays.fill(second, (byte) 0);
    if (!same) {
      throw new PassphraseException(Place.NOWHERE, "the passphrases differ; nothing was done");
    }
    return first;
  }

  private static byte[] ask(String question, String otherwise) {
    Optional<byte[]> typed = PassphrasePrompt.ask(question).map(PassphraseSources::withoutLineEnd);
    return typed.orElseThrow(() ->
        new PassphraseException(
            Place.NOWHERE, "no passphrase was given; " + otherwise + " run this on a terminal"));
  }
}
