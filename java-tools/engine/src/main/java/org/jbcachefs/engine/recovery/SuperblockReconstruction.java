// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.engine.sb.JournalBucketSearch;
import org.jbcachefs.engine.sb.LostMembers;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.node.NodeContext;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.sb.SuperblockLayout;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.Accounting;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;

/**
 * Makes up the superblocks of a filesystem whose devices have lost all copies of theirs, for
 * reading only. Which member each device was is told by what points to the btree nodes on it. Sizes
 * and version come from its btree nodes, the size of buckets from what the filesystem counted of
 * its journal, and the journal's buckets are those that begin with an entry. What nothing on the
 * device tells is left out: labels, options, error counts, and the time from which all times count,
 * so that times are off by the filesystem's age at a constant.
 */
final class SuperblockReconstruction {
  private static final int SECTOR = 512;
  private static final int FEATURES_KNOWN = (1 << 21) - 1;

  private static final int MAX_BUCKET_SECTORS = 16 << 11;

  /** Types of data by which buckets are measured, the steadiest first. */
  private static final List<DataType> COUNTED =
      List.of(
          DataType.JOURNAL,
          DataType.SB,
          DataType.STRIPE,
          DataType.PARITY,
          DataType.USER,
          DataType.BTREE);

  private static final int MAX_SIZE_BITS = 16;
  private static final long PRIMARY_SECTOR = 8;

  private static final int MAGIC_BYTES = 16;

  private final List<BlockDevice> devices;
  private final int threads;
  private final Place place;

  /** Of each device on which there are nodes of the filesystem. */
  private final Map<BlockDevice, NodeSurvey> surveys = new LinkedHashMap<>();

  private long uuidWord;
  private int version;
  private int oldestVersion;
  private int blockBytes;
  private int nodeBytes;
  private int encryptedNodes;

  SuperblockReconstruction(List<BlockDevice> devices, int threads) {
    this.devices = devices;
    this.threads = threads;
    this.place = Place.device(devices.getFirst().name(), -1).in("superblock");
  }

  /**
   * The devices with superblocks made up for them.
   *
   * @throws RefusedException if there is too little on the devices, or they are encrypted: the key
   *     is lost with the superblocks
   */
  DeviceSet run(Consumer<Finding> findings) {
    survey();
    BlockDevice[] byNodes = slots();
    Btrees btrees = NamelessMembers.scannedBtrees(withNodeSizes(byNodes), null, threads);
    BlockDevice[] slots = withDataDevices(byNodes, btrees, findings);
    int[] buckets = countBuckets(btrees, slots);
    findings.accept(
        new Finding(
            Finding.Severity.MENDED,
            "superblock_made_up",
            place,
            "all copies are lost; made up from what is on the devices (nodes of at most "
                + nodeBytes
                + " bytes, blocks of "
                + blockBytes
                + ", buckets of "
                + buckets[first(slots)] * SECTOR
                + "); times are off by a constant"));
    return deviceSet(slots, buckets, true);
  }

  /** Finds the filesystem of which there are the most nodes, and its sizes. */
  private void survey() {
    NodeSurvey largest = null;
    encryptedNodes = 0;
    for (BlockDevice device : devices) {
      NodeSurvey survey = new NodeSurvey(device);
      if (survey.run()) {
        surveys.put(device, survey);
        largest = largest == null || survey.nodes() > largest.nodes() ? survey : largest;
      }
      encryptedNodes = Math.max(encryptedNodes, survey.encryptedNodes());
    }
    refuseEncrypted(largest == null ? 0 : largest.nodes());
    if (largest == null) {
      throw refused(
          "no_superblock",
          "no superblock, nor a copy of one, and nothing that looks like a btree node");
    }
    uuidWord = largest.uuidWord();
    blockBytes = largest.blockBytes();
    surveys.values().removeIf(survey -> survey.uuidWord() != uuidWord);
    nodeBytes = surveys.values().stream().mapToInt(NodeSurvey::nodeBytes).min().orElseThrow();
    version = surveys.values().stream().mapToInt(NodeSurvey::version).max().orElseThrow();
    oldestVersion =
        surveys.values().stream().mapToInt(NodeSurvey::oldestVersion).min().orElseThrow();
  }

  private void refuseEncrypted(int plainNodes) {
    if (encryptedNodes > plainNodes) {
      throw refused(
          "encrypted_without_superblock",
          "no superblock, nor a copy of one, on any device, and the filesystem is encrypted: its key"
              + " was in the superblock and nowhere else (the passphrase only unlocks it there), so"
              + " nothing can be decrypted; what helps is a superblock of any other member, or a"
              + " saved copy of the first 2 MiB of one");
    }
  }

  /** The devices with nodes by their index, null where none is here. */
  private BlockDevice[] slots() {
    NodeContext context = context(alone(devices.getFirst()).superblock());
    DeviceIndexes indexes = new DeviceIndexes(context, Jset.magic(uuidWord), null, threads);
    surveys.keySet().forEach(device -> indexes.look(alone(device)));
    Map<BlockDevice, Integer> known = indexes.assign(surveys.keySet(), _ -> true);
    if (known.isEmpty() && devices.size() == 1) {
      return new BlockDevice[] {devices.getFirst()};
    }
    int highest = known.values().stream().mapToInt(Integer::intValue).max().orElse(-1);
    BlockDevice[] slots = new BlockDevice[Math.max(highest, indexes.highest()) + 1];
    known.forEach((device, index) -> slots[index] = device);
    if (known.isEmpty()) {
      throw refused("no_superblock", "no device has a superblock, and none tells which it was");
    }
    return slots;
  }

  /** The same with the devices that hold no nodes but data. */
  private BlockDevice[] withDataDevices(
      BlockDevice[] slots, Btrees btrees, Consumer<Finding> findings) {
    List<BlockDevice> left = new ArrayList<>(devices);
    left.removeAll(Arrays.asList(slots));
    if (left.isEmpty()) {
      return slots;
    }
    Map<BlockDevice, Integer> found =
        NamelessMembers.byData(
            withNodeSizes(slots),
            btrees,
            left,
            null,
            index -> index >= slots.length || slots[index] == null);
    int highest = found.values().stream().mapToInt(Integer::intValue).max().orElse(-1);
    BlockDevice[] all = Arrays.copyOf(slots, Math.max(slots.length, highest + 1));
    for (BlockDevice device : left) {
      Integer index = found.get(device);
      if (index == null) {
        findings.accept(LostMembers.unknown(device));
      } else {
        all[index] = device;
        findings.accept(LostMembers.recognised(device, index, "data"));
      }
    }
    return all;
  }

  /** The set while the size of buckets is not known: that of nodes, which they have at least. */
  private DeviceSet withNodeSizes(BlockDevice[] slots) {
    int[] buckets = new int[slots.length];
    Arrays.fill(buckets, nodeBytes / SECTOR);
    return deviceSet(slots, buckets, false);
  }

  private static int first(BlockDevice[] slots) {
    int index = 0;
    while (slots[index] == null) {
      index++;
    }
    return index;
  }

  /** The device as the only one of a filesystem. */
  private DeviceSet alone(BlockDevice device) {
    return withNodeSizes(new BlockDevice[] {device});
  }

  private RefusedException refused(String reason, String what) {
    return new RefusedException(reason, place, what);
  }

  private DeviceSet deviceSet(BlockDevice[] slots, int[] buckets, boolean withJournal) {
    List<Superblock> superblocks = new ArrayList<>();
    for (int index = 0; index < slots.length; index++) {
      List<Long> journal =
          withJournal && slots[index] != null
              ? journalBuckets(slots[index], buckets[index])
              : List.of();
      byte[] bytes = superblock(slots, buckets, index, journal);
      superblocks.add(Superblock.parse(MemorySegment.ofArray(bytes), place));
    }
    return DeviceSetAssembly.of(Arrays.asList(slots), superblocks);
  }

  /**
   * The sectors of a bucket of each member: as the filesystem counted what is in buckets of one
   * type and what is empty in them, by their number; if that is not to be had, from where the
   * journal lies; if there is none, as large as another member's.
   */
  private int[] countBuckets(Btrees btrees, BlockDevice[] slots) {
    int[] counted = new int[slots.length];
    int[] ranks = new int[slots.length];
    Arrays.fill(ranks, COUNTED.size());
    if (btrees.present().contains(BtreeId.ACCOUNTING.number())) {
      try (KeyIterator keys = btrees.iterate(BtreeId.ACCOUNTING.number(), Bpos.MIN, Bpos.MAX)) {
        while (keys.next()) {
          noteBuckets(keys.key(), counted, ranks);
        }
      }
    }
    int largest = Math.max(nodeBytes / SECTOR, Arrays.stream(counted).max().orElse(0));
    for (int index = 0; index < slots.length; index++) {
      if (counted[index] == 0) {
        counted[index] =
            slots[index] == null ? largest : bucketSectorsByJournal(slots[index], largest);
      }
    }
    return counted;
  }

  private void noteBuckets(Bkey key, int[] counted, int[] ranks) {
    AccountingKey what = AccountingKey.of(key.pos(), version);
    if (what.type() != AccountingType.DEV_DATA_TYPE.number() || what.number() >= counted.length) {
      return;
    }
    int rank = COUNTED.indexOf(DataType.of(what.dataType()));
    long buckets = Accounting.counter(key, 0);
    long sectors = Accounting.counter(key, 1) + Accounting.counter(key, 2);
    boolean better = rank >= 0 && rank < ranks[what.number()];
    if (better && buckets > 0 && sectors % buckets == 0 && isBucket(sectors / buckets)) {
      counted[what.number()] = (int) (sectors / buckets);
      ranks[what.number()] = rank;
    }
  }

  private boolean isBucket(long sectors) {
    return sectors >= nodeBytes / SECTOR && sectors <= Integer.MAX_VALUE;
  }

  /**
   * Journal buckets lie side by side and begin with an entry each: the smallest size at whose
   * multiples, from the first such to the last, nearly all begin so.
   */
  private int bucketSectorsByJournal(BlockDevice device, int otherwise) {
    for (int sectors = nodeBytes / SECTOR; sectors <= MAX_BUCKET_SECTORS; sectors *= 2) {
      List<Long> buckets = journalBuckets(device, sectors);
      if (buckets.size() > 1) {
        long span = buckets.getLast() - buckets.getFirst() + 1;
        if (buckets.size() >= span - span / 8) {
          return sectors;
        }
      }
    }
    return otherwise;
  }

  private static NodeContext context(Superblock superblock) {
    return new NodeContext(
        NodeContext.magicOf(superblock.magicWord()),
        superblock.blockBytes(),
        superblock.btreeNodeBytes(),
        superblock.version(),
        superblock.versionMin(),
        null,
        false,
        seq -> false);
  }

  private List<Long> journalBuckets(BlockDevice device, int bucketSectors) {
    return JournalBucketSearch.run(device, bucketSectors, uuidWord);
  }

  private byte[] superblock(BlockDevice[] slots, int[] buckets, int index, List<Long> journal) {
    int membersBytes = 16 + slots.length * Member.BYTES;
    byte[] entries = JournalBucketSearch.section(journal).encode().toArray();
    int journalBytes = 8 + entries.length;
    byte[] bytes = new byte[Superblock.BYTES + membersBytes + journalBytes];
    MemorySegment out = MemorySegment.ofArray(bytes);
    fixed(out, slots.length, index, bytes.length - Superblock.BYTES);
    long at = Superblock.BYTES;
    section(out, at, SectionType.MEMBERS_V2, membersBytes);
    Le.putU16(out, at + 8, Member.BYTES);
    for (int i = 0; i < slots.length; i++) {
      member(out, at + 16 + (long) i * Member.BYTES, i, slots, buckets);
    }
    at += membersBytes;
    section(out, at, SectionType.JOURNAL_V2, journalBytes);
    MemorySegment.copy(MemorySegment.ofArray(entries), 0, out, at + 8, entries.length);
    return bytes;
  }

  private void fixed(MemorySegment out, int members, int index, int sectionBytes) {
    Le.putU16(out, Superblock.OFFSET_VERSION, version);
    Le.putU16(out, Superblock.OFFSET_VERSION_MIN, oldestVersion);
    putUuid(out, Superblock.OFFSET_MAGIC);
    Le.putU64(out, Superblock.OFFSET_UUID, uuidWord);
    Le.putU64(out, Superblock.OFFSET_USER_UUID, uuidWord);
    Le.putU64(out, Superblock.OFFSET_SEQ, 1);
    Le.putU16(out, Superblock.OFFSET_BLOCK_SIZE, blockBytes / SECTOR);
    Le.putU8(out, Superblock.OFFSET_DEV_IDX, index);
    Le.putU8(out, Superblock.OFFSET_NR_DEVICES, members);
    Le.putU32(out, Superblock.OFFSET_U64S, sectionBytes / 8);
    Le.putU32(out, Superblock.OFFSET_TIME_PRECISION, 1);
    Le.putU64(out, Superblock.OFFSET_FEATURES, FEATURES_KNOWN);
    flag(out, SuperblockFlag.INITIALIZED, 1);
    flag(out, SuperblockFlag.BTREE_NODE_SIZE, nodeBytes / SECTOR);
    putUuid(out, Superblock.OFFSET_LAYOUT);
    Le.putU8(
        out, Superblock.OFFSET_LAYOUT + SuperblockLayout.OFFSET_SB_MAX_SIZE_BITS, MAX_SIZE_BITS);
    Le.putU8(out, Superblock.OFFSET_LAYOUT + SuperblockLayout.OFFSET_NR_SUPERBLOCKS, 1);
    Le.putU64(out, Superblock.OFFSET_LAYOUT + SuperblockLayout.OFFSET_SB_OFFSET, PRIMARY_SECTOR);
    Le.putU64(out, Superblock.OFFSET_OFFSET, PRIMARY_SECTOR);
  }

  /** Of a member that is not here nothing is known but that there was one. */
  private void member(MemorySegment out, long at, int index, BlockDevice[] slots, int[] buckets) {
    BlockDevice device = slots[index] != null ? slots[index] : slots[first(slots)];
    Le.putU64(out, at + Member.OFFSET_UUID, uuidWord + index);
    Le.putU64(out, at + Member.OFFSET_UUID + 8, 1);
    Le.putU64(out, at + Member.OFFSET_NBUCKETS, device.size() / SECTOR / buckets[index]);
    Le.putU16(out, at + Member.OFFSET_BUCKET_SIZE, buckets[index]);
  }

  private static void putUuid(MemorySegment out, long at) {
    java.nio.ByteBuffer magic = java.nio.ByteBuffer.allocate(MAGIC_BYTES);
    magic
        .putLong(Superblock.MAGIC.getMostSignificantBits())
        .putLong(Superblock.MAGIC.getLeastSignificantBits());
    MemorySegment.copy(MemorySegment.ofArray(magic.array()), 0, out, at, MAGIC_BYTES);
  }

  private static void section(MemorySegment out, long at, SectionType type, int bytes) {
    Le.putU32(out, at, bytes / 8);
    Le.putU32(out, at + 4, type.number());
  }

  private static void flag(MemorySegment out, SuperblockFlag flag, long value) {
    long offset = Superblock.OFFSET_FLAGS + 8L * flag.word();
    Le.putU64(out, offset, flag.bits().set(Le.u64(out, offset), value));
  }
}
