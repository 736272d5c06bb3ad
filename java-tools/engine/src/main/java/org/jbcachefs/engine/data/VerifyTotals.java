// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

/**
 * How much was checked. Counters of one thread while it works; the sum of all afterwards.
 *
 * <p>Copies that are left out: {@link #missing} ones on members that are not here, and {@link
 * #stale} cached ones, which are no damage.
 */
public final class VerifyTotals {
  long nodes;
  long nodeBytes;
  long extents;
  long extentBytes;
  long uncheckedBytes;
  long stripeBlocks;
  long stripeBytes;
  long missing;
  long stale;
  long superblocks;

  VerifyTotals() {}

  void add(VerifyTotals other) {
    nodes += other.nodes;
    nodeBytes += other.nodeBytes;
    extents += other.extents;
    extentBytes += other.extentBytes;
    uncheckedBytes += other.uncheckedBytes;
    stripeBlocks += other.stripeBlocks;
    stripeBytes += other.stripeBytes;
    missing += other.missing;
    stale += other.stale;
    superblocks += other.superblocks;
  }

  /** Copies of btree nodes that were read. */
  public long nodes() {
    return nodes;
  }

  public long nodeBytes() {
    return nodeBytes;
  }

  /** Copies of extents that were read. */
  public long extents() {
    return extents;
  }

  /** Their bytes as stored, those without checksum included. */
  public long extentBytes() {
    return extentBytes;
  }

  /** Bytes of extents that have no checksum: readable is all that can be said of them. */
  public long uncheckedBytes() {
    return uncheckedBytes;
  }

  /** Checksummed pieces of stripes that were read, parity included. */
  public long stripeBlocks() {
    return stripeBlocks;
  }

  public long stripeBytes() {
    return stripeBytes;
  }

  /** Copies on members that are not here. */
  public long missing() {
    return missing;
  }

  /** Cached copies whose bucket was used for something else since. */
  public long stale() {
    return stale;
  }

  /** Copies of the superblock that were read. */
  public long superblocks() {
    return superblocks;
  }

  /** Everything that was read. */
  public long bytes() {
    return nodeBytes + extentBytes + stripeBytes;
  }

  @Override
  public String toString() {
    return nodes
        + " nodes of "
        + nodeBytes
        + " bytes, "
        + extents
        + " extents of "
        + extentBytes
        + " bytes ("
        + uncheckedBytes
        + " unchecked), "
        + stripeBlocks
        + " stripe pieces of "
        + stripeBytes
        + " bytes, "
        + superblocks
        + " superblocks, "
        + missing
        + " missing, "
        + stale
        + " stale";
  }
}
