// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jbcachefs.fuse.session.AccessTimes;

/**
 * One mounted filesystem as /proc/self/mountinfo tells it.
 *
 * @param device "major:minor" as stat(2) shows it for everything mounted there
 * @param target the mountpoint, as raw bytes in ISO-8859-1
 * @param type e.g. "fuse.jbcachefs"
 * @param options of this mount alone, separated by commas
 * @param superOptions the filesystem's own options, separated by commas
 */
public record MountEntry(
    String device, String target, String options, String type, String source, String superOptions) {
  private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");
  public static final String TYPE = "fuse.jbcachefs";

  /** What is mounted last on exactly that directory. */
  static Optional<MountEntry> at(Path directory) throws IOException {
    String wanted =
        new String(
            directory.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    return all().stream().filter(entry -> entry.target.equals(wanted)).reduce((a, b) -> b);
  }

  /** The mount that holds a path, which must be absolute and without symbolic links. */
  public static Optional<MountEntry> holding(Path path) throws IOException {
    MountEntry best = null;
    for (MountEntry entry : all()) {
      Path directory = entry.directory();
      boolean deeper = best == null || directory.getNameCount() >= best.directory().getNameCount();
      if (path.startsWith(directory) && deeper) {
        best = entry;
      }
    }
    return Optional.ofNullable(best);
  }

  /** Where it is mounted. */
  public Path directory() {
    return Path.of(
        new String(target.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
  }

  static List<MountEntry> all() throws IOException {
    return parse(Files.readString(MOUNTINFO, StandardCharsets.ISO_8859_1));
  }

  static List<MountEntry> parse(String text) {
    List<MountEntry> entries = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      String[] words = line.split(" ", -1);
      int dash = dash(words);
      if (dash > 0 && words.length > dash + 3) {
        entries.add(
            new MountEntry(
                words[2],
                unescape(words[4]),
                words[5],
                words[dash + 1],
                unescape(words[dash + 2]),
                words[dash + 3]));
      }
    }
    return entries;
  }

  /** Optional fields end with a lone "-". */
  private static int dash(String[] words) {
    for (int i = 6; i < words.length; i++) {
      if (words[i].equals("-")) {
        return i;
      }
    }
    return -1;
  }

  /** Space, tab, newline and backslash stand as octal. */
  private static String unescape(String word) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < word.length(); i++) {
      char c = word.charAt(i);
      if (c == '\\' && i + 3 < word.length() && word.substring(i + 1, i + 4).matches("[0-7]{3}")) {
        text.append((char) Integer.parseInt(word.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }

  /** Whether the kernel lets nothing be changed in it, wherever it is mounted. */
  public boolean isReadOnly() {
    return List.of(superOptions.split(",", -1)).contains("ro");
  }

  /** The kernel's flags that are in force. */
  public MountFlags flags() {
    Map<String, String> words = new LinkedHashMap<>();
    for (String word : (options + "," + superOptions).split(",", -1)) {
      words.put(word, "");
    }
    if (!words.containsKey("noatime") && !words.containsKey("relatime")) {
      words.put("strictatime", "");
    }
    // Of the two "rw" of a mount one may be "ro": that one counts.
    if (words.containsKey("ro")) {
      words.remove("rw");
    }
    return MountFlags.parse(words);
  }

  /** How reads of its files are to be noted. */
  public AccessTimes accessTimes() {
    List<String> words = List.of(options.split(",", -1));
    AccessTimes.When files = AccessTimes.When.ALWAYS;
    if (words.contains("noatime")) {
      files = AccessTimes.When.NEVER;
    } else if (words.contains("relatime")) {
      files = AccessTimes.When.RELATIVE;
    }
    AccessTimes.When directories = words.contains("nodiratime") ? AccessTimes.When.NEVER : files;
    boolean lazy = List.of(superOptions.split(",", -1)).contains("lazytime");
    return new AccessTimes(files, directories, lazy || words.contains("lazytime"));
  }

  /** Whether it is a mount of jbcachefs. */
  public boolean isOurs() {
    return type.equals(TYPE);
  }

  /** The user who mounted it, as its super options tell; 0 if they don't. */
  public int user() {
    for (String option : superOptions.split(",", -1)) {
      if (option.matches("user_id=[0-9]{1,9}")) {
        return Integer.parseInt(option.substring("user_id=".length()));
      }
    }
    return 0;
  }
}
