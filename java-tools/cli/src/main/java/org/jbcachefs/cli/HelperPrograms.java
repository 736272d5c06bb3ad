// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The programs by which mkfs(8), fsck(8), mount(8) and fstab call this one: links to the launcher,
 * each of which means a command.
 */
public final class HelperPrograms {
  private static final Map<String, String> COMMANDS = commands();

  private HelperPrograms() {}

  private static Map<String, String> commands() {
    Map<String, String> commands = new LinkedHashMap<>();
    commands.put("mkfs.jbcachefs", "format");
    commands.put("fsck.jbcachefs", "fsck");
    commands.put("mount.jbcachefs", "mount");
    commands.put("mount.fuse.jbcachefs", "mount");
    return commands;
  }

  /** The command that a program of that name means, under its bcachefs name too; empty if none. */
  static Optional<String> command(String program) {
    return Optional.ofNullable(COMMANDS.get(program.replace(".bcachefs", ".jbcachefs")));
  }

  /** Programs and their commands, those only whose command exists: what may be installed. */
  public static Map<String, String> existing() {
    Map<String, String> existing = new LinkedHashMap<>(COMMANDS);
    existing.values().removeIf(command -> CommandTable.named(command).isEmpty());
    return existing;
  }
}
