// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.encryption;

import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.engine.recovery.StoredKey;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code remove-passphrase}. */
@Command(
    name = "remove-passphrase",
    description = {
      "Leaves the key of an encrypted filesystem in its superblocks in the clear, so that it is"
          + " opened without a passphrase; it must not be mounted, and all members must be named.",
      "Data stays encrypted, and new data is encrypted too; set-passphrase locks the key again."
    })
public final class RemovePassphraseCommand implements CliCommand {
  @Mixin private KeyChange change = new KeyChange();

  @Override
  public int run(Invocation invocation) {
    change.run(invocation, StoredKey::leaveOpen);
    return ExitCode.DONE;
  }
}
