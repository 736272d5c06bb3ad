// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.util.concurrent.atomic.LongAdder;

/** What an extraction did. Thread-safe. */
final class Tally {
  final LongAdder files = new LongAdder();
  final LongAdder directories = new LongAdder();
  final LongAdder symlinks = new LongAdder();
  final LongAdder hardLinks = new LongAdder();
  final LongAdder special = new LongAdder();
  final LongAdder bytes = new LongAdder();
  final LongAdder partial = new LongAdder();
  final LongAdder failed = new LongAdder();
  final LongAdder skipped = new LongAdder();
  final LongAdder devicesNotMade = new LongAdder();
  final LongAdder ownersNotKept = new LongAdder();
}
