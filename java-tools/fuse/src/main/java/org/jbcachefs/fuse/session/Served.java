// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;

/**
 * What is mounted.
 *
 * @param root the directory that becomes the mountpoint's content
 * @param snapshotOf the snapshot that a subvolume has at the moment, 0 if there is no such
 *     subvolume
 * @param blockBytes the filesystem's block size
 * @param usage what statfs(2) shows, asked each time
 * @param path a file's path for log lines, or a description where none is known
 */
public record Served(
    Namespace namespace,
    FileData data,
    FileId root,
    IntUnaryOperator snapshotOf,
    int blockBytes,
    Supplier<Usage> usage,
    Function<FileId, String> path) {
  /**
   * What statfs(2) shows.
   *
   * @param capacityBytes room for data and metadata, replicas counted
   * @param freeBytes of that, what is free
   * @param availableBytes of that, what ordinary users may fill
   * @param files how many there can be
   * @param filesFree how many more there can be
   */
  public record Usage(
      long capacityBytes, long freeBytes, long availableBytes, long files, long filesFree) {}
}
