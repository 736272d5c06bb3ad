// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetBuilder;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetValue;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;

/** What kernels have not written into the golden images, made up: legacy and rare structures. */
final class SyntheticSamples {
  private static final int VERSION = 1062;
  private static final int EXTENTS_OF_EVERY_ENTRY = 16;
  private static final int[] VALUE_WORDS = {0, 1, 2, 3, 5, 8, 13, 32};

  private SyntheticSamples() {}

  static void addTo(Corpus corpus) {
    RandomGenerator random = RandomGeneratorFactory.of("SplittableRandom").create(7);
    corpus.madeUpJsets().add(jsetOfEveryType());
    Map<Integer, List<KeySample>> keys = corpus.keysByType();
    for (KeyType type : KeyType.values()) {
      List<KeySample> list = keys.computeIfAbsent(type.number(), _ -> new ArrayList<>());
      for (int words : VALUE_WORDS) {
        list.add(new KeySample(btreeOf(type), 0, Samples.key(randomKey(type, words, random))));
      }
    }
    for (int i = 0; i < EXTENTS_OF_EVERY_ENTRY; i++) {
      corpus.madeUpExtents().add(new KeySample(0, 0, Samples.key(extentOfEveryEntry(random))));
    }
    corpus
        .madeUpSuperblocks()
        .add(withSections(corpus.superblocks().getFirst(), SectionType.JOURNAL, random));
    corpus
        .madeUpSuperblocks()
        .add(withSections(corpus.superblocks().getFirst(), SectionType.JOURNAL_V2, random));
  }

  private static int btreeOf(KeyType type) {
    for (BtreeId id : BtreeId.values()) {
      if (id.allows(type)) {
        return id.number();
      }
    }
    return BtreeId.EXTENTS.number();
  }

  private static Bkey randomKey(KeyType type, int words, RandomGenerator random) {
    MemorySegment value = MemorySegment.ofArray(new long[words]);
    for (int i = 0; i < words; i++) {
      Le.putU64(value, 8L * i, random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(4096));
    }
    return new Bkey()
        .setPos(random.nextInt(1 << 16), random.nextInt(1 << 16), -1)
        .setSize(random.nextInt(2) * 8)
        .setType(type.number())
        .setValue(value, 0, words * 8);
  }

  /** Entries of every type, one behind the other, each with a pointer behind it. */
  private static Bkey extentOfEveryEntry(RandomGenerator random) {
    long[] words = new long[40];
    int at = 0;
    for (ExtentEntryType type : ExtentEntryType.values()) {
      words[at] = type.typeBit() | (random.nextLong() & ~((type.typeBit() << 1) - 1));
      at += type.u64s();
      words[at++] = 1 | (long) random.nextInt(1 << 20) << 4;
    }
    return new Bkey()
        .setPos(4096, 8, -1)
        .setSize(8)
        .setType(KeyType.EXTENT.number())
        .setValue(MemorySegment.ofArray(words), 0, at * 8);
  }

  private static Sample jsetOfEveryType() {
    MemorySegment memory = MemorySegment.ofArray(new long[1024]);
    JsetBuilder builder =
        new JsetBuilder(memory, 0).header(1, 5, VERSION, ChecksumType.CRC32C_NONZERO.number(), 3);
    Bkey key =
        new Bkey()
            .setPos(1, 2, -1)
            .setType(KeyType.COOKIE.number())
            .setValue(MemorySegment.ofArray(new long[] {9}), 0, 8);
    for (JsetEntryType type : JsetEntryType.values()) {
      if (type.hasKeys()) {
        builder.entry(type.number(), BtreeId.XATTRS.number(), 0).key(key);
      }
    }
    builder.entry(JsetEntryType.PRIO_PTRS.number(), 0, 0).raw(MemorySegment.ofArray(new long[2]));
    builder
        .value(new JsetValue.Blacklist(5))
        .value(new JsetValue.BlacklistV2(5, 9))
        .value(new JsetValue.Usage(JsetValue.Usage.KEY_VERSION, 77))
        .value(new JsetValue.DataUsage(99, 4, 1, List.of(0, 2, 9)))
        .value(new JsetValue.Clock(true, 123))
        .value(new JsetValue.DevUsage(3, 1, 2, List.of(new JsetValue.DevUsage.Counts(4, 5, 6))))
        .value(new JsetValue.Log("a message"))
        .value(new JsetValue.DateTime(1_700_000_000L))
        .value(new JsetValue.RewindLimit(8))
        .value(new JsetValue.Rewind(5, 3));
    builder.entry(99, 1, 1).raw(MemorySegment.ofArray(new long[4]));
    builder.finish(512);
    return Samples.jset(new Jset().wrap(memory, 0));
  }

  /** A superblock with something in every section that it does not have, and one journal. */
  private static Sample withSections(Sample from, SectionType journal, RandomGenerator random) {
    byte[] bytes = from.copy();
    Superblock superblock = Superblock.parse(MemorySegment.ofArray(bytes), Place.NOWHERE);
    SuperblockEditor editor = new SuperblockEditor(superblock);
    editor.remove(SectionType.JOURNAL).remove(SectionType.JOURNAL_V2);
    long bucket = superblock.journalBuckets().ranges().getFirst().start();
    long[] words = {bucket, 1};
    int length = journal == SectionType.JOURNAL ? 1 : 2;
    byte[] buckets =
        MemorySegment.ofArray(words)
            .asSlice(0, length * 8L)
            .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    editor.section(new RawSection(journal.number(), Bytes.copyOf(buckets)));
    for (SectionType type : SectionType.values()) {
      boolean anyJournal = type == SectionType.JOURNAL || type == SectionType.JOURNAL_V2;
      if (superblock.section(type).isEmpty() && !anyJournal) {
        byte[] payload = new byte[64 + 8 * random.nextInt(8)];
        editor.section(new RawSection(type.number(), Bytes.copyOf(payload)));
      }
    }
    return Samples.superblock(editor.build());
  }
}
