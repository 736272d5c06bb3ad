// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Devices for tests, shipped as this module's test-jar: {@link
 * org.jbcachefs.block.testing.MemoryDevice} (fast and sparse), {@link
 * org.jbcachefs.block.testing.FaultyDevice} (errors, bit rot, torn and lost writes, power cuts,
 * death, latency; all from a seed), and {@link org.jbcachefs.block.testing.BlockDeviceContract},
 * the tests that every {@link org.jbcachefs.block.BlockDevice} passes.
 */
package org.jbcachefs.block.testing;
