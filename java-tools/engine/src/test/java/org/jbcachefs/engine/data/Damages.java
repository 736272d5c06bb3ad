// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Collects what a verification finds. */
final class Damages implements VerifyListener {
  final List<Damage> all = new ArrayList<>();
  private final AtomicLong bytes = new AtomicLong();
  private volatile long total;

  @Override
  public void total(long expected) {
    total = expected;
  }

  @Override
  public void read(long more) {
    bytes.addAndGet(more);
  }

  @Override
  public void damage(Damage damage) {
    all.add(damage);
  }

  long bytes() {
    return bytes.get();
  }

  long total() {
    return total;
  }

  List<String> sentences() {
    return all.stream()
        .map(damage ->
            damage.finding().severity()
                + " "
                + damage.finding().name()
                + " "
                + damage.finding().sentence()
                + " "
                + damage.paths().stream().map(path -> new String(path, UTF_8)).toList())
        .toList();
  }
}
