// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jbcachefs.format.bytes.BitRange;
import org.junit.jupiter.api.Test;

/** Holds the constants of this package against what the reference's headers say. */
class JsetLayoutTest {
  private static final Path LAYOUT =
      Path.of(System.getProperty("jbcachefs.root"), "tests/golden/layout-1.38.txt");

  /** Numbers by the words before them, e.g. "F jset seq" -> 24. */
  private static Map<String, Integer> facts() throws IOException {
    Map<String, Integer> facts = new HashMap<>();
    for (String line : Files.readAllLines(LAYOUT)) {
      String[] words = line.split(" ", -1);
      if (line.startsWith("S ")) {
        facts.put("S " + words[1], Integer.valueOf(words[2]));
      } else if (line.startsWith("F ")) {
        facts.put("F " + words[1] + " " + words[2], Integer.valueOf(words[3]));
      } else if (line.startsWith("E bch_jset_entry_type ")) {
        facts.put("E " + words[2], Integer.valueOf(words[3]));
      }
    }
    return facts;
  }

  @Test
  void headersLieWhereTheReferenceHasThem() throws IOException {
    Map<String, Integer> facts = facts();
    assertEquals(facts.get("S jset"), Jset.BYTES);
    assertEquals(facts.get("F jset csum"), Jset.OFFSET_CSUM);
    assertEquals(facts.get("F jset magic"), Jset.OFFSET_MAGIC);
    assertEquals(facts.get("F jset seq"), Jset.OFFSET_SEQ);
    assertEquals(facts.get("F jset version"), Jset.OFFSET_VERSION);
    assertEquals(facts.get("F jset flags"), Jset.OFFSET_FLAGS);
    assertEquals(facts.get("F jset u64s"), Jset.OFFSET_U64S);
    assertEquals(facts.get("F jset encrypted_start"), Jset.OFFSET_ENCRYPTED);
    assertEquals(facts.get("F jset _read_clock"), Jset.OFFSET_READ_CLOCK);
    assertEquals(facts.get("F jset _write_clock"), Jset.OFFSET_WRITE_CLOCK);
    assertEquals(facts.get("F jset last_seq"), Jset.OFFSET_LAST_SEQ);
    assertEquals(facts.get("F jset start"), Jset.OFFSET_ENTRIES);
    assertEquals(facts.get("S jset_entry"), JsetEntry.BYTES);
    assertEquals(facts.get("F jset_entry u64s"), JsetEntry.OFFSET_U64S);
    assertEquals(facts.get("F jset_entry btree_id"), JsetEntry.OFFSET_BTREE_ID);
    assertEquals(facts.get("F jset_entry level"), JsetEntry.OFFSET_LEVEL);
    assertEquals(facts.get("F jset_entry type"), JsetEntry.OFFSET_TYPE);
    assertEquals(facts.get("F jset_entry pad"), JsetEntry.OFFSET_PAD);
    assertEquals(facts.get("F jset_entry _data"), JsetEntry.OFFSET_DATA);
  }

  @Test
  void valuesLieWhereTheReferenceHasThem() throws IOException {
    Map<String, Integer> facts = facts();
    int header = JsetEntry.BYTES;
    assertEquals(
        facts.get("S jset_entry_clock"), header + new JsetValue.Clock(true, 0).dataBytes());
    assertEquals(facts.get("S jset_entry_rewind"), header + new JsetValue.Rewind(1, 0).dataBytes());
    assertEquals(
        facts.get("F jset_entry_data_usage r"), header + JsetValue.DataUsage.OFFSET_DATA_TYPE);
    assertEquals(facts.get("F jset_entry_dev_usage pad"), header + JsetValue.DevUsage.OFFSET_PAD);
    assertEquals(
        facts.get("F jset_entry_dev_usage _buckets_ec"),
        header + JsetValue.DevUsage.OFFSET_BUCKETS_EC);
    assertEquals(
        facts.get("F jset_entry_dev_usage _buckets_unavailable"),
        header + JsetValue.DevUsage.OFFSET_BUCKETS_UNAVAILABLE);
    assertEquals(facts.get("F jset_entry_dev_usage d"), header + JsetValue.DevUsage.OFFSET_TYPES);
    assertEquals(facts.get("S jset_entry_dev_usage_type"), JsetValue.DevUsage.TYPE_BYTES);
  }

  @Test
  void flagBitsAreTheReferences() throws IOException {
    Map<String, BitRange> expected =
        Map.of(
            "JSET_CSUM_TYPE", Jset.CSUM_TYPE,
            "JSET_BIG_ENDIAN", Jset.BIG_ENDIAN,
            "JSET_NO_FLUSH", Jset.NO_FLUSH,
            "JSET_HAS_OVERWRITES", Jset.HAS_OVERWRITES);
    int held = 0;
    for (String line : Files.readAllLines(LAYOUT)) {
      String[] words = line.split(" ", -1);
      if (words[0].equals("M") && expected.containsKey(words[1])) {
        BitRange range = expected.get(words[1]);
        assertEquals(words[4] + " " + words[5], range.first() + " " + range.end(), words[1]);
        held++;
      }
    }
    assertEquals(expected.size(), held);
  }

  @Test
  void entryTypesHaveTheReferencesNumbers() throws IOException {
    Map<String, Integer> facts = facts();
    assertEquals(facts.get("E BCH_JSET_ENTRY_NR"), JsetEntryType.values().length);
    for (JsetEntryType type : JsetEntryType.values()) {
      assertEquals(
          facts.get("E BCH_JSET_ENTRY_" + type.toString().toLowerCase(Locale.ROOT)), type.number());
      assertTrue(JsetEntryType.of(type.number()) == type);
    }
  }
}
