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
    byte[] passphrase =
        new PassphraseSources(invocation, file).given().orElseGet(NewPassphrase::asked);
    if (passphrase.length == 0) {
      throw new UsageException("the passphrase is empty");
    }
    return passphrase;
  }

  private static byte[] asked() {
    byte[] first = ask("New passphrase: ");
    byte[] second = ask("The same again: ");
    boolean same = Arrays.equals(first, second);
    Arrays.fill(second, (byte) 0);
    if (!same) {
      throw new PassphraseException(Place.NOWHERE, "the passphrases differ; nothing was done");
    }
    return first;
  }

  private static byte[] ask(String question) {
    Optional<byte[]> typed = PassphrasePrompt.ask(question).map(PassphraseSources::withoutLineEnd);
    return typed.orElseThrow(() ->
        new PassphraseException(
            Place.NOWHERE,
            "no passphrase was given; use --passphrase-file, set "
                + PassphraseSources.ENVIRONMENT
                + ", or run this on a terminal"));
  }
}
