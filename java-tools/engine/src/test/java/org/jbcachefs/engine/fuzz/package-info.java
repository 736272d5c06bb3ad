// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Fuzzing of the whole reader, from seeds: one seed is one case, and gives the same case always.
 *
 * <p>A case takes something that a kernel wrote (a {@link Sample}: a superblock, a node, a jset, a
 * key, an image), damages parts of it that it knows by name, and has it decoded. With checksums
 * made right again nothing but exceptions of {@code org.jbcachefs.format.error} may come out, in
 * bounded time and memory; without, the damage must be noticed, or must not matter. What parts were
 * hit is counted, and too few hits of any part fail the run. See tests/fuzz/README.md.
 */
package org.jbcachefs.engine.fuzz;
