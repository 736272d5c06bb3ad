// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.nio.file.Path;
import java.util.Set;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * How to check.
 *
 * @param threads how many may work at once, 1 at least
 * @param memoryBytes what passes may take for their own tables and sorting buffers, besides btree
 *     nodes
 * @param spill a directory for temporary files of what does not fit
 * @param passes these and no others (but those the superblock asks for); empty: all of a full check
 * @param without not these
 * @param last nothing behind this one; null: all
 */
public record CheckOptions(
    int threads,
    long memoryBytes,
    Path spill,
    Set<RecoveryPass> passes,
    Set<RecoveryPass> without,
    RecoveryPass last) {
  private static final long MEMORY_BYTES = 512L << 20;

  public CheckOptions {
    passes = Set.copyOf(passes);
    without = Set.copyOf(without);
  }

  /** A full check with all processors, in half of the heap or 512 MiB, whichever is less. */
  public static CheckOptions defaults() {
    return new CheckOptions(
        Runtime.getRuntime().availableProcessors(),
        Math.min(MEMORY_BYTES, Runtime.getRuntime().maxMemory() / 2),
        Path.of(System.getProperty("java.io.tmpdir")),
        Set.of(),
        Set.of(),
        null);
  }

  public CheckOptions withThreads(int count) {
    return new CheckOptions(count, memoryBytes, spill, passes, without, last);
  }

  public CheckOptions withMemory(long bytes) {
    return new CheckOptions(threads, bytes, spill, passes, without, last);
  }

  public CheckOptions withSpill(Path directory) {
    return new CheckOptions(threads, memoryBytes, directory, passes, without, last);
  }

  public CheckOptions withPasses(Set<RecoveryPass> only) {
    return new CheckOptions(threads, memoryBytes, spill, only, without, last);
  }

  public CheckOptions withoutPasses(Set<RecoveryPass> excluded) {
    return new CheckOptions(threads, memoryBytes, spill, passes, excluded, last);
  }

  public CheckOptions withLast(RecoveryPass pass) {
    return new CheckOptions(threads, memoryBytes, spill, passes, without, pass);
  }
}
