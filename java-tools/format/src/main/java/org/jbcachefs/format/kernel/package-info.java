// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Arithmetic over long ranges of bytes, which is worth more than one way of computing it: CRC-64,
 * and sums and products in GF(2^8) for parity. {@link org.jbcachefs.format.kernel.JavaKernels} is
 * always there; {@link org.jbcachefs.format.kernel.Kernels#best} may be native code, which `block`
 * provides as a service, since this module loads no libraries. All ways give the same results;
 * their tests are one contract. Stateless and thread-safe.
 */
package org.jbcachefs.format.kernel;
