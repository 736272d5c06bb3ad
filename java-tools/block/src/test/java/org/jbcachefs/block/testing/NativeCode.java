// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.testing;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.jbcachefs.block.jni.NativeLibrary;

/** Tests of native code run where the library was built; with CI=true it has to be. */
public final class NativeCode {
  private NativeCode() {}

  /** Loads the library, or skips the test. */
  public static void require() {
    boolean present = NativeLibrary.isPresent();
    if ("true".equals(System.getenv("CI"))) {
      assertTrue(present, "libjbcachefs.so is not built");
    }
    assumeTrue(present, "libjbcachefs.so is not built");
    NativeLibrary.load();
  }
}
