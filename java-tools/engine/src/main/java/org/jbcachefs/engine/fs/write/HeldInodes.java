// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jbcachefs.engine.fs.InodeId;

/** Who holds inodes that may have no name any more, and which of them have none. Thread-safe. */
final class HeldInodes {
  private final Map<InodeId, Integer> holders = new HashMap<>();
  private final Set<InodeId> nameless = new HashSet<>();
  private Predicate<InodeId> elsewhere = _ -> false;

  /** Somebody who keeps his own account of what he holds. */
  synchronized void holdBy(Predicate<InodeId> other) {
    elsewhere = elsewhere.or(other);
  }

  synchronized void hold(InodeId id) {
    holders.merge(id, 1, Integer::sum);
  }

  /** Lets go; true if nobody holds it any more and it has no name. */
  synchronized boolean release(InodeId id, int times) {
    Integer left = holders.computeIfPresent(id, (_, count) -> count > times ? count - times : null);
    return left == null && nameless.remove(id);
  }

  /** It lost its last name; true if nobody holds it. */
  synchronized boolean lostName(InodeId id) {
    if (holders.containsKey(id) || elsewhere.test(id)) {
      nameless.add(id);
      return false;
    }
    return true;
  }

  /** It got a name again. */
  synchronized void gotName(InodeId id) {
    nameless.remove(id);
  }

  /** Whether there are any without a name. */
  synchronized boolean anyNameless() {
    return !nameless.isEmpty();
  }

  /** All that have no name, held or not; they are forgotten. */
  synchronized List<InodeId> takeNameless() {
    List<InodeId> all = new ArrayList<>(nameless);
    nameless.clear();
    return all;
  }
}
