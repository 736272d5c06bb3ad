// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.edit.Change;

/**
 * Runs statements of the editing language on the devices of an unmounted filesystem. Each is
 * written before the next is looked at. The devices stay open.
 */
public final class ImageEditor {
  private final List<BlockDevice> devices = new ArrayList<>();
  private final List<EditResult.Write> writes = new ArrayList<>();
  private final OpenOptions options;

  /**
   * For that filesystem.
   *
   * @param devices all members, in any order
   */
  public ImageEditor(List<BlockDevice> devices, OpenOptions options) {
    devices.forEach(device -> this.devices.add(new BorrowedDevice(device, writes)));
    this.options = options;
  }

  /**
   * Runs one statement.
   *
   * @throws org.jbcachefs.format.error.RefusedException {@code bad_edit} if it makes no sense, or
   *     another reason if it cannot be done here
   * @throws org.jbcachefs.format.error.NotFoundException if what it names is not there
   */
  public EditResult run(String text) {
    Statement statement = Statement.parse(text);
    writes.clear();
    if (statement.verb().equals("poke")) {
      return new DeviceEdit(devices).poke(statement).with(writes);
    }
    ReadFilesystem filesystem = ReadFilesystem.open(devices, options);
    EditResult result = run(filesystem, statement);
    devices.forEach(BlockDevice::flush);
    return result.with(writes);
  }

  /** Runs all statements of a script, one on a line; lines that begin with # are comments. */
  public List<EditResult> runAll(String script) {
    List<EditResult> results = new ArrayList<>();
    for (String line : script.lines().toList()) {
      if (!line.isBlank() && !line.stripLeading().startsWith("#")) {
        results.add(run(line));
      }
    }
    return results;
  }

  private static EditResult run(ReadFilesystem filesystem, Statement statement) {
    boolean superblock =
        !statement.words().isEmpty()
            && (statement.word(0).equals("sb") || statement.word(0).startsWith("sb@"));
    return switch (statement.verb()) {
      case "get" ->
          superblock
              ? new SuperblockEdit(filesystem).get(statement)
              : new KeyEdit(filesystem).get(statement);
      case "set" ->
          superblock
              ? new SuperblockEdit(filesystem).set(statement)
              : new KeyEdit(filesystem).set(statement);
      case "insert" -> new KeyEdit(filesystem).insert(statement);
      case "copy" -> new KeyEdit(filesystem).copy(statement);
      case "delete" -> new KeyEdit(filesystem).delete(statement);
      case "section" -> new SuperblockEdit(filesystem).section(statement);
      case "kill" -> new NodeEdit(filesystem).kill(statement);
      case "node" -> new NodeEdit(filesystem).node(statement);
      case "root" -> new NodeEdit(filesystem).root(statement);
      case "journal" -> new JournalEdit(filesystem).run(statement);
      default -> throw Change.bad("there is no statement '" + statement.verb() + "'");
    };
  }
}
