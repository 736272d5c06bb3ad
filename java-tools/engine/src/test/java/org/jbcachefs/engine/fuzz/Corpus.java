// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.journal.JournalEntry;
import org.jbcachefs.engine.journal.JournalListing;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.DecodedNode;
import org.jbcachefs.format.node.NodeDecoder;
import org.jbcachefs.format.sb.CryptSection;
import org.jbcachefs.format.sb.Superblock;

/**
 * Samples taken from golden images, the same ones at every run: some of every kind of structure
 * that kernels have written there. Immutable once gathered, thread-safe.
 */
final class Corpus {
  /** Images whose structures differ; bigger ones add nothing but time. */
  static final List<String> IMAGES =
      List.of(
          "casefold-default",
          "checksums-all",
          "compression-all",
          "dirty-btree-small-nodes",
          "dirty-journal-1",
          "ec-6dev",
          "encryption",
          "inodes-32bit",
          "metadata-csum-none",
          "nocow",
          "old-version-1.13",
          "quota",
          "reflink",
          "replicas2-3dev",
          "snapshots",
          "tiered",
          "upgraded-1.13-to-1.38",
          "v139-snapshots");

  private static final int KEYS_SEEN_PER_BTREE = 600;
  private static final int KEYS_PER_TYPE = 60;
  private static final int NODES_PER_IMAGE = 24;
  private static final int JSETS_PER_IMAGE = 12;
  private static final int LARGEST_JSET = 256 << 10;

  private final Map<String, ImageSource> sources = new TreeMap<>();
  private final List<Sample> superblocks = new ArrayList<>();
  private final List<Sample> madeUpSuperblocks = new ArrayList<>();
  private final List<Sample> madeUpJsets = new ArrayList<>();
  private final List<KeySample> madeUpExtents = new ArrayList<>();
  private final List<NodeSample> nodes = new ArrayList<>();
  private final List<Sample> jsets = new ArrayList<>();
  private final List<JsetSample> liveJsets = new ArrayList<>();
  private final Map<Integer, List<KeySample>> keysByType = new TreeMap<>();
  private final RandomGenerator random =
      RandomGeneratorFactory.of("SplittableRandom").create(20_380_101);

  private Corpus() {}

  static Corpus gather() {
    Corpus corpus = new Corpus();
    for (String name : IMAGES) {
      corpus.gather(name);
    }
    SyntheticSamples.addTo(corpus);
    return corpus;
  }

  ImageSource source(String name) {
    return sources.get(name);
  }

  /** Superblocks as they were written. */
  List<Sample> superblocks() {
    return superblocks;
  }

  /** Superblocks with sections that no kernel has written there. */
  List<Sample> madeUpSuperblocks() {
    return madeUpSuperblocks;
  }

  List<NodeSample> nodes() {
    return nodes;
  }

  /** Jsets as they were written, decrypted. */
  List<Sample> jsets() {
    return jsets;
  }

  /** Jsets with entries of every type. */
  List<Sample> madeUpJsets() {
    return madeUpJsets;
  }

  /** Those of them that are replayed when their image is opened, and where they lie. */
  List<JsetSample> liveJsets() {
    return liveJsets;
  }

  /** Those of one image. */
  List<JsetSample> liveJsets(String image) {
    return liveJsets.stream().filter(jset -> jset.image().equals(image)).toList();
  }

  /** Extents with entries of every type. */
  List<KeySample> madeUpExtents() {
    return madeUpExtents;
  }

  /** Keys by the number of their type. */
  Map<Integer, List<KeySample>> keysByType() {
    return keysByType;
  }

  private void gather(String name) {
    List<BlockDevice> devices = GoldenImages.open(name);
    DeviceSet set = DeviceSetAssembly.assemble(devices);
    ImageSource source = new ImageSource(name, devices, passphraseKey(set, name));
    sources.put(name, source);
    superblocks.add(Samples.superblock(set.superblockOf(presentMember(set)).raw()));
    try (ReadFilesystem filesystem = source.open(source.patched(), false, _ -> {})) {
      gatherKeys(filesystem);
      gatherNodes(name, filesystem);
      gatherJsets(name, filesystem);
    }
  }

  private static int presentMember(DeviceSet set) {
    int index = 0;
    while (set.device(index) == null) {
      index++;
    }
    return index;
  }

  private static FilesystemKey passphraseKey(DeviceSet set, String name) {
    String passphrase = GoldenImages.passphrase(name);
    Superblock superblock = set.superblock();
    return passphrase == null
        ? null
        : superblock
            .crypt()
            .map(CryptSection::key)
            .orElseThrow()
            .derive(passphrase.getBytes(StandardCharsets.UTF_8), superblock.place());
  }

  private void gatherKeys(ReadFilesystem filesystem) {
    for (int btree : filesystem.btrees().present()) {
      for (int level = filesystem.btrees().rootLevel(btree); level >= 0; level--) {
        try (KeyIterator keys = filesystem.btrees().iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
          for (int i = 0; i < KEYS_SEEN_PER_BTREE && keys.next(); i++) {
            addKey(btree, level, keys.key());
          }
        }
      }
    }
  }

  private void addKey(int btree, int level, Bkey key) {
    List<KeySample> list = keysByType.computeIfAbsent(key.type(), _ -> new ArrayList<>());
    if (list.size() < KEYS_PER_TYPE) {
      list.add(new KeySample(btree, level, Samples.key(key)));
    } else if (random.nextInt(16) == 0) {
      list.set(random.nextInt(list.size()), new KeySample(btree, level, Samples.key(key)));
    }
  }

  private void gatherNodes(String image, ReadFilesystem filesystem) {
    List<BtreePointer> pointers = new ArrayList<>();
    for (BtreeRoot root : filesystem.journal().roots()) {
      pointers.add(BtreePointer.parse(root.btree(), root.level(), root.key(), Place.NOWHERE));
      if (root.level() == 1) {
        try (KeyIterator keys = filesystem.btrees().iterate(root.btree(), 1, Bpos.MIN, Bpos.MAX)) {
          for (int i = 0; i < 4 && keys.next(); i++) {
            pointers.add(BtreePointer.parse(root.btree(), 0, keys.key(), Place.NOWHERE));
          }
        }
      }
    }
    for (int i = 0; i < NODES_PER_IMAGE && !pointers.isEmpty(); i++) {
      BtreePointer pointer = pointers.remove(random.nextInt(pointers.size()));
      addNode(image, filesystem, pointer);
    }
  }

  private void addNode(String image, ReadFilesystem filesystem, BtreePointer pointer) {
    BtreePointer.Replica replica = pointer.replicas().getFirst();
    DecodedNode decoded = filesystem.nodes().read(pointer).decoded();
    int length = NodeDecoder.bytesToRead(filesystem.nodes().context(), pointer);
    MemorySegment bytes = MemorySegment.ofArray(new byte[length]);
    filesystem.devices().read(replica.device(), replica.sector(), bytes);
    nodes.add(
        new NodeSample(
            image, pointer, Samples.node(bytes.toArray(ValueLayout.JAVA_BYTE), decoded)));
  }

  private void gatherJsets(String image, ReadFilesystem filesystem) {
    try (JournalListing journal =
        new JournalListing(filesystem.devices(), filesystem.key().orElse(null), 1)) {
      List<JournalEntry> entries = new ArrayList<>(journal.entries());
      for (int i = 0; i < JSETS_PER_IMAGE && !entries.isEmpty(); i++) {
        JournalEntry entry = entries.remove(random.nextInt(entries.size()));
        if (entry.best().bytes() < LARGEST_JSET) {
          jsets.add(Samples.jset(journal.load(entry)));
        }
      }
      for (JournalEntry entry : journal.entries()) {
        boolean live = !filesystem.journal().clean() && !journal.isBlacklisted(entry);
        if (live && entry.seq() >= journal.firstDirty()) {
          Sample sample = Samples.jset(journal.load(entry));
          liveJsets.add(new JsetSample(image, entry.copies(), sample));
        }
      }
    }
  }
}
