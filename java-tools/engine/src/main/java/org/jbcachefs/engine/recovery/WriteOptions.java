// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jbcachefs.engine.btree.write.NodePlacement;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.tables.FilesystemOption;

/**
 * How to open a filesystem for writing. Immutable; begin with {@link #defaults}.
 *
 * @param open how to find and read it
 * @param clock the wall clock
 * @param random where uuids and the numbers of nodes come from; safe for several threads
 * @param rules which rules of the write path hold: all, but in tests
 * @param cacheBytes memory for btree nodes that nobody uses at the moment
 * @param given options in the place of what the superblock says, as long as it is open
 * @param placement where nodes may be put, besides what members allow
 */
public record WriteOptions(
    OpenOptions open,
    InstantSource clock,
    RandomGenerator random,
    WriteRules rules,
    long cacheBytes,
    Map<FilesystemOption, Long> given,
    NodePlacement placement) {
  private static final long CACHE_BYTES = 128 << 20;

  /** The machine's clock and randomness, every rule, all members there. */
  public static WriteOptions defaults() {
    return new WriteOptions(
        OpenOptions.defaults().withDegraded(OpenOptions.Degraded.YES),
        InstantSource.system(),
        new SecureRandom(),
        WriteRules.ALL,
        CACHE_BYTES,
        Map.of(),
        NodePlacement.ANYWHERE);
  }

  public WriteOptions withOpen(OpenOptions options) {
    return new WriteOptions(options, clock, random, rules, cacheBytes, given, placement);
  }

  public WriteOptions withClock(InstantSource source) {
    return new WriteOptions(open, source, random, rules, cacheBytes, given, placement);
  }

  public WriteOptions withRandom(RandomGenerator generator) {
    return new WriteOptions(open, clock, generator, rules, cacheBytes, given, placement);
  }

  public WriteOptions withRules(WriteRules others) {
    return new WriteOptions(open, clock, random, others, cacheBytes, given, placement);
  }

  public WriteOptions withCacheBytes(long bytes) {
    return new WriteOptions(open, clock, random, rules, bytes, given, placement);
  }

  /** Options that count instead of the superblock's, which stay as they are. */
  public WriteOptions withGiven(Map<FilesystemOption, Long> options) {
    return new WriteOptions(open, clock, random, rules, cacheBytes, Map.copyOf(options), placement);
  }

  /** Where nodes may be put. */
  public WriteOptions withPlacement(NodePlacement chosen) {
    return new WriteOptions(open, clock, random, rules, cacheBytes, given, chosen);
  }
}
