// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.function.Supplier;

/**
 * A value that is made when it is first asked for, once; if that fails, the next one tries again.
 */
final class FirstUse<T> {
  private final Supplier<T> maker;
  private T value;

  FirstUse(Supplier<T> maker) {
    this.maker = maker;
  }

  synchronized T get() {
    if (value == null) {
      value = maker.get();
    }
    return value;
  }
}
