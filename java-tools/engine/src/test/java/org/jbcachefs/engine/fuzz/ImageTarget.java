// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jbcachefs.engine.journal.JournalCopy;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.node.NodeEncoder;
import org.jbcachefs.format.sb.Superblock;

/**
 * Whole images: superblocks, nodes, live jsets and any other bytes damaged, the filesystem opened,
 * its tree walked and read. Without restamping what is read must be what was there, unless
 * something was reported.
 */
final class ImageTarget implements Target {
  /** Small ones, each with something that the others have not. */
  private static final List<String> IMAGES =
      List.of(
          "casefold-default",
          "checksums-all",
          "dirty-journal-1",
          "ec-6dev",
          "inodes-32bit",
          "nocow",
          "quota",
          "reflink",
          "snapshots",
          "tiered");

  /** Those of them that have data without checksums, which nothing can guard. */
  private static final Set<String> WITH_UNGUARDED_DATA = Set.of("checksums-all", "nocow");

  private static final int ENTRIES_MAX = 1000;
  private static final long BYTES_MAX = 8L << 20;

  private final ConcurrentHashMap<String, Long> undamaged = new ConcurrentHashMap<>();

  @Override
  public void run(Bench bench, Mutator mutator) {
    Bench.Image image = bench.image(mutator.oneOf(IMAGES));
    boolean restamped = mutator.random().nextBoolean();
    boolean rescue = restamped && mutator.random().nextInt(16) == 0;
    long expected =
        restamped ? 0 : undamaged.computeIfAbsent(image.source().name(), _ -> digest(image));
    mutator.hit(restamped ? "image, restamped" : "image, not restamped");
    try {
      for (int i = mutator.random().nextInt(3); i >= 0; i--) {
        damage(bench, image, mutator, restamped);
      }
      read(image, mutator, restamped, rescue, expected);
    } finally {
      image.mend();
    }
  }

  private static void read(
      Bench.Image image, Mutator mutator, boolean restamped, boolean rescue, long expected) {
    List<Finding> findings = Collections.synchronizedList(new ArrayList<>());
    try (ReadFilesystem filesystem = image.source().open(image.devices(), rescue, findings::add)) {
      TreeWalk walk = new TreeWalk(filesystem, ENTRIES_MAX, BYTES_MAX);
      long found = walk.run();
      mutator.hit(walk.errors() == 0 ? "image read whole" : "image read in part");
      boolean silent = findings.isEmpty() && walk.errors() == 0;
      if (!restamped && silent && found != expected) {
        throw new AssertionError("damage to " + image.source().name() + " goes unnoticed");
      }
    } catch (BcachefsException e) {
      mutator.hit("image refused");
      if (e.getMessage() == null || e.getMessage().isEmpty()) {
        throw new AssertionError("an exception without a sentence", e);
      }
    }
  }

  private static long digest(Bench.Image image) {
    try (ReadFilesystem filesystem = image.source().open(image.devices(), false, _ -> {})) {
      return new TreeWalk(filesystem, ENTRIES_MAX, BYTES_MAX).run();
    }
  }

  private static void damage(Bench bench, Bench.Image image, Mutator mutator, boolean restamped) {
    List<JsetSample> jsets = bench.corpus().liveJsets(image.source().name());
    boolean unguarded = WITH_UNGUARDED_DATA.contains(image.source().name()) && !restamped;
    int what = mutator.random().nextInt(6);
    if (what == 0) {
      superblock(image, mutator, restamped);
    } else if (what == 1 && !unguarded) {
      anything(image, mutator);
    } else if (what <= 3 && !jsets.isEmpty() && restamped) {
      jset(image, mutator.oneOf(jsets), mutator);
    } else {
      node(bench, image, mutator, restamped);
    }
  }

  private static void jset(Bench.Image image, JsetSample jset, Mutator mutator) {
    byte[] bytes = mutator.damage(jset.sample());
    Restamp.jset(bytes, image.key());
    for (JournalCopy copy : jset.copies()) {
      image.patch(copy.device().index(), copy.sector(), bytes);
    }
  }

  private static void superblock(Bench.Image image, Mutator mutator, boolean restamped) {
    int member = mutator.oneOf(List.copyOf(image.byMember().keySet()));
    Superblock superblock = image.set().superblockOf(member);
    byte[] bytes = mutator.damage(Samples.superblock(superblock.raw()));
    boolean all = mutator.random().nextBoolean();
    for (long sector : superblock.layout().sectors()) {
      if (all || sector == Superblock.SECTOR) {
        byte[] copy = bytes.clone();
        Le.putU64(MemorySegment.ofArray(copy), Superblock.OFFSET_OFFSET, sector);
        if (restamped) {
          Restamp.superblock(copy);
        }
        image.patch(member, sector, copy);
      }
    }
  }

  private static void node(Bench bench, Bench.Image image, Mutator mutator, boolean restamped) {
    List<NodeSample> own =
        bench.corpus().nodes().stream()
            .filter(node -> node.image().equals(image.source().name()))
            .toList();
    NodeSample node = mutator.oneOf(own);
    byte[] bytes = mutator.damage(node.sample());
    if (restamped) {
      NodeEncoder.restamp(image.context(), MemorySegment.ofArray(bytes), bytes.length);
    }
    node.pointer()
        .replicas()
        .forEach(replica -> {
          if (image.byMember().containsKey(replica.device())) {
            image.patch(replica.device(), replica.sector(), bytes);
          }
        });
  }

  /** Some bytes of a block that is in use, wherever it is. */
  private static void anything(Bench.Image image, Mutator mutator) {
    int member = mutator.oneOf(List.copyOf(image.byMember().keySet()));
    PatchedDevice device = image.byMember().get(member);
    byte[] block = new byte[4096];
    for (int attempt = 0; attempt < 64; attempt++) {
      long at = mutator.random().nextLong(device.size() / block.length) * block.length;
      device.read(at, MemorySegment.ofArray(block));
      if (!isZero(block)) {
        mutator.damage(block, 0, block.length);
        mutator.hit("image bytes");
        device.patch(at, block);
        return;
      }
    }
  }

  private static boolean isZero(byte[] block) {
    for (byte each : block) {
      if (each != 0) {
        return false;
      }
    }
    return true;
  }
}
