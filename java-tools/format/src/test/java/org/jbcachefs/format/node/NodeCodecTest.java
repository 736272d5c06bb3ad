// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.Place;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NodeCodecTest {
  private static final List<Strictness> STRICTNESSES = List.of(Strictness.values());
  private static final Place PLACE = Place.device("img0", 4096);

  private static DecodedNode decode(TestNodes.Sample sample, MemorySegment bytes) {
    return NodeDecoder.decode(sample.context(), sample.pointer(), bytes, Strictness.STRICT, PLACE);
  }

  private static MemorySegment copy(MemorySegment bytes) {
    MemorySegment copy = Arena.ofAuto().allocate(bytes.byteSize(), 8);
    return copy.copyFrom(bytes);
  }

  @ParameterizedTest
  @EnumSource(ChecksumType.class)
  void decodesWhatWasEncoded(ChecksumType checksum) {
    for (int seed = 0; seed < 300; seed++) {
      TestNodes.Sample sample = TestNodes.sample(checksum, new SplittableRandom(seed));
      DecodedNode node = decode(sample, copy(sample.bytes()));
      assertEquals(sample.bsets().size(), node.bsets(), "seed " + seed);
      for (int bset = 0; bset < node.bsets(); bset++) {
        assertSameKeys(sample.bsets().get(bset), keys(node, bset), "seed " + seed);
      }
      assertEquals(sample.pointer().sectorsWritten(), node.sectors());
      assertEquals(5, node.nodeSeq());
      assertEquals(99 + node.bsets(), node.journalSeq());
    }
  }

  private static List<Bkey> keys(DecodedNode node, int bset) {
    List<Bkey> keys = new ArrayList<>();
    for (int i = node.bsetStart(bset); i < node.bsetEnd(bset); i++) {
      keys.add(node.format().read(node.bytes(), node.keyOffset(i), new Bkey()));
    }
    return keys;
  }

  private static void assertSameKeys(List<Bkey> expected, List<Bkey> actual, String reproduce) {
    assertEquals(expected.size(), actual.size(), reproduce);
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i).toString(), actual.get(i).toString(), reproduce);
      assertEquals(-1, expected.get(i).value().mismatch(actual.get(i).value()), reproduce);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ChecksumType.class,
      names = {"CRC32C_NONZERO", "CRC64_NONZERO", "XXHASH", "CHACHA20_POLY1305_80"})
  void detectsEveryFlippedByteThatAChecksumCovers(ChecksumType checksum) {
    SplittableRandom random = new SplittableRandom(checksum.number());
    TestNodes.Sample sample = TestNodes.sample(checksum, random);
    MemorySegment damaged = copy(sample.bytes());
    DecodedNode whole = decode(sample, copy(sample.bytes()));
    for (DecodedNode.BsetInfo bset : whole.bsetInfos()) {
      for (int at = bset.offset(); at < bset.end(); at++) {
        damaged.copyFrom(sample.bytes());
        Le.putU8(damaged, at, Le.u8(damaged, at) ^ 1 << random.nextInt(8));
        int flipped = at;
        assertThrows(
            CorruptionException.class, () -> decode(sample, damaged), () -> "byte " + flipped);
      }
    }
  }

  @Test
  void namesPaddingThatIsNotZero() {
    TestNodes.Sample sample =
        TestNodes.sample(ChecksumType.CRC32C_NONZERO, new SplittableRandom(3));
    DecodedNode node = decode(sample, copy(sample.bytes()));
    assertEquals(-1, NodePadding.firstNonZero(sample.context(), node));
    int end = node.bsetInfos().getLast().end();
    Le.putU8(node.bytes(), end + 3, 1);
    assertEquals(end + 3, NodePadding.firstNonZero(sample.context(), node));
  }

  @Test
  void malformedNodesWithGoodChecksumsThrowOnlyOurExceptions() {
    int refused = 0;
    for (int seed = 0; seed < 30_000; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      TestNodes.Sample sample = TestNodes.sample(ChecksumType.CRC32C_NONZERO, random);
      mutate(sample, random);
      Strictness strictness = STRICTNESSES.get(random.nextInt(STRICTNESSES.size()));
      try {
        DecodedNode node =
            NodeDecoder.decode(
                sample.context(), sample.pointer(), sample.bytes(), strictness, PLACE);
        assertReadable(node);
      } catch (BcachefsException e) {
        refused++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + ", " + strictness, e);
      }
    }
    assertTrue(refused > 5_000, "refused " + refused);
  }

  private static void mutate(TestNodes.Sample sample, SplittableRandom random) {
    int limit = sample.pointer().sectorsWritten() * 512;
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(random.nextInt(3) == 0 ? 200 : limit);
      int value = random.nextBoolean() ? random.nextInt(256) : random.nextInt(2) * 255;
      Le.putU8(sample.bytes(), at, value);
    }
    NodeEncoder.restamp(sample.context(), sample.bytes(), limit);
  }

  private static void assertReadable(DecodedNode node) {
    Bkey key = new Bkey();
    for (int i = 0; i < node.keyCount(); i++) {
      node.format().read(node.bytes(), node.keyOffset(i), key);
      assertTrue(key.valueOffset() + key.valueBytes() <= node.bytes().byteSize());
      assertTrue(key.valueBytes() >= 0);
    }
  }

  @Test
  void saysWhatIsWrongByTheFormatsOwnNames() {
    assertRefused("btree_node_bad_magic", BtreeNodeLayout.OFFSET_MAGIC, 1);
    assertRefused("btree_node_bad_btree", BtreeNodeLayout.OFFSET_FLAGS, 0x02);
    assertRefused("btree_node_bad_level", BtreeNodeLayout.OFFSET_FLAGS, 0x11);
    assertRefused("btree_node_bad_min_key", BtreeNodeLayout.OFFSET_MIN_KEY, 1);
    assertRefused("btree_node_bad_max_key", BtreeNodeLayout.OFFSET_MAX_KEY, 1);
    assertRefused("btree_node_bad_format", BtreeNodeLayout.OFFSET_FORMAT, 99);
    int bset = BtreeNodeLayout.OFFSET_BSET;
    assertRefused("btree_node_bad_seq", bset + BsetLayout.OFFSET_SEQ, 0x5a);
    assertRefused("bset_past_end_of_btree_node", bset + BsetLayout.OFFSET_U64S + 1, 0xff);
    assertRefused("bset_unknown_csum", bset + BsetLayout.OFFSET_FLAGS, 0x0f);
    assertRefused("btree_node_unsupported_version", bset + BsetLayout.OFFSET_VERSION + 1, 0x08);
    assertRefused("btree_node_bset_older_than_sb_min", bset + BsetLayout.OFFSET_VERSION, 0);
    assertRefused("bset_wrong_sector_offset", bset + BsetLayout.OFFSET_FLAGS + 2, 9);
    assertRefused("btree_node_bkey_bad_u64s", BtreeNodeLayout.BYTES, 0);
    assertRefused("btree_node_bkey_past_bset_end", BtreeNodeLayout.BYTES, 255);
    assertRefused("btree_node_bkey_bad_format", BtreeNodeLayout.BYTES + 1, 2);
  }

  private static void assertRefused(String name, int at, int value) {
    TestNodes.Sample sample = oneKey();
    Le.putU8(sample.bytes(), at, value);
    NodeEncoder.restamp(sample.context(), sample.bytes(), sample.pointer().sectorsWritten() * 512);
    CorruptionException e =
        assertThrows(CorruptionException.class, () -> decode(sample, sample.bytes()), name);
    assertEquals(name, e.errorName());
    assertEquals("img0", e.place().device());
  }

  private static TestNodes.Sample oneKey() {
    List<List<Bkey>> bsets = List.of(List.of(new Bkey().setPos(0, 4096, -1).setType(29)));
    return encode(bsets);
  }

  private static TestNodes.Sample encode(List<List<Bkey>> bsets) {
    ChecksumType checksum = ChecksumType.CRC32C_NONZERO;
    NodeContext context = TestNodes.context(checksum, seq -> false);
    return TestNodes.encode(context, checksum, bsets, BkeyFormat.FULL, 77);
  }

  @Test
  void refusesKeysOutOfOrderButADeletionBeforeALiveKey() {
    Bkey live = new Bkey().setPos(0, 4096, -1).setType(29);
    Bkey deleted = new Bkey().setPos(0, 4096, -1).setType(0);
    TestNodes.Sample fine = encode(List.of(List.of(deleted, live)));
    assertEquals(2, decode(fine, fine.bytes()).keyCount());
    for (List<Bkey> wrong : List.of(List.of(live, deleted), List.of(live, live))) {
      TestNodes.Sample sample = encode(List.of(wrong));
      CorruptionException e =
          assertThrows(CorruptionException.class, () -> decode(sample, sample.bytes()));
      assertEquals("btree_node_bkey_out_of_order", e.errorName());
    }
  }

  @Test
  void reportsABsetThatThePointerPromisesAndThatIsNotThere() {
    Bkey key = new Bkey().setPos(0, 4096, -1).setType(29);
    TestNodes.Sample sample = encode(List.of(List.of(key)));
    BtreePointer longer = TestNodes.pointer(77, sample.pointer().sectorsWritten() + 1);
    CorruptionException e =
        assertThrows(
            CorruptionException.class,
            () ->
                NodeDecoder.decode(
                    sample.context(), longer, sample.bytes(), Strictness.STRICT, PLACE));
    assertEquals("btree_node_data_missing", e.errorName());
  }

  @Test
  void withoutACountOfSectorsReadsUntilABsetOfAnotherNode() {
    Bkey key = new Bkey().setPos(0, 4096, -1).setType(29);
    TestNodes.Sample sample = encode(List.of(List.of(key), List.of(key)));
    BtreePointer legacy = TestNodes.pointer(77, 0);
    DecodedNode node =
        NodeDecoder.decode(sample.context(), legacy, sample.bytes(), Strictness.STRICT, PLACE);
    assertEquals(2, node.bsets());
    assertEquals(sample.pointer().sectorsWritten(), node.sectors());
  }

  @Test
  void skipsBlacklistedBsetsOfOldPointersAndReportsThemWithinTheSectorsWritten() {
    Bkey key = new Bkey().setPos(0, 4096, -1).setType(29);
    ChecksumType checksum = ChecksumType.CRC32C_NONZERO;
    List<List<Bkey>> bsets = List.of(List.of(key), List.of(key), List.of(key));
    NodeContext second = TestNodes.context(checksum, seq -> seq == 101);
    TestNodes.Sample sample = TestNodes.encode(second, checksum, bsets, BkeyFormat.FULL, 77);
    DecodedNode node =
        NodeDecoder.decode(
            second, TestNodes.pointer(77, 0), sample.bytes(), Strictness.STRICT, PLACE);
    assertEquals(2, node.bsets());
    assertEquals(3, node.bsetInfos().size());
    assertRefused(sample, second, "first_bset_blacklisted_journal_seq");
    NodeContext first = TestNodes.context(checksum, seq -> seq == 100);
    assertRefused(sample, first, "bset_blacklisted_journal_seq");
  }

  private static void assertRefused(TestNodes.Sample sample, NodeContext context, String name) {
    CorruptionException e =
        assertThrows(
            CorruptionException.class,
            () ->
                NodeDecoder.decode(
                    context, sample.pointer(), sample.bytes(), Strictness.STRICT, PLACE));
    assertEquals(name, e.errorName());
  }

  @Test
  void anEncryptedNodeWithoutAKeyAsksForThePassphrase() {
    ChecksumType checksum = ChecksumType.CHACHA20_POLY1305_80;
    TestNodes.Sample sample = TestNodes.sample(checksum, new SplittableRandom(1));
    NodeContext with = sample.context();
    NodeContext without =
        new NodeContext(
            with.magic(),
            with.blockBytes(),
            with.nodeBytes(),
            with.version(),
            with.versionMin(),
            null,
            true,
            with.blacklisted());
    assertThrows(
        PassphraseException.class,
        () ->
            NodeDecoder.decode(
                without, sample.pointer(), sample.bytes(), Strictness.STRICT, PLACE));
  }

  @Test
  void salvageKeepsTheBsetsBeforeADamagedOne() {
    Bkey key = new Bkey().setPos(0, 4096, -1).setType(29);
    TestNodes.Sample sample = encode(List.of(List.of(key), List.of(key)));
    Le.putU8(sample.bytes(), 512 + 60, 0xee);
    assertThrows(CorruptionException.class, () -> decode(sample, copy(sample.bytes())));
    DecodedNode node =
        NodeDecoder.decode(
            sample.context(), sample.pointer(), sample.bytes(), Strictness.SALVAGE, PLACE);
    assertEquals(1, node.bsets());
    assertEquals(
        List.of("bset_bad_csum", "btree_node_data_missing"),
        node.findings().stream().map(finding -> finding.name()).toList());
  }

  @Test
  void pointersReadBackFromTheirKeys() {
    List<BtreePointer.Replica> replicas =
        List.of(
            new BtreePointer.Replica(3, 0xfff_ffff_ffffL, 255),
            new BtreePointer.Replica(255, 8, 0));
    Bpos min = new Bpos(1, 2, 3);
    Bpos max = new Bpos(4, 5, 6);
    BtreePointer pointer = new BtreePointer(9, 2, min, max, -5, 128, true, replicas);
    assertEquals(pointer, BtreePointer.parse(9, 2, pointer.toKey(), Place.NOWHERE));
  }
}
