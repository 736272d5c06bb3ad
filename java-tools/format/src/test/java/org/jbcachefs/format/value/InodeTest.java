// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.junit.jupiter.api.Test;

class InodeTest {
  private static Bkey key(KeyType type, String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    Bkey key = new Bkey().setPos(0, 4097, 7).setType(type.number());
    return key.setValue(MemorySegment.ofArray(bytes), 0, bytes.length);
  }

  private static void assertRoundTrip(Bkey key) {
    Inode inode = Inode.decode(key);
    MemorySegment out = MemorySegment.ofArray(new byte[inode.bytes()]);
    inode.encode(out, 0);
    assertEquals(-1, out.mismatch(key.value()));
  }

  /** Mode 0100644, ctime 5, uid 1000; bytes made by hand from the rules of each version. */
  private static void assertFields(Inode inode) {
    assertEquals(0100644, inode.mode());
    assertEquals(0x1122334455667788L, inode.hashSeed());
    assertEquals(5, inode.get(InodeField.CTIME));
    assertEquals(1000, inode.get(InodeField.UID));
    assertEquals(4096, inode.size());
    assertEquals(8, inode.sectors());
    assertEquals(0, inode.get(InodeField.GID));
    assertEquals(1, inode.links());
    assertEquals(4097, inode.number());
  }

  private static final String V3 =
      "0900000000000000887766554433221100000005431a08000800000000000000"
          + "0010000000000000030000000000000000000a0000000000a10f000000000000";
  private static final String V2 =
      "090000000000000088776655443322110000000700000000a48100000a000000" + "0000014010a10f00";
  private static final String V1_WITH_NEW_VARINTS =
      "887766554433221100000087a48100000a0000000000014010a10f0000000000";
  private static final String V1 = "887766554433221100000007a4818085808050008843e800";
  private static final String V3_WITH_TWO_UNKNOWN_FIELDS =
      "090000000000000088776655443322110000001e431a08000800000000000000"
          + "0010000000000000030000000000000000000a0000000000a10f000000000000"
          + "00000000000000000000000000000000009a03120f000000";

  @Test
  void version3HasSizeAndSectorsBeforeItsVarints() {
    Bkey key = key(KeyType.INODE_V3, V3);
    Inode inode = Inode.decode(key);
    assertFields(inode);
    assertEquals(9, inode.journalSeq());
    assertEquals(3, inode.iVersion());
    assertRoundTrip(key);
  }

  @Test
  void version2HasThemAmongItsVarints() {
    Bkey key = key(KeyType.INODE_V2, V2);
    assertFields(Inode.decode(key));
    assertRoundTrip(key);
  }

  @Test
  void version1HasEitherKindOfVarint() {
    Bkey key = key(KeyType.INODE, V1_WITH_NEW_VARINTS);
    assertFields(Inode.decode(key));
    assertRoundTrip(key);
    Bkey older = key(KeyType.INODE, V1);
    assertFields(Inode.decode(older));
    assertRoundTrip(older);
  }

  @Test
  void fieldsFromTheFutureAreKept() {
    Bkey key = key(KeyType.INODE_V3, V3_WITH_TWO_UNKNOWN_FIELDS);
    assertFields(Inode.decode(key));
    assertRoundTrip(key);
  }

  @Test
  void aFieldThatIsCutOffIsAnUnpackError() {
    Bkey key = key(KeyType.INODE_V3, V3.substring(0, 2 * 56));
    CorruptionException e = assertThrows(CorruptionException.class, () -> Inode.decode(key));
    assertEquals("inode_unpack_error", e.errorName());
  }

  @Test
  void fieldsThatStartBehindTheValueAreRefused() {
    Bkey key = key(KeyType.INODE_V3, V3);
    Le.putU64(key.value(), InodeLayout.V3_FLAGS, 5L << 24 | 31L << 31);
    CorruptionException e = assertThrows(CorruptionException.class, () -> Inode.decode(key));
    assertEquals("inode_v3_fields_start_bad", e.errorName());
  }

  @Test
  void anUnlinkedInodeHasNoLinksAndADirectoryTwoMore() {
    Bkey key = key(KeyType.INODE_V3, V3);
    Le.putU64(key.value(), InodeLayout.V3_FLAGS, 6L << 31 | 040755L << 36);
    assertEquals(2, Inode.decode(key).links());
    Le.putU64(key.value(), InodeLayout.V3_FLAGS, 6L << 31 | 040755L << 36 | Inode.FLAG_UNLINKED);
    assertEquals(0, Inode.decode(key).links());
  }
}
