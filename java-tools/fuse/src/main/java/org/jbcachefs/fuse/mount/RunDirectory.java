// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Where daemons keep their locks and sockets: a directory of their user's that no reboot keeps. */
public final class RunDirectory {
  private static final Path OF_ROOT = Path.of("/run/jbcachefs");

  private RunDirectory() {}

  /** Where to put something, the best place first. */
  public static List<Path> own(int uid, Map<String, String> environment) {
    if (uid == 0) {
      return List.of(OF_ROOT);
    }
    List<Path> directories = new ArrayList<>();
    String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    if (runtime.equals("/run/user/" + uid)) {
      directories.add(Path.of(runtime, "jbcachefs"));
    }
    directories.addAll(of(uid));
    return directories;
  }

  /** Where to look for what a user's daemon has put there. */
  public static List<Path> of(int uid) {
    return uid == 0
        ? List.of(OF_ROOT)
        : List.of(Path.of("/run/user/" + uid, "jbcachefs"), Path.of("/tmp/jbcachefs-" + uid));
  }

  /** Makes one of them, if it is missing. */
  static void make(Path directory, int uid) throws IOException {
    if (!Files.isDirectory(directory)) {
      String mode = uid == 0 ? "rwxr-xr-x" : "rwx------";
      Files.createDirectory(
          directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode)));
    }
  }
}
