// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.encryption;

import java.util.Arrays;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.open.NewPassphrase;
import org.jbcachefs.engine.recovery.StoredKey;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code set-passphrase}. */
@Command(
    name = "set-passphrase",
    description = {
      "Gives an encrypted filesystem another passphrase, or one again if it was removed; it must"
          + " not be mounted, and all members must be named.",
      "The key that encrypts the data stays the same: whoever copied the superblock before can still"
          + " use the old passphrase on that copy. Keys in the kernel's keyring are revoked."
    })
public final class SetPassphraseCommand implements CliCommand {
  @Mixin private KeyChange change = new KeyChange();

  @Option(
      names = "--new-passphrase-file",
      paramLabel = "FILE",
      description = "Where the new passphrase is; - for standard input. Without it: the terminal.")
  private String newFile;

  @Override
  public int run(Invocation invocation) {
    if (change.readsInput() && "-".equals(newFile)) {
      throw new UsageException("the two passphrases cannot both come from standard input");
    }
    change.run(
        invocation,
        (superblock, key) -> {
          byte[] passphrase = NewPassphrase.besideAnother(invocation, newFile);
          try {
            StoredKey.lock(superblock, key, passphrase);
          } finally {
            Arrays.fill(passphrase, (byte) 0);
          }
        });
    return ExitCode.DONE;
  }
}
