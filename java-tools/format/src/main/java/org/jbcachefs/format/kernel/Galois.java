// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.kernel;

/** Single elements of GF(2^8): the polynomial 0x11d, the generator 2. Stateless. */
public final class Galois {
  /** x^8 in terms of lower powers. */
  static final int REDUCTION = 0x1d;

  private static final int FIELD = 256;

  /** The multiplicative group has this many elements; exponents repeat after it. */
  private static final int ORDER = FIELD - 1;

  private Galois() {}

  /** The generator to that power. */
  public static int power(int exponent) {
    int value = 1;
    for (int i = Math.floorMod(exponent, ORDER); i > 0; i--) {
      value = product(value, 2);
    }
    return value;
  }

  /** One over that element, which is not 0. */
  public static int inverse(int element) {
    int value = 1;
    for (int i = 0; i < ORDER - 1; i++) {
      value = product(value, element);
    }
    return value;
  }

  public static int product(int a, int b) {
    int sum = 0;
    int shifted = a;
    for (int bits = b; bits != 0; bits >>>= 1) {
      sum ^= (bits & 1) * shifted;
      shifted = (shifted << 1) ^ ((shifted >>> 7) * (FIELD | REDUCTION));
    }
    return sum;
  }
}
