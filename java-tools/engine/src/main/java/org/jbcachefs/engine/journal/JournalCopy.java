// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import org.jbcachefs.format.journal.Jset;

/**
 * One copy of a journal entry as it was found on a device: its header, and whether its checksum was
 * right. If it was not, none of the header's fields can be trusted.
 *
 * @param device the device
 * @param bucket which of the device's journal buckets, counted in order of use
 * @param bucketSector sector in that bucket
 * @param sector sector on the device
 * @param seq sequence number, unsigned
 * @param lastSeq as stored, decrypted; no meaning in no-flush entries
 * @param version as stored
 * @param flags as stored
 * @param bytes length without padding; of a bad copy never beyond its bucket
 * @param contentHash equal contents have equal hashes
 * @param state what is wrong with it, if anything
 */
public record JournalCopy(
    JournalDevice device,
    int bucket,
    long bucketSector,
    long sector,
    long seq,
    long lastSeq,
    int version,
    int flags,
    long bytes,
    long contentHash,
    State state) {
  /** How trustworthy a copy is; better ones first. */
  public enum State {
    /** The checksum is right. */
    GOOD,
    /** The magic is wrong, but with the right one the checksum is right. */
    GOOD_BUT_MAGIC,
    /** The checksum is wrong. */
    BAD,
    /** Magic and checksum are wrong; the other fields look like those of an entry. */
    REMAINS
  }

  public boolean good() {
    return state == State.GOOD || state == State.GOOD_BUT_MAGIC;
  }

  public boolean noFlush() {
    return Jset.NO_FLUSH.isSet(flags);
  }

  public boolean hasOverwrites() {
    return Jset.HAS_OVERWRITES.isSet(flags);
  }

  /**
   * Whether it lies where an entry written after that one may: behind it, or in the next bucket.
   */
  boolean mayFollow(JournalCopy other) {
    if (device.index() != other.device.index()) {
      return false;
    }
    return bucket == other.bucket
        ? bucketSector > other.bucketSector
        : bucketSector == 0 && bucket == (other.bucket + 1) % device.bucketCount();
  }

  /** Device name, member index, bucket and sector, as the reference writes them. */
  @Override
  public String toString() {
    return device.device().name()
        + " "
        + device.index()
        + ":"
        + bucket
        + ":"
        + bucketSector
        + " (sector "
        + sector
        + ")";
  }
}
