// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.Finding;

/**
 * A node's bytes, checked and decrypted: the header's fields and where every key of every bset that
 * counts begins. The keys are not yet merged. Not changed after decoding.
 */
public final class DecodedNode {
  final MemorySegment bytes;
  private final MemorySegment room;
  long flags;
  long seq;
  Bpos minKey;
  Bpos maxKey;
  BkeyFormat format;
  int oldestVersion = Integer.MAX_VALUE;
  long journalSeq;
  int sectors;
  int[] keys = new int[64];
  int keyCount;
  int[] bsetEnds = new int[4];
  int bsets;
  BsetInfo[] info = new BsetInfo[4];
  int infos;
  List<Finding> findings = List.of();

  /**
   * One bset as it lies in the node.
   *
   * @param offset byte offset of the node header or entry header
   * @param end byte offset of the end of its keys
   * @param journalSeq newest journal sequence number of its keys
   * @param version of the format it was written with
   * @param checksumType number of its checksum
   * @param blacklisted its keys do not count
   */
  public record BsetInfo(
      int offset, int end, long journalSeq, int version, int checksumType, boolean blacklisted) {}

  DecodedNode(MemorySegment bytes) {
    this(bytes, bytes);
  }

  private DecodedNode(MemorySegment bytes, MemorySegment room) {
    this.bytes = bytes;
    this.room = room;
  }

  /** What the keys lie in, decrypted in place. */
  public MemorySegment bytes() {
    return bytes;
  }

  /**
   * The memory that {@link #bytes} are the beginning of. Nobody reads what is behind them: it is
   * for the bset that comes next, of whoever writes the node.
   */
  public MemorySegment room() {
    return room;
  }

  public int btree() {
    return BtreeNodeLayout.btree(flags);
  }

  public int level() {
    return BtreeNodeLayout.LEVEL.getInt(flags);
  }

  /** One more than that of the node which this one replaced. */
  public int nodeSeq() {
    return (int) BtreeNodeLayout.SEQ.get(flags);
  }

  /** The random number that all bsets of the node carry. */
  public long seq() {
    return seq;
  }

  public Bpos minKey() {
    return minKey;
  }

  public Bpos maxKey() {
    return maxKey;
  }

  public BkeyFormat format() {
    return format;
  }

  /** The oldest version of the format that a bset was written with. */
  public int oldestVersion() {
    return oldestVersion;
  }

  /** The newest journal sequence number of any bset that counts. */
  public long journalSeq() {
    return journalSeq;
  }

  /** Sectors that were found written, blacklisted bsets included. */
  public int sectors() {
    return sectors;
  }

  /** All bsets in order, blacklisted ones included. */
  public List<BsetInfo> bsetInfos() {
    return List.of(Arrays.copyOf(info, infos));
  }

  /** Number of bsets whose keys count. */
  public int bsets() {
    return bsets;
  }

  /** Index of the first key of a bset in {@link #keyOffset}. */
  public int bsetStart(int bset) {
    return bset == 0 ? 0 : bsetEnds[bset - 1];
  }

  /** One past the index of the last key of a bset. */
  public int bsetEnd(int bset) {
    return bsetEnds[bset];
  }

  /** Number of keys in all bsets that count, deletions and overwritten ones included. */
  public int keyCount() {
    return keyCount;
  }

  /** Byte offset of a key in {@link #bytes}. */
  public int keyOffset(int index) {
    return keys[index];
  }

  /** Byte offsets of all keys, bset after bset; the first {@link #keyCount} count. Not a copy. */
  public int[] keyOffsets() {
    return keys;
  }

  /** What was wrong and tolerated. */
  public List<Finding> findings() {
    return findings;
  }

  /**
   * A node of which a bset was just written behind those of this one.
   *
   * @param memory begins with the node's plain bytes, the new bset's included; may be {@link #room}
   * @param length how many bytes that are, whole sectors
   * @param added what was added
   */
  public DecodedNode appended(MemorySegment memory, long length, BsetInfo added) {
    MemorySegment whole = memory.asSlice(0, length);
    DecodedNode node = new DecodedNode(whole, memory);
    node.flags = flags;
    node.seq = seq;
    node.minKey = minKey;
    node.maxKey = maxKey;
    node.format = format;
    node.oldestVersion = Math.min(oldestVersion, added.version());
    node.journalSeq =
        Long.compareUnsigned(added.journalSeq(), journalSeq) > 0 ? added.journalSeq() : journalSeq;
    node.sectors = (int) (whole.byteSize() / NodeContext.SECTOR_BYTES);
    node.keys = Arrays.copyOf(keys, keyCount + 64);
    node.keyCount = keyCount;
    node.bsetEnds = Arrays.copyOf(bsetEnds, bsets + 1);
    node.bsets = bsets;
    node.info = Arrays.copyOf(info, infos + 1);
    node.infos = infos;
    node.addInfo(added);
    int at = added.offset() + BtreeNodeEntryLayout.BYTES;
    while (at < added.end()) {
      node.addKey(at);
      at += 8 * Le.u8(whole, at);
    }
    node.endBset();
    return node;
  }

  void addKey(int offset) {
    if (keyCount == keys.length) {
      keys = Arrays.copyOf(keys, keyCount * 2);
    }
    keys[keyCount++] = offset;
  }

  void reserveKeys(int count) {
    if (keys.length < keyCount + count) {
      keys = Arrays.copyOf(keys, keyCount + count);
    }
  }

  void endBset() {
    if (bsets == bsetEnds.length) {
      bsetEnds = Arrays.copyOf(bsetEnds, bsets * 2);
    }
    bsetEnds[bsets++] = keyCount;
  }

  int bsetStartOfOpen() {
    return bsets == 0 ? 0 : bsetEnds[bsets - 1];
  }

  void addInfo(BsetInfo bset) {
    if (infos == info.length) {
      info = Arrays.copyOf(info, infos * 2);
    }
    info[infos++] = bset;
  }
}
