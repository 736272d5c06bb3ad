// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jbcachefs.format.error.Finding;

/**
 * How to open a filesystem for reading. Immutable; begin with {@link #defaults} and change what is
 * needed.
 *
 * @param degraded what to do when members are missing
 * @param keySource asked once if the filesystem is encrypted
 * @param rescue use whatever is left: skip and report damage, rebuild what can be rebuilt
 * @param findings told of everything that is wrong but did not stop the work; called by any thread
 * @param threads how many threads may work at once, 1 at least
 * @param norecovery do not look at the journal: show what is in the btrees alone
 * @param keyChecks leave out keys that contradict the format by themselves, with a finding for each
 * @param rewindTo the journal entry whose state is wanted: what later ones did is undone; 0 for the
 *     newest
 */
public record OpenOptions(
    Degraded degraded,
    KeySource keySource,
    boolean rescue,
    Consumer<Finding> findings,
    int threads,
    boolean norecovery,
    boolean keyChecks,
    long rewindTo) {
  /** What to do when members are missing. */
  public enum Degraded {
    /** Refuse, as a mount does that can ask nobody. */
    ASK,
    /** Go on if no data is missing. */
    YES,
    /** Go on though data is missing. */
    VERY,
    /** Refuse if any member is missing. */
    NO
  }

  /** As offline readers do it: whatever is missing, no passphrase, findings ignored. */
  public static OpenOptions defaults() {
    int threads = Runtime.getRuntime().availableProcessors();
    return new OpenOptions(
        Degraded.VERY, KeySource.none(), false, finding -> {}, threads, false, false, 0);
  }

  public OpenOptions withDegraded(Degraded policy) {
    return new OpenOptions(
        policy, keySource, rescue, findings, threads, norecovery, keyChecks, rewindTo);
  }

  /** A passphrase without line end, or null if there is none; the array is wiped after use. */
  public OpenOptions withPassphrase(Supplier<byte[]> supplier) {
    return withKeySource(KeySource.passphrase(supplier));
  }

  public OpenOptions withKeySource(KeySource source) {
    return new OpenOptions(
        degraded, source, rescue, findings, threads, norecovery, keyChecks, rewindTo);
  }

  public OpenOptions withRescue(boolean on) {
    return new OpenOptions(
        degraded, keySource, on, findings, threads, norecovery, keyChecks, rewindTo);
  }

  public OpenOptions withFindings(Consumer<Finding> listener) {
    return new OpenOptions(
        degraded, keySource, rescue, listener, threads, norecovery, keyChecks, rewindTo);
  }

  public OpenOptions withThreads(int count) {
    return new OpenOptions(
        degraded, keySource, rescue, findings, count, norecovery, keyChecks, rewindTo);
  }

  public OpenOptions withNorecovery(boolean on) {
    return new OpenOptions(degraded, keySource, rescue, findings, threads, on, keyChecks, rewindTo);
  }

  public OpenOptions withKeyChecks(boolean on) {
    return new OpenOptions(
        degraded, keySource, rescue, findings, threads, norecovery, on, rewindTo);
  }

  public OpenOptions withRewindTo(long seq) {
    return new OpenOptions(
        degraded, keySource, rescue, findings, threads, norecovery, keyChecks, seq);
  }
}
