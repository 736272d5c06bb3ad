// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import java.util.function.LongPredicate;
import org.jbcachefs.format.crypto.FilesystemKey;

/**
 * What one must know of a filesystem to read its nodes. Immutable.
 *
 * @param magic what its nodes begin with
 * @param blockBytes the unit in which bsets are appended
 * @param nodeBytes size of a node
 * @param version the superblock's version
 * @param versionMin the superblock's oldest bset version
 * @param key the encryption key; null where nothing is encrypted, or it is not known
 * @param encrypted whether the filesystem is encrypted
 * @param blacklisted which journal sequence numbers were given up: bsets that carry one are ignored
 */
public record NodeContext(
    long magic,
    int blockBytes,
    int nodeBytes,
    int version,
    int versionMin,
    FilesystemKey key,
    boolean encrypted,
    LongPredicate blacklisted) {
  public static final int SECTOR_BYTES = 512;

  public NodeContext {
    if (blockBytes < SECTOR_BYTES || nodeBytes < blockBytes || nodeBytes % blockBytes != 0) {
      throw new IllegalArgumentException("blocks of " + blockBytes + ", nodes of " + nodeBytes);
    }
  }

  /** The magic of a filesystem's nodes, from the first 8 bytes of its internal uuid. */
  public static long magicOf(long uuidWord) {
    return uuidWord ^ BtreeNodeLayout.MAGIC;
  }

  public int nodeSectors() {
    return nodeBytes / SECTOR_BYTES;
  }

  /** Bytes rounded up to whole blocks. */
  public long roundUp(long bytes) {
    return (bytes + blockBytes - 1) / blockBytes * blockBytes;
  }
}
