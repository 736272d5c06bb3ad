// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.error.LostDataException;
import org.junit.jupiter.api.Test;

/** Whole members gone, any of them. */
class LostDevicesTest {
  @Test
  void anyTwoMembersOfAnErasureCodedFilesystemCanBeLost() throws NoSuchAlgorithmException {
    for (int a = 0; a < 6; a++) {
      for (int b = a + 1; b < 6; b++) {
        assertEquals(0, readWithout("ec-6dev", a, b));
      }
    }
  }

  @Test
  void whatHasOnlyOneCopyIsLostWithItsMemberAndNothingReadsWrong() throws NoSuchAlgorithmException {
    int lost = 0;
    for (int a = 0; a < 3; a++) {
      lost += readWithout("replicas2-3dev", a, a);
    }
    assertTrue(lost > 0 && lost < Manifest.files("replicas2-3dev").size(), lost + " files lost");
  }

  /** Reads all files; how many cannot be read. */
  private static int readWithout(String image, int a, int b) throws NoSuchAlgorithmException {
    List<BlockDevice> left = new ArrayList<>();
    List<BlockDevice> all = GoldenImages.open(image);
    for (int i = 0; i < all.size(); i++) {
      if (i == a || i == b) {
        all.get(i).close();
      } else {
        left.add(all.get(i));
      }
    }
    try (GoldenData golden = GoldenData.open(image, left)) {
      int lost = 0;
      for (Manifest.File file : Manifest.files(image)) {
        String without = file.text() + " without " + a + " and " + b;
        FileId id = golden.find(file.path());
        if (file.sha256() == null) {
          continue;
        }
        try {
          String hash = ReadGoldenDataTest.hash(golden.data, id, file, 1 << 20);
          assertEquals(file.sha256(), hash, without);
        } catch (LostDataException e) {
          assertTrue(e.getMessage().contains("the device is missing"), e.getMessage());
          lost++;
        }
      }
      assertEquals(List.of(), golden.findings);
      return lost;
    }
  }
}
