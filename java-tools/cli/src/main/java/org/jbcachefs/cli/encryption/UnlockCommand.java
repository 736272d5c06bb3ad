// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.encryption;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.open.MemberOptions;
import org.jbcachefs.cli.open.PassphraseSources;
import org.jbcachefs.cli.platform.Errno;
import org.jbcachefs.cli.platform.Keyring;
import org.jbcachefs.engine.recovery.StoredKey;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.crypto.EncryptedKey;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Superblock;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unlock}. */
@Command(
    name = "unlock",
    description = {
      "Gives the kernel's keyring the key of an encrypted filesystem, under the name bcachefs:UUID,"
          + " so that it can be mounted and read without the passphrase.",
      "Nothing is written to the devices. The passphrase comes from -f, else from the environment"
          + " variable JBCACHEFS_PASSPHRASE, else from the terminal, where it may be typed three"
          + " times."
    })
public final class UnlockCommand implements CliCommand {
  private static final int TRIES = 3;

  @Parameters(
      arity = "1",
      paramLabel = "DEV",
      description = "A member of the filesystem; all of them may be named, joined by ':'.")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = {"-c", "--check"},
      description = "Only say whether a passphrase is needed: with exit code 0, else 1.")
  private boolean check;

  @Option(
      names = {"-k", "--keyring"},
      paramLabel = "KEYRING",
      description = "session, user or user_session. Without it: user.")
  private Keyring.Name keyring = Keyring.Name.USER;

  @Option(
      names = {"-f", "--file", "--passphrase-file"},
      paramLabel = "FILE",
      description = "Where the passphrase is; - for standard input.")
  private String file;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only say whether the passphrase is right.")
  private boolean dryRun;

  @Override
  public int run(Invocation invocation) {
    Path device = MemberOptions.devices(devices).getFirst();
    Superblock superblock;
    try (BlockDevice opened = invocation.devices().openReadOnly(device)) {
      superblock = SuperblockSearch.findThoroughly(opened).require();
    }
    superblock.refuseUnreadable();
    UUID uuid = superblock.userUuid();
    invocation.out().filesystem(uuid);
    EncryptedKey encrypted = StoredKey.require(superblock).key();
    if (!encrypted.needsPassphrase()) {
      throw new RefusedException(
          "no_passphrase",
          superblock.place(),
          "the key lies in the superblock in the clear; no passphrase is needed");
    }
    boolean added = !check && add(invocation, superblock, encrypted);
    if (invocation.out().isJson()) {
      invocation
          .out()
          .data()
          .beginObject()
          .field("needs_passphrase", true)
          .field("key", name(uuid))
          .field("keyring", keyring.toString())
          .field("added", added)
          .endObject();
    }
    return ExitCode.DONE;
  }

  private boolean add(Invocation invocation, Superblock superblock, EncryptedKey encrypted) {
    FilesystemKey key = key(invocation, superblock, encrypted);
    if (dryRun) {
      invocation.note("the passphrase is right; the keyring was not touched");
      return false;
    }
    int error = Keyring.add(keyring, name(superblock.userUuid()), key.bytes());
    if (error != 0) {
      throw new RefusedException(
          "keyring",
          Place.NOWHERE,
          "the keyring '" + keyring + "' takes no key: " + Errno.text(error));
    }
    return true;
  }

  private FilesystemKey key(Invocation invocation, Superblock superblock, EncryptedKey encrypted) {
    PassphraseSources sources = new PassphraseSources(invocation, file);
    for (int attempt = 1; ; attempt++) {
      try {
        FilesystemKey key = sources.typedOrGiven(superblock.userUuid(), encrypted, Place.NOWHERE);
        encrypted.unlock(key, superblock.magicWord(), superblock.place());
        return key;
      } catch (PassphraseException e) {
        if (attempt == TRIES || !sources.canAskAgain()) {
          throw e;
        }
        invocation.note("wrong passphrase");
      }
    }
  }

  private static String name(UUID uuid) {
    return PassphraseSources.keyName(uuid);
  }
}
