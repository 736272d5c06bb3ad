// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.jbcachefs.format.bkey.Bpos;

/**
 * Statements of the editing language that damage a filesystem, from a seed: keys, pointers to
 * nodes, bytes of nodes with and without right checksums, whole blocks, fields of superblocks,
 * journal entries, bytes anywhere.
 */
final class RandomDamage {
  private static final List<String> NODE_FIELDS =
      List.of(
          "magic",
          "level",
          "btree_id_lo",
          "node_seq",
          "min_key.inode",
          "min_key.offset",
          "max_key.inode",
          "max_key.offset",
          "format.key_u64s",
          "format.bits0",
          "format.offset1",
          "bset0.seq",
          "bset0.journal_seq",
          "bset0.version",
          "bset0.u64s",
          "bset0.csum_type",
          "key0.u64s",
          "key0.format",
          "key0.type");

  private static final List<String> JSET_FIELDS =
      List.of(
          "last_seq",
          "no_flush",
          "u64s",
          "version",
          "entry0.u64s",
          "entry0.type",
          "entry1.btree_id",
          "entry1.level",
          "entry2.u8@8",
          "entry2.u8@10",
          "entry2.u64@16");

  private final Inventory inventory;
  private final SplittableRandom random;

  private RandomDamage(Inventory inventory, long seed) {
    this.inventory = inventory;
    this.random = new SplittableRandom(seed);
  }

  /** One to three statements. */
  static List<String> of(Inventory inventory, long seed) {
    RandomDamage damage = new RandomDamage(inventory, seed);
    List<String> statements = new ArrayList<>();
    int count = damage.random.nextInt(4) == 0 ? 2 + damage.random.nextInt(2) : 1;
    for (int i = 0; i < count; i++) {
      statements.add(damage.one());
    }
    return statements;
  }

  private String one() {
    int kind = random.nextInt(100);
    if (kind < 50) {
      return key();
    } else if (kind < 57 && !inventory.pointers.isEmpty()) {
      return changed(one(inventory.pointers), true);
    } else if (kind < 69) {
      return nodeBytes();
    } else if (kind < 77) {
      return nodeField();
    } else if (kind < 82) {
      return block();
    } else if (kind < 92) {
      return superblock();
    } else if (kind < 97 && !inventory.journal.isEmpty()) {
      return "journal " + one(inventory.journal) + " " + one(JSET_FIELDS) + "=" + number(8);
    }
    return anywhere();
  }

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  /** Every btree is as likely as every other. */
  private String key() {
    return changed(one(one(inventory.keysByBtree)), false);
  }

  private String changed(Inventory.Key key, boolean pointer) {
    String at = key.btree() + " " + key.pos();
    int kind = random.nextInt(10);
    if (kind < 3) {
      return "delete " + at;
    } else if (kind < 4 && !pointer) {
      return "copy " + at + " " + near(key.pos());
    } else if (kind < 5) {
      return "set " + at + (random.nextBoolean() ? " size+=" : " type+=") + (1 + random.nextInt(3));
    } else if (key.valueBytes() == 0) {
      return pointer ? "delete " + at : "copy " + at + " " + near(key.pos());
    }
    int byteAt = random.nextInt(key.valueBytes());
    return "set " + at + " u8@" + byteAt + "^=" + (1 + random.nextInt(255));
  }

  private Bpos near(Bpos pos) {
    return switch (random.nextInt(3)) {
      case 0 -> new Bpos(pos.inode(), pos.offset() + 1 + random.nextInt(3), pos.snapshot());
      case 1 -> new Bpos(pos.inode() + 1 + random.nextInt(3), pos.offset(), pos.snapshot());
      default -> new Bpos(pos.inode(), random.nextLong(), pos.snapshot());
    };
  }

  private String nodeBytes() {
    Inventory.Node node = one(inventory.nodes);
    long at = node.offset() + random.nextInt(node.written());
    return poke(node.device(), at, 1 + random.nextInt(8));
  }

  private String nodeField() {
    Inventory.Node node = one(inventory.nodes);
    return "node " + node.btree() + " " + node.max() + " " + one(NODE_FIELDS) + "=" + number(2);
  }

  private String block() {
    Inventory.Node node = one(inventory.nodes);
    long at = node.offset() + random.nextInt(node.written() / 512) * 512L;
    return random.nextBoolean()
        ? poke(node.device(), at, 512)
        : "poke " + node.device() + " " + at + " " + "00".repeat(512);
  }

  private String superblock() {
    String field = one(inventory.superblockFields);
    String change = random.nextBoolean() ? "^=" + (1 << random.nextInt(8)) : "=" + number(2);
    return "set sb " + field + change;
  }

  private String anywhere() {
    int device = random.nextInt(inventory.sizes.size());
    return poke(device, random.nextLong(inventory.sizes.get(device) - 16), 8);
  }

  private String poke(int device, long at, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return "poke " + device + " " + at + " " + HexFormat.of().formatHex(bytes);
  }

  private String number(int bytes) {
    return switch (random.nextInt(3)) {
      case 0 -> "0";
      case 1 -> "" + random.nextInt(1 << 8);
      default -> "" + random.nextLong(1L << (8 * Math.min(bytes, 7)));
    };
  }
}
