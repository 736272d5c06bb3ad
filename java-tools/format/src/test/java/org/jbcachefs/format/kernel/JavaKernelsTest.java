// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class JavaKernelsTest extends KernelsContract {
  @Override
  protected Kernels kernels() {
    return JavaKernels.INSTANCE;
  }

  @Test
  void powersOfTheGeneratorAreThoseOfTheRaidSixPaper() {
    assertEquals(1, Galois.power(0));
    assertEquals(0x80, Galois.power(7));
    assertEquals(0x1d, Galois.power(8));
    assertEquals(0x3a, Galois.power(9));
    assertEquals(0x8e, Galois.power(-1));
    assertEquals(1, Galois.power(255));
  }

  @Test
  void everyElementTimesItsInverseIsOne() {
    for (int element = 1; element < 256; element++) {
      assertEquals(1, Galois.product(element, Galois.inverse(element)));
      assertEquals(element, Galois.product(element, 1));
      assertEquals(0, Galois.product(element, 0));
    }
  }
}
