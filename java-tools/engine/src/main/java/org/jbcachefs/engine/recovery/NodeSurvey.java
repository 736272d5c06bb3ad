// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.node.BsetLayout;
import org.jbcachefs.format.node.BtreeNodeEntryLayout;
import org.jbcachefs.format.node.BtreeNodeLayout;

/**
 * What btree nodes on a device tell of a filesystem whose superblock is lost: the word of its
 * internal uuid that makes magic numbers, sizes of nodes and blocks, its version. Looks at every 4
 * KiB for what looks like a node's head; the magic number that most of them share is the
 * filesystem's. Reads only; one buffer.
 */
final class NodeSurvey {
  private static final int STEP = 4096;
  private static final int CHUNK = 4 << 20;
  private static final int FORMAT_NR_FIELDS = 1;
  private static final int FIELDS = 6;
  private static final int OLDEST = 1024;
  private static final int NEWEST = 1087;
  private static final int MAX_NODE_BYTES = 1 << 20;
  private static final int SECTOR = 512;
  private static final int MAX_BLOCK = 4096;
  private static final int ENCRYPTED_LEAST = 4;

  private final BlockDevice device;
  private final Map<Long, long[]> offsetsByMagic = new HashMap<>();
  private final Map<Long, Integer> encryptedByMagic = new HashMap<>();

  private long[] offsets = new long[0];
  private long uuidWord;
  private int version;
  private int oldestVersion = Integer.MAX_VALUE;
  private int encryptedNodes;

  NodeSurvey(BlockDevice device) {
    this.device = device;
  }

  /** False if nothing on the device looks like a btree node. */
  boolean run() {
    lookThrough();
    offsetsByMagic.forEach((magic, found) -> {
      if (found[0] > offsets.length) {
        offsets = Arrays.copyOfRange(found, 1, (int) found[0] + 1);
        uuidWord = magic ^ BtreeNodeLayout.MAGIC;
      }
    });
    offsetsByMagic.clear();
    encryptedNodes = encryptedByMagic.values().stream().mapToInt(n -> n).max().orElse(0);
    encryptedByMagic.clear();
    return offsets.length > 0;
  }

  /** How many nodes of the filesystem there are. */
  int nodes() {
    return offsets.length;
  }

  /** The first eight bytes of the internal uuid. */
  long uuidWord() {
    return uuidWord;
  }

  /** The newest version that wrote a node. */
  int version() {
    return version;
  }

  /** The oldest version that wrote a node which is there. */
  int oldestVersion() {
    return oldestVersion;
  }

  /**
   * How many nodes there are of one encrypted filesystem. Little of them is in the clear: less than
   * {@link #ENCRYPTED_LEAST} with the same magic number are chance.
   */
  int encryptedNodes() {
    return encryptedNodes < ENCRYPTED_LEAST ? 0 : encryptedNodes;
  }

  /** The largest size that divides the offsets of all nodes, at least theirs; a power of two. */
  int nodeBytes() {
    long all = MAX_NODE_BYTES;
    for (long offset : offsets) {
      all |= offset;
    }
    return (int) Long.lowestOneBit(all);
  }

  /**
   * The size at whose multiples most nodes go on with another set of keys; if none does, the
   * smallest, by which all of them can be read.
   */
  int blockBytes() {
    int best = SECTOR;
    int most = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment head = arena.allocate(BtreeNodeLayout.BYTES);
      MemorySegment next = arena.allocate(BtreeNodeEntryLayout.BYTES);
      for (int block = MAX_BLOCK; block >= SECTOR; block /= 2) {
        int continued = 0;
        for (long offset : offsets) {
          continued += continues(offset, block, head, next) ? 1 : 0;
        }
        if (continued > most) {
          most = continued;
          best = block;
        }
      }
    }
    return best;
  }

  private boolean continues(long offset, int block, MemorySegment head, MemorySegment next) {
    device.read(offset, head);
    long keys = Le.u16(head, BtreeNodeLayout.OFFSET_BSET + BsetLayout.OFFSET_U64S) * 8L;
    long end = Math.ceilDiv(BtreeNodeLayout.BYTES + keys, block) * (long) block;
    if (offset + end + next.byteSize() > device.size()) {
      return false;
    }
    device.read(offset + end, next);
    return Le.u64(next, BtreeNodeEntryLayout.OFFSET_BSET + BsetLayout.OFFSET_SEQ)
        == Le.u64(head, BtreeNodeLayout.OFFSET_BSET + BsetLayout.OFFSET_SEQ);
  }

  private void lookThrough() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(CHUNK);
      forEachChunk(at -> {
        int length = (int) Math.min(CHUNK, device.size() - at);
        device.read(at, chunk.asSlice(0, length));
        for (int in = 0; in + BtreeNodeLayout.BYTES <= length; in += STEP) {
          if (looksLikeEncryptedNode(chunk, in)) {
            encryptedByMagic.merge(
                Le.u64(chunk, in + BtreeNodeLayout.OFFSET_MAGIC), 1, Integer::sum);
          } else if (looksLikeNode(chunk, in)) {
            note(chunk, in, at + in);
          }
        }
      });
    }
  }

  private void forEachChunk(LongConsumer consumer) {
    for (long at = 0; at < device.size(); at += CHUNK) {
      consumer.accept(at);
    }
  }

  private void note(MemorySegment chunk, int in, long offset) {
    long magic = Le.u64(chunk, in + BtreeNodeLayout.OFFSET_MAGIC);
    long[] found = offsetsByMagic.computeIfAbsent(magic, _ -> new long[8]);
    if (found[0] + 1 == found.length) {
      found = Arrays.copyOf(found, found.length * 2);
      offsetsByMagic.put(magic, found);
    }
    found[0]++;
    found[(int) found[0]] = offset;
    int written = Le.u16(chunk, in + BtreeNodeLayout.OFFSET_BSET + BsetLayout.OFFSET_VERSION);
    version = Math.max(version, written);
    oldestVersion = Math.min(oldestVersion, written);
  }

  private static ChecksumType checksum(MemorySegment chunk, long at) {
    int flags = Le.u32(chunk, at + BtreeNodeLayout.OFFSET_BSET + BsetLayout.OFFSET_FLAGS);
    return ChecksumType.of(BsetLayout.CSUM_TYPE.getInt(Integer.toUnsignedLong(flags)));
  }

  private static boolean hasVersion(MemorySegment chunk, long at) {
    int written = Le.u16(chunk, at + BtreeNodeLayout.OFFSET_BSET + BsetLayout.OFFSET_VERSION);
    return written >= OLDEST && written <= NEWEST;
  }

  /** Magic number and the head of the first set of keys are in the clear. */
  private static boolean looksLikeEncryptedNode(MemorySegment chunk, long at) {
    ChecksumType type = checksum(chunk, at);
    return type != null
        && type.isMac()
        && hasVersion(chunk, at)
        && Le.u64(chunk, at + BtreeNodeLayout.OFFSET_BSET + BsetLayout.OFFSET_SEQ) != 0
        && Le.u64(chunk, at + BtreeNodeLayout.OFFSET_MAGIC) != 0;
  }

  private static boolean looksLikeNode(MemorySegment chunk, long at) {
    if (!hasVersion(chunk, at) || checksum(chunk, at) == null) {
      return false;
    }
    long flags = Le.u64(chunk, at + BtreeNodeLayout.OFFSET_FLAGS);
    return Le.u8(chunk, at + BtreeNodeLayout.OFFSET_FORMAT + FORMAT_NR_FIELDS) == FIELDS
        && BtreeNodeLayout.LEVEL.get(flags) < BtreeId.MAX_DEPTH
        && BtreeNodeLayout.btree(flags) < BtreeId.NUMBER_LIMIT
        && Le.u64(chunk, at + BtreeNodeLayout.OFFSET_BSET + BsetLayout.OFFSET_SEQ) != 0;
  }
}
