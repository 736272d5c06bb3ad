// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.value.KeyText;
import org.jbcachefs.format.value.KeyValidation;
import org.jbcachefs.format.value.Value;
import org.jbcachefs.format.value.Values;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every key of every golden filesystem: valid, round-tripped byte for byte, and shown. */
class GoldenValuesTest {
  static List<String> names() {
    return GoldenImages.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyKeyIsValidAndItsValueIsEncodedIntoTheSameBytes(String name) {
    try (ReadFilesystem filesystem = GoldenFilesystem.open(name, new ArrayList<>())) {
      int keys = 0;
      for (int btree : filesystem.btrees().present()) {
        for (int level = filesystem.btrees().rootLevel(btree); level >= 0; level--) {
          keys += check(filesystem, btree, level);
        }
      }
      assertTrue(keys > 0);
    }
  }

  private static int check(ReadFilesystem filesystem, int btree, int level) {
    int version = filesystem.superblock().version();
    StringBuilder text = new StringBuilder();
    int count = 0;
    try (KeyIterator keys = filesystem.btrees().iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key();
        text.setLength(0);
        KeyText.append(text, btree, key);
        String where = "btree " + BtreeId.nameOf(btree) + " level " + level + ": " + text;
        assertNull(KeyValidation.check(btree, level, key, version), where);
        Value value = Values.decode(key);
        MemorySegment encoded = MemorySegment.ofArray(new byte[value.bytes()]);
        value.encode(encoded, 0);
        assertEquals(-1, encoded.mismatch(key.value()), where);
        count++;
      }
    }
    return count;
  }
}
