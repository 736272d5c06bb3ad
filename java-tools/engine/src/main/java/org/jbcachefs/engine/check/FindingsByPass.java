// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.EnumMap;
import java.util.Map;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * What one look through the filesystem found for several passes: kept until each of them runs.
 * Bounded like what a single worker finds. Belongs to one thread at a time.
 */
public final class FindingsByPass {
  private final Map<RecoveryPass, FindingBuffer> buffers = new EnumMap<>(RecoveryPass.class);

  /** Where findings of that pass are put. */
  public Findings of(RecoveryPass pass) {
    return buffer(pass);
  }

  private FindingBuffer buffer(RecoveryPass pass) {
    return buffers.computeIfAbsent(pass, _ -> new FindingBuffer());
  }

  /** Adds what a later range found. */
  public void addAll(FindingsByPass later) {
    later.buffers.forEach((pass, found) -> buffer(pass).addAll(found));
  }

  /** Hands over what was found for the pass that runs. */
  public void release(CheckContext context) {
    FindingBuffer found = buffers.remove(context.pass());
    if (found != null) {
      context.release(found);
    }
  }
}
