// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.journal.JournalCheck;
import org.jbcachefs.engine.journal.JournalCopy;
import org.jbcachefs.engine.journal.JournalEntry;
import org.jbcachefs.engine.journal.JournalListing;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One flipped byte of any copy of a journal entry that counts, or of its padding, is found. */
class FlippedJournalBytesTest {
  private static final long SEED = 20261122;
  private static final int FLIPS = 100;

  static List<String> dirty() {
    return GoldenImages.names().stream().filter(name -> name.startsWith("dirty-")).toList();
  }

  /** Bytes of one member. */
  private record Range(int member, long offset, long bytes) {}

  @ParameterizedTest
  @MethodSource("dirty")
  void everyFlippedByteIsFound(String name) {
    List<PatchedDevice> devices = new ArrayList<>();
    GoldenImages.open(name).forEach(device -> devices.add(new PatchedDevice(device)));
    DeviceSet set = DeviceSetAssembly.assemble(List.copyOf(devices));
    assertEquals(List.of(), JournalCheck.of(set, null, 1));
    List<Range> live = live(set);
    Random random = new Random(SEED);
    for (int i = 0; i < FLIPS; i++) {
      Range range = live.get(random.nextInt(live.size()));
      boolean header = random.nextInt(4) == 0;
      long at = range.offset + random.nextLong(header ? 64 : range.bytes);
      byte[] one = new byte[1];
      set.device(range.member).read(at, MemorySegment.ofArray(one));
      one[0] ^= (byte) (1 << random.nextInt(8));
      ((PatchedDevice) set.device(range.member)).patch(at, one);
      assertFalse(
          JournalCheck.of(set, null, 1).isEmpty(),
          "seed " + SEED + " flip " + i + " at byte " + at + " of " + range);
      devices.forEach(PatchedDevice::reset);
    }
  }

  private static List<Range> live(DeviceSet set) {
    List<Range> live = new ArrayList<>();
    int block = set.superblock().blockBytes();
    try (JournalListing journal = new JournalListing(set, null, 1)) {
      for (JournalEntry entry : journal.entries()) {
        if (entry.seq() >= journal.firstDirty() && !journal.isBlacklisted(entry)) {
          for (JournalCopy copy : entry.copies()) {
            long padded = (copy.bytes() + block - 1) / block * block;
            live.add(new Range(copy.device().index(), copy.sector() * 512, padded));
          }
        }
      }
    }
    assertFalse(live.isEmpty());
    return live;
  }
}
