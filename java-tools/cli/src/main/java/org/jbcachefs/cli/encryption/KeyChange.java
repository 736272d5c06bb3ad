// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.encryption;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.open.MemberOptions;
import org.jbcachefs.cli.open.OfflineMembers;
import org.jbcachefs.cli.open.PassphraseSources;
import org.jbcachefs.cli.platform.Keyring;
import org.jbcachefs.engine.recovery.StoredKey;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Member;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the commands that lock a filesystem's key in another way have in common. A mixin. */
final class KeyChange {
  @Parameters(arity = "1..*", paramLabel = "DEV", description = "All members of the filesystem.")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = "--passphrase-file",
      paramLabel = "FILE",
      description = {
        "Where the passphrase is that the filesystem has now; - for standard input.",
        "Without it: environment JBCACHEFS_PASSPHRASE, the keyring key bcachefs:UUID, the terminal."
      })
  private String file;

  @Option(
      names = {"-f", "--force"},
      description = "Also if there is only one copy of the superblock, and so of the key.")
  private boolean force;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only find out whether it could be done.")
  private boolean dryRun;

  /** Whether the passphrase is read from standard input. */
  boolean readsInput() {
    return "-".equals(file);
  }

  /** Unlocks the key and lets it be locked anew; keys in the keyring are useless afterwards. */
  void run(Invocation invocation, BiConsumer<SuperblockWriter, FilesystemKey> change) {
    OfflineMembers.withOlder(
        invocation,
        MemberOptions.devices(devices),
        !dryRun,
        superblock -> {
          StoredKey.require(superblock.current());
          FilesystemKey key =
              StoredKey.of(superblock.current(), new PassphraseSources(invocation, file))
                  .orElseThrow();
          int copies = copies(superblock);
          if (dryRun) {
            invocation.note(copies + " superblocks would be changed; nothing was written");
          } else {
            change.accept(superblock, key);
            Keyring.revoke(PassphraseSources.keyName(superblock.current().userUuid()));
          }
          if (invocation.out().isJson()) {
            invocation
                .out()
                .data()
                .beginObject()
                .field("dry_run", dryRun)
                .field("superblocks", copies)
                .endObject();
          }
        });
  }

  /** How many copies of the key there are. */
  private int copies(SuperblockWriter superblock) {
    int copies = 0;
    for (Member member : superblock.current().members()) {
      if (member.exists()) {
        copies += superblock.of(member.index()).layout().sectors().size();
      }
    }
    if (copies < 2 && !force) {
      throw new RefusedException(
          "one_superblock",
          superblock.current().place(),
          "there is only one superblock: if the power fails while it is written the key is lost,"
              + " and with it all data; -f does it nonetheless");
    }
    return copies;
  }
}
