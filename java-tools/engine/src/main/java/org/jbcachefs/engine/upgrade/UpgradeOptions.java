// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.upgrade;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.sb.version.UpgradePolicy;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * How to upgrade.
 *
 * @param write how to open the filesystem
 * @param ends whether the filesystem is closed once it is upgraded: then it may have erasure coded
 *     data, which nothing else may be written beside
 * @param policy how far; null for what the filesystem's own option says
 * @param to number of the version to reach, {@link MetadataVersion#CURRENT} or a newer one; 0 for
 *     what a filesystem is written as when nobody asks
 * @param memoryBytes what sorting may take
 * @param spill where it puts what needs more
 * @param progress told what is being done, a participle and its object
 */
public record UpgradeOptions(
    WriteOptions write,
    boolean ends,
    UpgradePolicy policy,
    int to,
    long memoryBytes,
    Path spill,
    Consumer<String> progress) {
  /** As far as the filesystem's own option says. */
  public static UpgradeOptions of(WriteOptions write) {
    CheckOptions check = CheckOptions.defaults();
    return new UpgradeOptions(write, false, null, 0, check.memoryBytes(), check.spill(), _ -> {});
  }

  public UpgradeOptions withPolicy(UpgradePolicy other) {
    return new UpgradeOptions(write, ends, other, to, memoryBytes, spill, progress);
  }

  /** With that version to be reached. */
  public UpgradeOptions withTarget(int version) {
    return new UpgradeOptions(write, ends, policy, version, memoryBytes, spill, progress);
  }

  public UpgradeOptions withProgress(Consumer<String> listener) {
    return new UpgradeOptions(write, ends, policy, to, memoryBytes, spill, listener);
  }

  /** Nothing is going to be written after the upgrade. */
  public UpgradeOptions ending() {
    return new UpgradeOptions(write, true, policy, to, memoryBytes, spill, progress);
  }
}
