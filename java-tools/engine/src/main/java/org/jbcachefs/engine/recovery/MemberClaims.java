// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.block.BlockDevice;

/** What speaks for a device being a member, and which devices are which then. */
final class MemberClaims {
  private record Claim(BlockDevice device, int index, long witnesses) {}

  private final List<Claim> claims = new ArrayList<>();

  /** So much on the device says that it is that member. */
  void add(BlockDevice device, int index, long witnesses) {
    claims.add(new Claim(device, index, witnesses));
  }

  /**
   * No device twice and no index twice; where claims contradict each other, the stronger counts.
   */
  Map<BlockDevice, Integer> settled() {
    claims.sort((a, b) -> Long.compare(b.witnesses, a.witnesses));
    Map<BlockDevice, Integer> settled = new LinkedHashMap<>();
    for (Claim claim : claims) {
      if (!settled.containsKey(claim.device) && !settled.containsValue(claim.index)) {
        settled.put(claim.device, claim.index);
      }
    }
    return settled;
  }
}
