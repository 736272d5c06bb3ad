// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the words of mount(8)'s {@code -o} mean, sorted by who has to deal with them: the kernel,
 * the mount helper, the mount itself, or the filesystem; words for init systems and fstab are
 * dropped.
 *
 * @param kernel MS_* flags of mount(2)
 * @param words the kernel's flags as words, for fusermount3
 * @param allowOther whether other users than the one who mounts may look; null if not said
 * @param readWriteAsked whether "rw" was among them
 * @param own options of the mount itself, see {@link #OWN}
 * @param filesystem everything else, for whoever opens the filesystem
 */
public record MountFlags(
    long kernel,
    List<String> words,
    Boolean allowOther,
    boolean readWriteAsked,
    Map<String, String> own,
    Map<String, String> filesystem) {
  private static final long MS_RDONLY = 1;

  private static final Map<String, Long> SET =
      Map.ofEntries(
          Map.entry("ro", MS_RDONLY),
          Map.entry("nosuid", 2L),
          Map.entry("nodev", 4L),
          Map.entry("noexec", 8L),
          Map.entry("sync", 16L),
          Map.entry("dirsync", 128L),
          Map.entry("noatime", 1024L),
          Map.entry("nodiratime", 2048L),
          Map.entry("relatime", 1L << 21),
          Map.entry("strictatime", 1L << 24),
          Map.entry("lazytime", 1L << 25));

  /** What is said of access times of files; the last of them counts. */
  private static final long ACCESS_TIMES = 1024L | 1L << 21 | 1L << 24;

  private static final Map<String, Long> CLEARED =
      Map.ofEntries(
          Map.entry("rw", MS_RDONLY),
          Map.entry("suid", 2L),
          Map.entry("dev", 4L),
          Map.entry("exec", 8L),
          Map.entry("async", 16L),
          Map.entry("atime", 1024L),
          Map.entry("diratime", 2048L),
          Map.entry("norelatime", 1L << 21),
          Map.entry("nostrictatime", 1L << 24),
          Map.entry("nolazytime", 1L << 25));

  /** Words for fstab, init systems and mount(8) itself. */
  private static final Set<String> IGNORED =
      Set.of(
          "defaults",
          "auto",
          "noauto",
          "user",
          "nouser",
          "users",
          "owner",
          "group",
          "nofail",
          "_netdev",
          "default_permissions",
          "nonempty",
          "subtype",
          "fsname",
          "comment",
          "silent",
          "loud",
          "iversion",
          "noiversion",
          "mand",
          "nomand",
          "remount",
          "uhelper",
          "helper");

  /**
   * The mount's own: transport=auto|uring|dev, threads=N, readahead=KiB, unique_inodes (see {@link
   * org.jbcachefs.fuse.session.InodeNumbers}).
   */
  static final Set<String> OWN = Set.of("transport", "threads", "readahead", "unique_inodes");

  /** Sorts words that were split at commas. */
  public static MountFlags parse(Map<String, String> options) {
    long kernel = kernelFlags(0, options.keySet());
    Boolean allowOther = null;
    Map<String, String> own = new LinkedHashMap<>();
    Map<String, String> filesystem = new LinkedHashMap<>();
    for (Map.Entry<String, String> option : options.entrySet()) {
      String name = option.getKey();
      if (SET.containsKey(name) || CLEARED.containsKey(name)) {
        continue;
      }
      if (name.equals("allow_other")) {
        allowOther = true;
      } else if (name.equals("noallow_other")) {
        allowOther = false;
      } else if (OWN.contains(name)) {
        own.put(name, option.getValue());
      } else if (!isIgnored(name)) {
        filesystem.put(name, option.getValue());
      }
    }
    return new MountFlags(
        kernel, words(kernel), allowOther, options.containsKey("rw"), own, filesystem);
  }

  /** Flags of mount(2) after words like "ro" or "noatime" have changed them, in their order. */
  private static long kernelFlags(long before, Collection<String> words) {
    long flags = before;
    for (String word : words) {
      if (SET.containsKey(word)) {
        long flag = SET.get(word);
        flags &= (flag & ACCESS_TIMES) != 0 ? ~ACCESS_TIMES : -1;
        flags |= flag;
      } else if (CLEARED.containsKey(word)) {
        flags &= ~CLEARED.get(word);
      }
    }
    return flags;
  }

  /** The same after the words of a remount; what they do not speak of stays. */
  public MountFlags changedBy(Map<String, String> remount) {
    long flags = kernelFlags(kernel, remount.keySet());
    return new MountFlags(flags, words(flags), allowOther, readWriteAsked, own, filesystem);
  }

  /** Whether the filesystem is to be changed. */
  public boolean writable() {
    return (kernel & MS_RDONLY) == 0;
  }

  /** The same, but read-only. */
  public MountFlags readOnly() {
    long flags = kernel | MS_RDONLY;
    return new MountFlags(flags, words(flags), allowOther, readWriteAsked, own, filesystem);
  }

  private static boolean isIgnored(String name) {
    return IGNORED.contains(name)
        || name.startsWith("x_")
        || name.startsWith("x-")
        || name.startsWith("X-")
        || name.startsWith("X_");
  }

  private static List<String> words(long kernel) {
    List<String> words = new ArrayList<>();
    for (String name : SET.keySet().stream().sorted().toList()) {
      if ((kernel & SET.get(name)) != 0) {
        words.add(name);
      }
    }
    return words;
  }
}
