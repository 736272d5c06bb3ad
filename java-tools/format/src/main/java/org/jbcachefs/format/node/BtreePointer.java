// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentPtr;

/**
 * A pointer to a btree node, from a key of the level above or from a root: where its replicas are
 * and what will be found there. Sources: {@code struct bch_btree_ptr_v2}, {@code struct
 * bch_btree_ptr}.
 *
 * @param btree number of the btree
 * @param level the node's own level; the pointer's key is one level above
 * @param minKey first position of the node, or null of a legacy pointer, which does not say
 * @param maxKey last position of the node: the position of the pointer's key
 * @param seq what every bset of the node carries; 0 of a legacy pointer
 * @param sectorsWritten how many 512-byte sectors of the node count; 0: the pointer does not say
 * @param rangeUpdated the node is to be read as if its own range were minKey to maxKey
 * @param replicas where copies are, in the order of the key
 */
public record BtreePointer(
    int btree,
    int level,
    Bpos minKey,
    Bpos maxKey,
    long seq,
    int sectorsWritten,
    boolean rangeUpdated,
    List<Replica> replicas) {

  /** Replicas in one key; more are an error. */
  public static final int MAX_REPLICAS = ExtentEntries.MAX_PTRS;

  /** A device number in a pointer that stands for no device. */
  public static final int NO_DEVICE = ExtentPtr.NO_DEVICE;

  /**
   * One copy of a node.
   *
   * @param device number of the member, or {@link #NO_DEVICE}
   * @param sector first 512-byte sector on it
   * @param generation of the bucket when it was written
   */
  public record Replica(int device, long sector, int generation) {}

  public BtreePointer {
    replicas = List.copyOf(replicas);
  }

  /** The same node with other copies. */
  public BtreePointer withReplicas(List<Replica> copies) {
    return new BtreePointer(
        btree, level, minKey, maxKey, seq, sectorsWritten, rangeUpdated, copies);
  }

  /** Of the random seq and the place, which tell nodes apart; the rest adds nothing. */
  @Override
  public int hashCode() {
    return Long.hashCode(seq) * 31
        + (replicas.isEmpty() ? 0 : Long.hashCode(replicas.getFirst().sector()));
  }

  /** Whether the pointer says which node it means; legacy ones do not. */
  public boolean identifies() {
    return minKey != null;
  }

  /**
   * Reads a pointer key.
   *
   * @param btree number of the btree
   * @param level of the node it points to
   * @throws CorruptionException if the key is no pointer, is too short, has its range the wrong way
   *     round, or names no replica or too many
   */
  public static BtreePointer parse(int btree, int level, Bkey key, Place place) {
    Place where = place.at(key.pos());
    boolean v2 = key.type() == KeyType.BTREE_PTR_V2.number();
    if (!v2 && key.type() != KeyType.BTREE_PTR.number()) {
      String what = "invalid key type for an interior node: " + KeyType.nameOf(key.type());
      throw new CorruptionException("bkey_invalid_type_for_btree", where, what);
    }
    if (!v2) {
      return new BtreePointer(btree, level, null, key.pos(), 0, 0, false, replicas(key, 0, where));
    }
    if (key.valueBytes() < BtreePtrLayout.BYTES) {
      String what = "btree_ptr_v2 value of " + key.valueBytes() + " bytes, expected at least 40";
      throw new CorruptionException("bkey_val_size_too_small", where, what);
    }
    MemorySegment in = key.segment();
    long at = key.valueOffset();
    Bpos minKey = Bpos.read(in, at + BtreePtrLayout.OFFSET_MIN_KEY);
    if (minKey.compareTo(key.pos()) > 0) {
      throw new CorruptionException(
          "btree_ptr_v2_min_key_bad", where, "min_key " + minKey + " > key");
    }
    int flags = Le.u16(in, at + BtreePtrLayout.OFFSET_FLAGS);
    return new BtreePointer(
        btree,
        level,
        minKey,
        key.pos(),
        Le.u64(in, at + BtreePtrLayout.OFFSET_SEQ),
        Le.u16(in, at + BtreePtrLayout.OFFSET_SECTORS_WRITTEN),
        BtreePtrLayout.RANGE_UPDATED.isSet(flags),
        replicas(key, BtreePtrLayout.BYTES, where));
  }

  private static List<Replica> replicas(Bkey key, int from, Place where) {
    List<Replica> replicas = new ArrayList<>(2);
    int at = from;
    while (at + 8 <= key.valueBytes()) {
      long word = Le.u64(key.segment(), key.valueOffset() + at);
      if (ExtentPtr.TYPE.isSet(word)) {
        replicas.add(new Replica(ExtentPtr.dev(word), ExtentPtr.sector(word), ExtentPtr.gen(word)));
      }
      at += entryBytes(word);
    }
    if (replicas.isEmpty()) {
      throw new CorruptionException("extent_ptrs_no_ptrs", where, "btree pointer without pointers");
    }
    if (replicas.size() > MAX_REPLICAS) {
      String what = replicas.size() + " pointers, expected at most " + MAX_REPLICAS;
      throw new CorruptionException("extent_ptrs_too_many_ptrs", where, what);
    }
    return replicas;
  }

  private static int entryBytes(long word) {
    ExtentEntryType type = ExtentEntryType.of(Long.numberOfTrailingZeros(word));
    return type == null ? Long.BYTES : type.u64s() * Long.BYTES;
  }

  /** The same node, read as if it covered only that range. */
  public BtreePointer withRange(Bpos from, Bpos to) {
    return new BtreePointer(btree, level, from, to, seq, sectorsWritten, true, replicas);
  }

  /** Makes a btree_ptr_v2 key of it. */
  public Bkey toKey() {
    int bytes = BtreePtrLayout.BYTES + 8 * replicas.size();
    MemorySegment value = MemorySegment.ofArray(new long[bytes / 8]);
    Le.putU64(value, BtreePtrLayout.OFFSET_SEQ, seq);
    Le.putU16(value, BtreePtrLayout.OFFSET_SECTORS_WRITTEN, sectorsWritten);
    int flags = (int) BtreePtrLayout.RANGE_UPDATED.set(0, rangeUpdated ? 1 : 0);
    Le.putU16(value, BtreePtrLayout.OFFSET_FLAGS, flags);
    (minKey == null ? Bpos.MIN : minKey).write(value, BtreePtrLayout.OFFSET_MIN_KEY);
    for (int i = 0; i < replicas.size(); i++) {
      Replica replica = replicas.get(i);
      long word = ExtentPtr.pack(replica.device, replica.sector, replica.generation, false, false);
      Le.putU64(value, BtreePtrLayout.BYTES + 8L * i, word);
    }
    Bkey key = new Bkey().setPos(maxKey).setType(KeyType.BTREE_PTR_V2.number());
    return key.setValue(value, 0, bytes);
  }

  /** The node's name: {@code btree extents level 1}. */
  public String nodeName() {
    return "btree " + BtreeId.nameOf(btree) + " level " + level;
  }
}
