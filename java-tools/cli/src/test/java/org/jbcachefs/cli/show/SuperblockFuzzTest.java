// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.testing.Outside;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.checksum.Checksums;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.junit.jupiter.api.Test;

/**
 * Superblocks changed at random, their checksums stamped anew: they are refused by an exception of
 * ours, or read, shown as text and as JSON, and encoded to the same bytes.
 */
class SuperblockFuzzTest {
  private static final int ROUNDS = Integer.getInteger("jbcachefs.fuzz.superblocks", 4_000);
  private static final long SEED = Long.getLong("jbcachefs.seed", 20_260_101);

  /** Numbers that are at the edge of something. */
  private static final long[] EDGES = {
    0, 1, 2, 7, 8, 255, 256, 0x7fff, 0xffff, 0x7fffffffL, 0xffffffffL, Long.MAX_VALUE, -1, -8
  };

  private final List<byte[]> originals =
      List.of(
              "tiered",
              "encryption",
              "quota",
              "dirty-journal-1",
              "old-version-1.13",
              "v139-default")
          .stream()
          .map(SuperblockFuzzTest::superblock)
          .toList();

  private static byte[] superblock(String name) {
    List<BlockDevice> devices = GoldenImages.open(name);
    try {
      return SuperblockSearch.find(devices.getFirst()).require().raw();
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }

  @Test
  void changedSuperblocksAreRefusedOrShownWhole() {
    int accepted = 0;
    for (int round = 0; round < ROUNDS; round++) {
      long seed = SEED + round;
      try {
        accepted += survives(seed) ? 1 : 0;
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(
            "reproduce with -Dtest=SuperblockFuzzTest -Djbcachefs.fuzz.superblocks=1 -Djbcachefs.seed="
                + seed,
            e);
      }
    }
    assertTrue(accepted > ROUNDS / 20, "only " + accepted + " of " + ROUNDS + " were accepted");
  }

  private boolean survives(long seed) {
    Random random = new Random(new SplittableRandom(seed).nextLong());
    byte[] bytes = changed(originals.get(random.nextInt(originals.size())).clone(), random);
    Superblock superblock;
    try {
      superblock = Superblock.parse(MemorySegment.ofArray(bytes), Place.NOWHERE);
    } catch (BcachefsException _) {
      return false;
    }
    show(superblock);
    for (RawSection section : superblock.sections()) {
      try {
        assertArrayEquals(
            section.payload().toArray(), superblock.decode(section).encode().toArray());
      } catch (BcachefsException e) {
        // Only the old members section is not decoded before somebody asks for it.
        assertTrue(section.type() == SectionType.MEMBERS_V1.number(), e.sentence());
      }
    }
    return true;
  }

  private static void show(Superblock superblock) {
    try {
      superblock.refuseUnreadable();
    } catch (BcachefsException _) {
      // It can be shown all the same.
    }
    EnumSet<SectionType> types = EnumSet.allOf(SectionType.class);
    types.remove(SectionType.MEMBERS_V1);
    MemberNames names = new MemberNames(Map.of());
    new SuperblockText(superblock, names, new CalendarTime(ZoneOffset.UTC)).all(types, true, true);
    if (superblock.section(SectionType.MEMBERS_V1).isEmpty()) {
      Output out = new Outside().invocation(Output.Form.JSON, "show-super").out();
      new SuperblockJson(superblock, names).write(out.data());
      out.finish();
    }
  }

  private static byte[] changed(byte[] bytes, Random random) {
    MemorySegment segment = MemorySegment.ofArray(bytes);
    int changes = 1 + random.nextInt(4);
    for (int change = 0; change < changes; change++) {
      boolean fixedPart = random.nextInt(4) == 0;
      int from = fixedPart ? Superblock.OFFSET_VERSION : Superblock.OFFSET_SECTIONS;
      int to = fixedPart ? Superblock.OFFSET_SECTIONS : bytes.length;
      int at = from + random.nextInt(to - from);
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] = (byte) random.nextInt();
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> putEdge(segment, at & ~7, random);
        default -> putSmallEdge(segment, at & ~3, random);
      }
    }
    stamp(segment);
    return bytes;
  }

  private static void putEdge(MemorySegment segment, int at, Random random) {
    Le.putU64(segment, at, EDGES[random.nextInt(EDGES.length)]);
  }

  private static void putSmallEdge(MemorySegment segment, int at, Random random) {
    Le.putU32(segment, at, (int) EDGES[random.nextInt(EDGES.length)]);
  }

  private static void stamp(MemorySegment segment) {
    long size =
        Superblock.BYTES + 8 * Integer.toUnsignedLong(Le.u32(segment, Superblock.OFFSET_U64S));
    int number = SuperblockFlag.CSUM_TYPE.bits().getInt(Le.u64(segment, Superblock.OFFSET_FLAGS));
    ChecksumType type = ChecksumType.of(number);
    if (type != null && !type.isMac() && size <= segment.byteSize()) {
      Le.putU64(segment, 0, Checksums.compute(type, segment, 16, size - 16));
    }
  }
}
