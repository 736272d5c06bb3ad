// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Which passes run, and in which order. A full check runs every pass but those that run on request;
 * whoever names passes gets these, and those that the superblock asks for. Passes about allocation
 * are left out where the filesystem has none. Source: {@code bch2_run_recovery_passes_startup}.
 */
final class PassSchedule {
  private PassSchedule() {}

  static List<CheckPass> of(List<CheckPass> all, CheckOptions options, Superblock superblock) {
    Map<RecoveryPass, CheckPass> known = new EnumMap<>(RecoveryPass.class);
    for (CheckPass pass : all) {
      known.put(pass.pass(), pass);
    }
    Set<RecoveryPass> wanted = EnumSet.noneOf(RecoveryPass.class);
    if (options.passes().isEmpty()) {
      known.values().stream()
          .filter(pass -> !pass.onRequest())
          .map(CheckPass::pass)
          .forEach(wanted::add);
    } else {
      wanted.addAll(options.passes());
      superblock.ext().ifPresent(ext -> wanted.addAll(ext.requiredPasses()));
    }
    wanted.removeAll(options.without());
    if (superblock.has(Feature.NO_ALLOC_INFO)) {
      wanted.removeIf(pass -> pass.is(RecoveryPass.Flags.ALLOC));
    }
    if (options.last() != null) {
      wanted.removeIf(pass -> pass.compareTo(options.last()) > 0);
    }
    List<CheckPass> scheduled = new ArrayList<>();
    wanted.stream()
        .sorted(Comparator.naturalOrder())
        .map(known::get)
        .forEach(pass -> {
          if (pass != null) {
            scheduled.add(pass);
          }
        });
    return scheduled;
  }
}
