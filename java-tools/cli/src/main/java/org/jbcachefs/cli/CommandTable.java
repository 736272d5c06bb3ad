// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.cli.contents.CloneRange;
import org.jbcachefs.cli.contents.CollapseRange;
import org.jbcachefs.cli.contents.InsertRange;
import org.jbcachefs.cli.damage.DamageCommand;
import org.jbcachefs.cli.device.ClaimTestCommand;
import org.jbcachefs.cli.device.GeometryCommand;
import org.jbcachefs.cli.device.ShimStatusCommand;
import org.jbcachefs.cli.dump.DumpCommand;
import org.jbcachefs.cli.dump.UndumpCommand;
import org.jbcachefs.cli.edit.EditCommand;
import org.jbcachefs.cli.edit.KillNodeCommand;
import org.jbcachefs.cli.encryption.RemovePassphraseCommand;
import org.jbcachefs.cli.encryption.SetPassphraseCommand;
import org.jbcachefs.cli.encryption.UnlockCommand;
import org.jbcachefs.cli.extract.ExtractCommand;
import org.jbcachefs.cli.files.CatFile;
import org.jbcachefs.cli.files.ListFiles;
import org.jbcachefs.cli.files.StatFile;
import org.jbcachefs.cli.files.Tree;
import org.jbcachefs.cli.format.FormatCommand;
import org.jbcachefs.cli.format.ImageCreateCommand;
import org.jbcachefs.cli.format.ImageUpdateCommand;
import org.jbcachefs.cli.fsck.FsckCommand;
import org.jbcachefs.cli.journal.ListJournalCommand;
import org.jbcachefs.cli.journal.RewindInfoCommand;
import org.jbcachefs.cli.list.ListCommand;
import org.jbcachefs.cli.mount.MountCommand;
import org.jbcachefs.cli.mount.RemountCommand;
import org.jbcachefs.cli.mount.UmountCommand;
import org.jbcachefs.cli.quota.SetQuota;
import org.jbcachefs.cli.quota.ShowQuotas;
import org.jbcachefs.cli.settings.RecoveryPassCommand;
import org.jbcachefs.cli.settings.ResetCounters;
import org.jbcachefs.cli.settings.SetFileOption;
import org.jbcachefs.cli.settings.SetFilesystemOption;
import org.jbcachefs.cli.settings.StripAllocCommand;
import org.jbcachefs.cli.show.FsUsageCommand;
import org.jbcachefs.cli.show.RecoverSuperCommand;
import org.jbcachefs.cli.show.ShowSuperCommand;
import org.jbcachefs.cli.show.UpgradeCommand;
import org.jbcachefs.cli.subvolume.CreateSubvolume;
import org.jbcachefs.cli.subvolume.DeleteSubvolume;
import org.jbcachefs.cli.subvolume.ListSnapshots;
import org.jbcachefs.cli.subvolume.ListSubvolumes;
import org.jbcachefs.cli.subvolume.SnapshotSubvolume;
import org.jbcachefs.cli.top.FsTopCommand;
import org.jbcachefs.cli.verify.VerifyCommand;

/**
 * Every command: its words, where help lists it, one line about it, and how it is made. Reading the
 * table loads no command's class.
 */
final class CommandTable {
  /**
   * One command.
   *
   * @param name its words, e.g. "fs usage"
   * @param section the heading under which help lists it
   * @param summary one line, no full stop
   * @param aliases other spellings, in full
   */
  record Entry(String name, String section, String summary, List<String> aliases) {
    /** Whether these words mean it; '-' and '_' are the same. */
    boolean answersTo(String words) {
      String dashed = words.replace('_', '-');
      return name.replace('_', '-').equals(dashed) || aliases.contains(dashed);
    }
  }

  private static final String FILES = "Reading files";
  private static final String CHECKING = "Checking";
  private static final String SUBVOLUMES = "Subvolumes";
  private static final String MOUNTING = "Mounting";
  private static final String DEVICES = "Devices";
  private static final String SUPERBLOCK = "Superblock";
  private static final String ENCRYPTION = "Encryption";
  private static final String DEBUG = "Looking inside";
  private static final String MISC = "Other";

  private static final List<Entry> ENTRIES =
      List.of(
          entry("ls", FILES, "list a directory"),
          entry("tree", FILES, "show a whole tree"),
          entry("stat", FILES, "show everything about a file"),
          entry("cat", FILES, "write a file to standard output"),
          entry("extract", FILES, "copy files out"),
          entry(
              "subvolume create",
              SUBVOLUMES,
              "make a subvolume of a mounted filesystem",
              "subvolume new",
              "subvol create",
              "subvol new"),
          entry(
              "subvolume delete",
              SUBVOLUMES,
              "delete a subvolume or snapshot of a mounted filesystem",
              "subvolume del",
              "subvol delete",
              "subvol del"),
          entry(
              "subvolume snapshot",
              SUBVOLUMES,
              "make a snapshot of a subvolume of a mounted filesystem",
              "subvolume snap",
              "subvol snapshot",
              "subvol snap"),
          entry(
              "subvolume list",
              SUBVOLUMES,
              "list subvolumes",
              "subvolume ls",
              "subvol list",
              "subvol ls"),
          entry(
              "subvolume list-snapshots",
              SUBVOLUMES,
              "show the tree of snapshots and what each uses",
              "subvolume ls-snap",
              "subvolume list-snap",
              "subvol list-snapshots",
              "subvol ls-snap",
              "subvol list-snap"),
          entry("fsck", CHECKING, "check everything that the metadata promises"),
          entry("damage", CHECKING, "say which files are hurt, and how"),
          entry("verify", FILES, "read and check every copy of everything"),
          entry("mount", MOUNTING, "mount a filesystem"),
          entry("remount", MOUNTING, "make a mounted filesystem read-only, or back"),
          entry("umount", MOUNTING, "unmount and wait for the devices to be closed"),
          entry("device claim-test", DEVICES, "try whether devices can be held exclusively"),
          entry("device geometry", DEVICES, "show what devices are like"),
          entry("shim status", DEVICES, "show the kernel module, who uses it and for what"),
          entry("list_journal", DEBUG, "list journal entries"),
          entry("journal_rewind_info", DEBUG, "show how far back the journal can be rewound"),
          entry("fs usage", SUPERBLOCK, "show what space is used for"),
          entry("fs top", MOUNTING, "show what a mounted filesystem does"),
          entry("format", SUPERBLOCK, "make a filesystem", "mkfs"),
          entry("set-file-option", MOUNTING, "set options of files of a mounted filesystem"),
          entry("file clone", MOUNTING, "make a file share the data of another one"),
          entry("file insert-range", MOUNTING, "make room for a hole in a file"),
          entry("file collapse-range", MOUNTING, "take a range out of a file"),
          entry("quota set", MOUNTING, "set limits of users, groups and projects"),
          entry("quota show", MOUNTING, "show what users, groups and projects have and may have"),
          entry("set-fs-option", SUPERBLOCK, "change options of a filesystem"),
          entry("reset-counters", SUPERBLOCK, "set a filesystem's counters to zero"),
          entry("unlock", ENCRYPTION, "give the kernel's keyring the key of a filesystem"),
          entry("set-passphrase", ENCRYPTION, "change the passphrase of a filesystem"),
          entry("remove-passphrase", ENCRYPTION, "make a filesystem open without a passphrase"),
          entry("recovery-pass", SUPERBLOCK, "show and change what the next mount has to check"),
          entry("image create", SUPERBLOCK, "make an image of a directory, as small as it can be"),
          entry("image update", SUPERBLOCK, "make an image what a directory is by now"),
          entry("strip-alloc", SUPERBLOCK, "take what is kept about space out of an image"),
          entry("show-super", SUPERBLOCK, "print a superblock"),
          entry("upgrade", SUPERBLOCK, "bring a filesystem to this metadata version"),
          entry("recover-super", SUPERBLOCK, "find a lost superblock and write it back"),
          entry("list", DEBUG, "list the keys or nodes of a btree"),
          entry("edit", DEBUG, "show and change single keys and superblock fields"),
          entry("dump", DEBUG, "write all metadata, and nothing of files, to qcow2 images"),
          entry("undump", DEBUG, "make sparse images of devices of such dumps"),
          entry("kill_btree_node", DEBUG, "make a btree node unreadable", "kill-node"),
          entry("completions", MISC, "print a script that completes commands in a shell"),
          entry("version", MISC, "print the version"),
          entry("help", MISC, "explain a command"));

  private CommandTable() {}

  private static Entry entry(String name, String section, String summary, String... aliases) {
    return new Entry(name, section, summary, List.of(aliases));
  }

  static List<Entry> entries() {
    return ENTRIES;
  }

  /** The command of these words, longest match first, or empty. */
  static Optional<Entry> find(String first, String second) {
    return named(first + " " + second).or(() -> named(first));
  }

  static Optional<Entry> named(String words) {
    for (Entry entry : ENTRIES) {
      if (entry.answersTo(words)) {
        return Optional.of(entry);
      }
    }
    return Optional.empty();
  }

  /** Commands whose first word is that group's. */
  static List<Entry> group(String word) {
    List<Entry> found = new ArrayList<>();
    for (Entry entry : ENTRIES) {
      if (entry.name().startsWith(word + " ")) {
        found.add(entry);
      }
    }
    return found;
  }

  /** Makes the command of that name; names are those of the list above. */
  static CliCommand create(String name) {
    return switch (name) {
      case "ls" -> new ListFiles();
      case "tree" -> new Tree();
      case "stat" -> new StatFile();
      case "cat" -> new CatFile();
      case "extract" -> new ExtractCommand();
      case "fsck" -> new FsckCommand();
      case "verify" -> new VerifyCommand();
      case "mount" -> new MountCommand();
      case "remount" -> new RemountCommand();
      case "umount" -> new UmountCommand();
      case "device claim-test" -> new ClaimTestCommand();
      case "device geometry" -> new GeometryCommand();
      case "shim status" -> new ShimStatusCommand();
      case "list_journal" -> new ListJournalCommand();
      case "fs usage" -> new FsUsageCommand();
      case "fs top" -> new FsTopCommand();
      case "set-file-option" -> new SetFileOption();
      case "file clone" -> new CloneRange();
      case "file insert-range" -> new InsertRange();
      case "file collapse-range" -> new CollapseRange();
      case "quota set" -> new SetQuota();
      case "quota show" -> new ShowQuotas();
      case "set-fs-option" -> new SetFilesystemOption();
      case "reset-counters" -> new ResetCounters();
      case "unlock" -> new UnlockCommand();
      case "set-passphrase" -> new SetPassphraseCommand();
      case "remove-passphrase" -> new RemovePassphraseCommand();
      case "recovery-pass" -> new RecoveryPassCommand();
      case "journal_rewind_info" -> new RewindInfoCommand();
      case "image create" -> new ImageCreateCommand();
      case "image update" -> new ImageUpdateCommand();
      case "strip-alloc" -> new StripAllocCommand();
      case "damage" -> new DamageCommand();
      case "format" -> new FormatCommand();
      case "show-super" -> new ShowSuperCommand();
      case "upgrade" -> new UpgradeCommand();
      case "recover-super" -> new RecoverSuperCommand();
      case "list" -> new ListCommand();
      case "subvolume create" -> new CreateSubvolume();
      case "subvolume delete" -> new DeleteSubvolume();
      case "subvolume snapshot" -> new SnapshotSubvolume();
      case "subvolume list" -> new ListSubvolumes();
      case "subvolume list-snapshots" -> new ListSnapshots();
      case "edit" -> new EditCommand();
      case "dump" -> new DumpCommand();
      case "undump" -> new UndumpCommand();
      case "kill_btree_node" -> new KillNodeCommand();
      case "completions" -> new CompletionsCommand();
      case "version" -> new VersionCommand();
      default -> throw new IllegalArgumentException("no command " + name);
    };
  }
}
