// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The kernel shim's node, /dev/jbcachefs, as docs/ioctl.md describes it: what the module can do,
 * who holds which device, claims, and single requests. Devices and queues over it are in {@link
 * org.jbcachefs.block.direct}.
 */
package org.jbcachefs.block.shim;
