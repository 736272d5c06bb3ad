// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.Place;

/**
 * Checks and decrypts the bytes of a node, bset by bset, and finds its keys. One use per node, not
 * thread-safe. Every error carries the format's own name. Sources: {@code
 * bch2_btree_node_read_done}, {@code bch2_validate_bset}, {@code bch2_validate_bset_keys}.
 */
public final class NodeDecoder {
  /** Versions below this are not readable. Source: {@code bcachefs_metadata_version_min}. */
  public static final int OLDEST_VERSION = 9;

  /** The only major version there is. */
  public static final int MAJOR_VERSION = 1;

  private static final int MAJOR_SHIFT = 10;

  private final NodeContext context;
  private final BtreePointer pointer;
  private final Strictness strictness;
  private final Place place;
  private final MemorySegment bytes;
  private final int limit;
  private final DecodedNode node;
  private final List<Finding> findings = new ArrayList<>(0);
  private BkeyFormat storedFormat;

  private NodeDecoder(
      NodeContext context,
      BtreePointer pointer,
      MemorySegment bytes,
      Strictness strictness,
      Place place) {
    this.context = context;
    this.pointer = pointer;
    this.strictness = strictness;
    this.bytes = bytes;
    this.place = place;
    this.limit = limit();
    this.node = new DecodedNode(bytes);
  }

  /**
   * Decodes a node that a pointer points to.
   *
   * @param bytes the node from its first byte on, as far as the pointer says that it is written, or
   *     whole where it does not say; decrypted in place
   * @param place of the node's first byte, named in errors
   * @throws CorruptionException if something is wrong that {@code strictness} does not tolerate
   * @throws PassphraseException if the node is encrypted and there is no key
   */
  public static DecodedNode decode(
      NodeContext context,
      BtreePointer pointer,
      MemorySegment bytes,
      Strictness strictness,
      Place place) {
    return new NodeDecoder(context, pointer, bytes, strictness, place).decode();
  }

  /** How many bytes of a node are to be read for {@link #decode}. */
  public static int bytesToRead(NodeContext context, BtreePointer pointer) {
    int written = pointer.sectorsWritten() * NodeContext.SECTOR_BYTES;
    return written == 0 ? context.nodeBytes() : Math.min(written, context.nodeBytes());
  }

  private int limit() {
    if (bytes.byteSize() < context.blockBytes()) {
      throw new CorruptionException("btree_node_data_missing", place, "not even one block");
    }
    int sectors = pointer.sectorsWritten();
    if (sectors > context.nodeSectors()) {
      String what = sectors + " sectors written, but nodes have " + context.nodeSectors();
      throw new CorruptionException("bset_past_end_of_btree_node", place, what);
    }
    return (int) Math.min(bytes.byteSize(), bytesToRead(context, pointer));
  }

  private DecodedNode decode() {
    long magic = Le.u64(bytes, BtreeNodeLayout.OFFSET_MAGIC);
    if (magic != context.magic()) {
      String what = "bad magic: want %x, got %x".formatted(context.magic(), magic);
      throw new CorruptionException("btree_node_bad_magic", place, what);
    }
    int at = 0;
    while (at < limit) {
      int header = at == 0 ? BtreeNodeLayout.OFFSET_BSET : BtreeNodeEntryLayout.OFFSET_BSET;
      if (at > 0 && Le.u64(bytes, at + header + BsetLayout.OFFSET_SEQ) != node.seq) {
        break;
      }
      int next = bset(at, at + header);
      if (next < 0) {
        break;
      }
      at = next;
    }
    node.sectors = at / NodeContext.SECTOR_BYTES;
    checkEnd(at);
    node.findings = List.copyOf(findings);
    return node;
  }

  /** Takes one bset in; returns where the next one begins, or -1 if there is no telling. */
  private int bset(int at, int bset) {
    boolean first = at == 0;
    long flags = Integer.toUnsignedLong(Le.u32(bytes, bset + BsetLayout.OFFSET_FLAGS));
    int start = bset + BsetLayout.BYTES;
    int end = start + 8 * Le.u16(bytes, bset + BsetLayout.OFFSET_U64S);
    long next = context.roundUp(end);
    if (next > limit) {
      String what = "bset past end of btree node: ends at byte " + end + " of " + limit;
      damaged("bset_past_end_of_btree_node", at, first, what);
      return -1;
    }
    if (!open(at, flags, end)) {
      return -1;
    }
    int version = Le.u16(bytes, bset + BsetLayout.OFFSET_VERSION);
    if (first) {
      readHeader(bset, version);
    }
    long journalSeq = Le.u64(bytes, bset + BsetLayout.OFFSET_JOURNAL_SEQ);
    checkBset(at, flags, version, end - start);
    boolean blacklisted = context.blacklisted().test(journalSeq);
    if (blacklisted && (first || pointer.sectorsWritten() != 0)) {
      // The reference uses the two ids the other way round than they read; so does this.
      String name = first ? "bset_blacklisted_journal_seq" : "first_bset_blacklisted_journal_seq";
      damaged(
          name, at, false, "bset has blacklisted journal seq " + Long.toUnsignedString(journalSeq));
    }
    int type = BsetLayout.CSUM_TYPE.getInt(flags);
    node.addInfo(new DecodedNode.BsetInfo(at, end, journalSeq, version, type, blacklisted));
    node.oldestVersion = Math.min(node.oldestVersion, version);
    if (!blacklisted || first) {
      findKeys(start, end, version);
      node.endBset();
      if (Long.compareUnsigned(journalSeq, node.journalSeq) > 0) {
        node.journalSeq = journalSeq;
      }
    }
    return (int) next;
  }

  /** Verifies the checksum and decrypts; false if the bset is damaged and that is tolerated. */
  private boolean open(int at, long flags, int end) {
    boolean first = at == 0;
    ChecksumType type = ChecksumType.of(BsetLayout.CSUM_TYPE.getInt(flags));
    if (type == null || (type.isMac() && !context.encrypted())) {
      String what = "unknown checksum type " + BsetLayout.CSUM_TYPE.getInt(flags);
      damaged("bset_unknown_csum", at, first, what);
      return false;
    }
    if (type.isMac() && context.key() == null) {
      throw new PassphraseException(place, "the node is encrypted, and there is no key");
    }
    if (!BsetIntegrity.verify(context, bytes, at, end)) {
      damaged("bset_bad_csum", at, first, "checksum error, type " + type);
      return false;
    }
    BsetIntegrity.crypt(context, type, bytes, at, end);
    return true;
  }

  private void readHeader(int bset, int version) {
    node.flags = Le.u64(bytes, BtreeNodeLayout.OFFSET_FLAGS);
    node.seq = Le.u64(bytes, bset + BsetLayout.OFFSET_SEQ);
    node.minKey = Bpos.read(bytes, BtreeNodeLayout.OFFSET_MIN_KEY);
    node.maxKey = Bpos.read(bytes, BtreeNodeLayout.OFFSET_MAX_KEY);
    if (pointer.identifies() ? node.seq != pointer.seq() : node.seq == 0) {
      throw wrongNode("btree_node_bad_seq", "seq", pointer.seq(), node.seq);
    }
    if (node.btree() != pointer.btree()) {
      throw wrongNode("btree_node_bad_btree", "btree", pointer.btree(), node.btree());
    }
    if (node.level() != pointer.level()) {
      throw wrongNode("btree_node_bad_level", "level", pointer.level(), node.level());
    }
    BtreeId id = BtreeId.of(pointer.btree());
    boolean extents = pointer.level() == 0 && id != null && id.hasExtents();
    if (extents && !BtreeNodeLayout.NEW_EXTENT_OVERWRITE.isSet(node.flags)) {
      String what = "btree node does not have NEW_EXTENT_OVERWRITE set";
      throw new CorruptionException("btree_node_unsupported_version", place, what);
    }
    storedFormat = BkeyFormat.parse(bytes, BtreeNodeLayout.OFFSET_FORMAT, place);
    node.format = storedFormat;
    if (LegacyNode.concerns(version)) {
      LegacyNode legacy = legacy(version);
      node.minKey = legacy.minKey(node.minKey);
      node.maxKey = legacy.maxKey(node.maxKey);
      node.format = legacy.format(storedFormat);
    }
    checkRange(LegacyNode.concerns(version));
  }

  private LegacyNode legacy(int version) {
    return new LegacyNode(node.btree(), node.level(), version);
  }

  private CorruptionException wrongNode(String name, String field, long want, long got) {
    String what = "wrong btree node: %s %x, expected %x".formatted(field, got, want);
    return new CorruptionException(name, place, what);
  }

  private void checkRange(boolean legacy) {
    if (pointer.rangeUpdated()) {
      node.minKey = pointer.minKey();
      node.maxKey = pointer.maxKey();
    }
    if (pointer.identifies() && !node.minKey.equals(pointer.minKey())) {
      String what = "incorrect min_key: got " + node.minKey + ", expected " + pointer.minKey();
      throw new CorruptionException("btree_node_bad_min_key", place, what);
    }
    boolean same =
        node.maxKey.equals(pointer.maxKey())
            || (legacy && LegacyNode.sameButForSnapshot(node.maxKey, pointer.maxKey()));
    if (!same) {
      String what = "incorrect max_key: got " + node.maxKey + ", expected " + pointer.maxKey();
      throw new CorruptionException("btree_node_bad_max_key", place, what);
    }
  }

  private void checkBset(int at, long flags, int version, int keyBytes) {
    if (version < OLDEST_VERSION || version >>> MAJOR_SHIFT > MAJOR_VERSION) {
      String what = "unsupported bset version " + version;
      throw new CorruptionException("btree_node_unsupported_version", placeOf(at), what);
    }
    if (BsetLayout.BIG_ENDIAN.isSet(flags)) {
      String what = "written by a big-endian machine, which is not supported";
      throw new CorruptionException("btree_node_unsupported_version", placeOf(at), what);
    }
    if (BsetLayout.SEPARATE_WHITEOUTS.isSet(flags)) {
      String what = "separate whiteouts are no longer supported";
      throw new CorruptionException("btree_node_unsupported_version", placeOf(at), what);
    }
    if (version < context.versionMin()) {
      String what =
          "bset version "
              + version
              + " older than the superblock's minimum "
              + context.versionMin();
      harmless("btree_node_bset_older_than_sb_min", at, what);
    }
    if (version >>> MAJOR_SHIFT > context.version() >>> MAJOR_SHIFT) {
      String what = "bset version " + version + " newer than the superblock's " + context.version();
      harmless("btree_node_bset_newer_than_sb", at, what);
    }
    if (at > 0 && keyBytes == 0) {
      harmless("bset_empty", at, "empty bset");
    }
    int sector = BsetLayout.OFFSET.getInt(flags);
    if (sector != 0 && sector != at / NodeContext.SECTOR_BYTES) {
      harmless("bset_wrong_sector_offset", at, "bset says that it is at sector " + sector);
    }
  }

  private void findKeys(int start, int end, int version) {
    BkeyFormat format = node.format;
    LegacyNode legacy = LegacyNode.concerns(version) ? legacy(version) : null;
    node.reserveKeys((end - start) / (8 * (format.keyU64s() + 1)) + 1);
    int previous = -1;
    int at = start;
    while (at < end) {
      String wrong = wrongWithKey(format, at, end);
      if (wrong != null) {
        damaged(wrong, at, false, "the key at byte " + at + " of the node is malformed");
        return;
      }
      if (legacy != null && !legacy.patchKey(bytes, at, storedFormat, format)) {
        String what = "the key at byte " + at + " of the node has a field out of range";
        damaged("btree_node_bkey_bad_format", at, false, what);
        return;
      }
      if (previous >= 0 && !inOrder(format, previous, at)) {
        damaged("btree_node_bkey_out_of_order", at, false, "keys out of order at byte " + at);
      } else {
        node.addKey(at);
        previous = at;
      }
      at += 8 * Le.u8(bytes, at);
    }
    if (previous >= 0 && !pointer.rangeUpdated()) {
      checkInNode(node.keys[node.bsetStartOfOpen()], previous);
    }
  }

  private String wrongWithKey(BkeyFormat format, int at, int end) {
    int u64s = Le.u8(bytes, at);
    if (at + 8 * u64s > end) {
      return "btree_node_bkey_past_bset_end";
    }
    int number = BkeyFormat.formatNumber(bytes, at);
    if (number > 1) {
      return "btree_node_bkey_bad_format";
    }
    int header = format.headerU64s(bytes, at);
    return u64s < header || u64s - header > BkeyFormat.MAX_VALUE_U64S
        ? "btree_node_bkey_bad_u64s"
        : null;
  }

  // A deletion may be followed by a live key at the same position.
  private boolean inOrder(BkeyFormat format, int left, int right) {
    int order = format.compareKeys(bytes, left, right);
    return order < 0 || (order == 0 && isDeleted(left) && !isDeleted(right));
  }

  private boolean isDeleted(int at) {
    return Le.u8(bytes, at + 2) == 0;
  }

  // Keys are sorted, so only the ends of a bset need to be compared with the node's range.
  private void checkInNode(int first, int last) {
    Bpos min = node.minKey;
    if (node.format.comparePosition(bytes, first, min.inode(), min.offset(), min.snapshot()) < 0) {
      damaged("bkey_before_start_of_btree_node", first, false, "key before start of btree node");
    }
    Bpos max = node.maxKey;
    if (node.format.comparePosition(bytes, last, max.inode(), max.offset(), max.snapshot()) > 0) {
      damaged("bkey_after_end_of_btree_node", last, false, "key past end of btree node");
    }
  }

  private void checkEnd(int written) {
    if (pointer.sectorsWritten() != 0) {
      if (written < limit) {
        String what = "expected " + pointer.sectorsWritten() + " sectors, found " + node.sectors;
        damaged("btree_node_data_missing", written, false, what);
      }
      return;
    }
    for (int at = written; at + BtreeNodeEntryLayout.BYTES <= limit; at += context.blockBytes()) {
      long bset = (long) at + BtreeNodeEntryLayout.OFFSET_BSET;
      if (Le.u64(bytes, bset + BsetLayout.OFFSET_SEQ) == node.seq
          && !context.blacklisted().test(Le.u64(bytes, bset + BsetLayout.OFFSET_JOURNAL_SEQ))) {
        damaged("btree_node_bset_after_end", at, false, "found bset signature after last bset");
        return;
      }
    }
  }

  private void damaged(String name, int at, boolean hopeless, String what) {
    if (hopeless || strictness != Strictness.SALVAGE) {
      throw new CorruptionException(name, placeOf(at), what);
    }
    findings.add(new Finding(name, placeOf(at), what));
  }

  private void harmless(String name, int at, String what) {
    if (strictness == Strictness.STRICT) {
      throw new CorruptionException(name, placeOf(at), what);
    }
    findings.add(new Finding(name, placeOf(at), what));
  }

  private Place placeOf(int at) {
    return place.offset() < 0 ? place : place.on(place.device(), place.offset() + at);
  }
}
