// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jbcachefs.format.bkey.Bkey;

/**
 * Shows the keys of snapshots that are being cleaned up as they are afterwards: those of an inner
 * snapshot with but one child left are that child's, unless it has its own at the same place. They
 * come in order, as they go in. Where nothing is being cleaned up, every key goes through at once.
 * Source: {@code delete_dead_snapshots}, which the reference runs before it looks at files.
 */
final class MovedKeys {
  private final Map<Integer, Integer> moving;
  private final Consumer<Bkey> out;
  private final List<Bkey> held = new ArrayList<>();

  /**
   * @param moving inner snapshots, and whose their keys become
   * @param out takes the keys
   */
  MovedKeys(Map<Integer, Integer> moving, Consumer<Bkey> out) {
    this.moving = moving;
    this.out = out;
  }

  /** The next key. */
  void add(Bkey key) {
    if (moving.isEmpty()) {
      out.accept(key);
      return;
    }
    boolean other =
        !held.isEmpty()
            && (held.getFirst().inode() != key.inode() || held.getFirst().offset() != key.offset());
    if (other) {
      end();
    }
    held.add(key.copy());
  }

  /** Gives out what is held back: no more keys of this place come. */
  void end() {
    if (held.isEmpty()) {
      return;
    }
    Set<Integer> own = new HashSet<>();
    held.forEach(key -> own.add(key.snapshot()));
    List<Bkey> found = new ArrayList<>();
    for (Bkey key : held) {
      Integer becomes = moving.get(key.snapshot());
      if (becomes == null) {
        found.add(key);
      } else if (own.add(becomes)) {
        found.add(key.setPos(key.inode(), key.offset(), becomes));
      }
    }
    held.clear();
    found.sort(Comparator.comparing(Bkey::pos));
    found.forEach(out);
  }
}
