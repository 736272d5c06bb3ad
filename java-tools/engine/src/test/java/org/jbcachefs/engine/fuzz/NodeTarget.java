// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.NodeEncoder;

/** Btree nodes where they lie on their device, restamped or not. */
final class NodeTarget implements Target {
  private final KeyUser user = new KeyUser();

  @Override
  public void run(Bench bench, Mutator mutator) {
    NodeSample node = mutator.oneOf(bench.corpus().nodes());
    Bench.Image image = bench.image(node.image());
    byte[] bytes = mutator.damage(node.sample());
    boolean restamped = mutator.random().nextInt(4) != 0;
    if (restamped) {
      java.lang.foreign.MemorySegment segment = java.lang.foreign.MemorySegment.ofArray(bytes);
      NodeEncoder.restamp(image.context(), segment, bytes.length);
    }
    long before = restamped ? 0 : digest(image, node.pointer());
    try {
      for (BtreePointer.Replica replica : node.pointer().replicas()) {
        if (image.byMember().containsKey(replica.device())) {
          image.patch(replica.device(), replica.sector(), bytes);
        }
      }
      if (restamped) {
        use(image, node.pointer());
      } else {
        noticed(image, node.pointer(), before);
      }
    } finally {
      image.mend();
    }
  }

  private void use(Bench.Image image, BtreePointer pointer) {
    BtreeNode node = image.nodeReader(new ArrayList<>()).read(pointer);
    Bkey key = new Bkey();
    for (int i = 0; i < node.size(); i++) {
      node.read(i, key);
      user.use(node.btree(), node.level(), key);
      node.lowerBound(key.pos());
    }
  }

  private static void noticed(Bench.Image image, BtreePointer pointer, long before) {
    List<Finding> findings = new ArrayList<>();
    long after;
    try {
      after = Digest.of(image.nodeReader(findings).read(pointer));
    } catch (BcachefsException _) {
      return;
    }
    if (findings.isEmpty() && after != before && guarded(image, pointer)) {
      throw new AssertionError("a damaged node passes as a good one");
    }
  }

  private static long digest(Bench.Image image, BtreePointer pointer) {
    return Digest.of(image.nodeReader(new ArrayList<>()).read(pointer));
  }

  /** Whether the node has checksums at all. */
  private static boolean guarded(Bench.Image image, BtreePointer pointer) {
    return !image.source().name().equals("metadata-csum-none") || pointer.replicas().isEmpty();
  }
}
