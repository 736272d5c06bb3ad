// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.testing.TreeManifest;
import org.jbcachefs.engine.write.MadeFilesystem;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.BcachefsException;

/** An undamaged filesystem to be damaged: a golden one, or one that is made. */
final class RepairBase {
  private static final Pattern PATH = Pattern.compile("\"path\": (\"[^\"]*\")");
  private static final Pattern SHA =
      Pattern.compile("\"path\": (\"[^\"]*\").*\"sha256(?:_segs)?\": \"(\\w+)\"");

  /** Holes of larger files are not looked at byte by byte. */
  private static final long WHOLE_FILE_MOST = 64 << 10;

  private final String name;
  private final Supplier<List<BlockDevice>> members;
  private final String passphrase;

  /** What the passphrase gives; to find that takes long on purpose. */
  private FilesystemKey derived;

  private final boolean metadataTwice;
  private final Set<String> single;
  private Inventory inventory;
  private Tree original;
  private FileContents contents;

  private RepairBase(
      String name,
      Supplier<List<BlockDevice>> members,
      String passphrase,
      boolean metadataTwice,
      Set<String> single) {
    this.name = name;
    this.members = members;
    this.passphrase = passphrase;
    this.metadataTwice = metadataTwice;
    this.single = single;
  }

  /**
   * What can be seen of a tree.
   *
   * @param paths of everything
   * @param files paths and hashes of files that can be read
   */
  record Tree(Set<String> paths, Set<String> files) {
    static final Tree NOTHING = new Tree(Set.of(), Set.of());

    static Tree of(List<String> manifest) {
      Set<String> paths = new TreeSet<>();
      Set<String> files = new TreeSet<>();
      for (String line : manifest) {
        Matcher path = PATH.matcher(line);
        if (path.find()) {
          paths.add(path.group(1));
        }
        Matcher sha = SHA.matcher(line);
        if (sha.find()) {
          files.add(sha.group(1) + " " + sha.group(2));
        }
      }
      return new Tree(paths, files);
    }
  }

  /** A golden filesystem that has one copy of everything. */
  static RepairBase golden(String name) {
    return new RepairBase(
        name, () -> GoldenImages.open(name), GoldenImages.passphrase(name), false, Set.of(""));
  }

  /**
   * A golden filesystem with two copies of metadata, and of data.
   *
   * @param single folders whose data may have one copy only
   */
  static RepairBase twice(String name, String... single) {
    return new RepairBase(name, () -> GoldenImages.open(name), null, true, Set.of(single));
  }

  /** One that this program makes; metadata has two copies. */
  static RepairBase made(String name, int count, int dataReplicas, long seed) {
    List<MemoryDevice> devices = MadeFilesystem.of(count, dataReplicas, seed);
    return new RepairBase(
        name,
        () -> {
          List<BlockDevice> lent = new ArrayList<>();
          devices.forEach(device -> lent.add(new LentDevice(device)));
          return lent;
        },
        null,
        true,
        dataReplicas > 1 ? Set.of() : Set.of(""));
  }

  Inventory inventory() {
    if (inventory == null) {
      inventory = new Inventory(members, passphrase);
    }
    return inventory;
  }

  /** What is there while nothing is damaged. */
  Tree original() {
    if (original == null) {
      List<BlockDevice> devices = members.get();
      original = tree(devices);
      devices.forEach(BlockDevice::close);
    }
    return original;
  }

  /** What files hold while nothing is damaged. */
  FileContents contents() {
    if (contents == null) {
      List<BlockDevice> devices = members.get();
      contents = contents(devices);
      devices.forEach(BlockDevice::close);
    }
    return contents;
  }

  /** Paths that must be there whatever happens to one of the devices. */
  Set<String> pathsKept() {
    return metadataTwice ? original().paths() : Set.of();
  }

  /** Files that must be there, by path and content, whatever happens to one of the devices. */
  Set<String> filesKept() {
    Set<String> kept = new TreeSet<>();
    for (String file : metadataTwice ? original().files() : Set.<String>of()) {
      if (single.stream().noneMatch(folder -> file.startsWith("\"" + folder))) {
        kept.add(file);
      }
    }
    return kept;
  }

  OpenOptions open() {
    OpenOptions open =
        OpenOptions.defaults().withThreads(1).withDegraded(OpenOptions.Degraded.VERY);
    return passphrase == null
        ? open
        : open.withKeySource((_, encrypted, place) -> {
          if (derived == null) {
            derived = encrypted.derive(passphrase.getBytes(StandardCharsets.UTF_8), place);
          }
          return derived;
        });
  }

  /** The members with that damage. */
  List<BlockDevice> damaged(List<String> statements) {
    return DamagedDevices.of(members.get(), statements, open());
  }

  /** What files hold, of a sound filesystem. */
  FileContents contents(List<BlockDevice> devices) {
    return contents(devices, _ -> true);
  }

  /** The same of files that are not what they were, given what can be seen. */
  FileContents changed(List<BlockDevice> devices, Tree now) {
    Set<String> same = new HashSet<>(now.files());
    same.retainAll(original().files());
    Set<String> paths = new HashSet<>();
    same.forEach(file -> paths.add(file.substring(0, file.lastIndexOf(' '))));
    return contents(devices, path -> !paths.contains(path));
  }

  private FileContents contents(List<BlockDevice> devices, Predicate<String> which) {
    List<BlockDevice> borrowed = new ArrayList<>();
    devices.forEach(device -> borrowed.add(new Kept(device)));
    try (ReadFilesystem filesystem = ReadFilesystem.open(borrowed, open())) {
      return FileContents.of(filesystem.namespace(), filesystem.data(), which);
    }
  }

  /** What can be seen; nothing if the damage lets nothing be listed. */
  Tree tree(List<BlockDevice> devices) {
    List<BlockDevice> borrowed = new ArrayList<>();
    devices.forEach(device -> borrowed.add(new Kept(device)));
    // Keys that contradict the format by themselves are damage, though they may be readable.
    try (ReadFilesystem filesystem = ReadFilesystem.open(borrowed, open().withKeyChecks(true))) {
      return Tree.of(
          TreeManifest.of(
              filesystem.namespace(),
              filesystem.data(),
              filesystem.namespace().root(),
              WHOLE_FILE_MOST));
    } catch (BcachefsException | NoSuchElementException _) {
      // Some list names what cannot be found: what could be read is not known.
      return Tree.NOTHING;
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
