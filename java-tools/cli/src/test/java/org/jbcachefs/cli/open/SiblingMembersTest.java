// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.IOException;
import java.util.List;
import org.jbcachefs.block.testing.GoldenImages;
import org.junit.jupiter.api.Test;

/** Block devices need root and are tested with the packages. */
class SiblingMembersTest {
  @Test
  void anImageStandsForItself() throws IOException {
    String image = GoldenImages.images("replicas2-3dev").getFirst().toString();
    MemberSpec one = MemberSpec.of(image, List.of());
    assertSame(one, SiblingMembers.of(one));
  }

  @Test
  void whatIsNotThereIsLeftToTheOpening() throws IOException {
    MemberSpec nothing = MemberSpec.of("/no/such/device", List.of());
    assertSame(nothing, SiblingMembers.of(nothing));
  }
}
