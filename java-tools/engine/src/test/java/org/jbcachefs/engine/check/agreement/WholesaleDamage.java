// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Much damage at once, from a seed: many keys of a btree, whole nodes and roots, blocks that have
 * changed places, and whole devices.
 *
 * @param statements in the words of {@link DamagedDevices}
 * @param redundant only one device has been damaged: whatever has another copy is whole
 */
record WholesaleDamage(List<String> statements, boolean redundant) {
  private static final int BLOCK = 512;

  static WholesaleDamage of(Inventory inventory, long seed) {
    return new Maker(inventory, new SplittableRandom(~seed)).make();
  }

  private record Maker(Inventory inventory, SplittableRandom random) {
    WholesaleDamage make() {
      boolean several = inventory.sizes.size() > 1;
      if (several && random.nextInt(5) > 0) {
        List<String> statements = new ArrayList<>();
        device(statements, random.nextInt(inventory.sizes.size()));
        boolean more = random.nextInt(4) == 0;
        if (more) {
          statements.addFirst(small());
        }
        return new WholesaleDamage(statements, !more);
      }
      List<String> statements = new ArrayList<>();
      switch (random.nextInt(4)) {
        case 0 -> keys(statements);
        case 1 -> nodes(statements);
        case 2 -> roots(statements);
        default -> swaps(statements);
      }
      return new WholesaleDamage(statements, false);
    }

    private <T> T one(List<T> of) {
      return of.get(random.nextInt(of.size()));
    }

    private String small() {
      return RandomDamage.of(inventory, random.nextLong(1 << 30)).getFirst();
    }

    private void keys(List<String> statements) {
      List<Inventory.Key> keys = one(inventory.keysByBtree);
      int first = random.nextInt(keys.size());
      int count = 2 + random.nextInt(14);
      int step = random.nextBoolean() ? 1 : 1 + random.nextInt(5);
      for (int i = 0; i < count && first + i * step < keys.size(); i++) {
        Inventory.Key key = keys.get(first + i * step);
        statements.add("delete " + key.btree() + " " + key.pos());
      }
    }

    /** All copies of nodes, or one each. */
    private void nodes(List<String> statements) {
      for (int left = 1 + random.nextInt(4); left > 0; left--) {
        Inventory.Node node = one(inventory.nodes);
        for (Inventory.Node copy : inventory.nodes) {
          if (copy.equals(node) || (copy.isCopyOf(node) && random.nextInt(4) > 0)) {
            statements.add(
                random.nextBoolean()
                    ? "zero " + copy.device() + " " + copy.offset() + " " + node.written()
                    : "scramble " + copy.device() + " " + copy.offset() + " 4096 " + left);
          }
        }
      }
    }

    private void roots(List<String> statements) {
      List<String> btrees = inventory.nodes.stream().map(Inventory.Node::btree).distinct().toList();
      for (int left = 1 + random.nextInt(3); left > 0; left--) {
        String btree = one(btrees);
        String name = btree.substring(0, btree.indexOf(':'));
        long level = btrees.stream().filter(one -> one.startsWith(name + ":")).count() - 1;
        statements.add("kill " + name + ":" + level + ":0");
      }
    }

    /** Nodes with nodes, or blocks of them with whatever lies somewhere else. */
    private void swaps(List<String> statements) {
      for (int left = 1 + random.nextInt(3); left > 0; left--) {
        Inventory.Node node = one(inventory.nodes);
        Inventory.Node other = one(inventory.nodes);
        long from = node.offset() + random.nextInt(node.written() / BLOCK) * (long) BLOCK;
        long to = other.offset() + random.nextInt(other.written() / BLOCK) * (long) BLOCK;
        int kind = random.nextInt(3);
        if (kind == 0 && other.device() == node.device()) {
          int length = Math.min(node.written(), other.written());
          statements.add(swap(node.device(), node.offset(), other.offset(), length));
        } else if (kind == 1 && other.device() == node.device()) {
          statements.add(swap(node.device(), from, to, BLOCK));
        } else {
          long blocks = inventory.sizes.get(node.device()) / BLOCK;
          statements.add(swap(node.device(), from, random.nextLong(blocks) * BLOCK, BLOCK));
        }
      }
    }

    private static String swap(int device, long from, long to, int length) {
      return "swap " + device + " " + from + " " + to + " " + length;
    }

    private void device(List<String> statements, int device) {
      long size = inventory.sizes.get(device);
      long half = size / 2 / BLOCK * BLOCK;
      switch (random.nextInt(7)) {
        case 0 -> statements.add("missing " + device);
        case 1 -> statements.add("zero " + device + " 0 " + size);
        case 2 -> statements.add("scramble " + device + " 0 " + half + " " + random.nextInt(99));
        case 3 ->
            statements.add(
                "scramble " + device + " " + half + " " + (size - half) + " " + random.nextInt(99));
        case 4 -> statements.add("zero " + device + " 0 " + half);
        case 5 -> {
          for (int left = 24; left > 0; left--) {
            long at = random.nextLong((size >> 20) - 1) << 20;
            statements.add("scramble " + device + " " + at + " " + (1 << 20) + " " + left);
          }
        }
        default -> {
          // Its superblocks, and what is next to them.
          statements.add("zero " + device + " 0 " + (4 << 20));
          statements.add("zero " + device + " " + (size - (4 << 20)) + " " + (4 << 20));
        }
      }
    }
  }
}
