// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * QEMU's image format, as far as sparse copies of devices need it: a writer of version 3, and a
 * reader of versions 2 and 3 that shows an image as a device.
 *
 * <p>The image is cut into clusters. A table of two levels says where in the file each is, or that
 * it is all zeros; a second one counts how often each cluster of the file is used. All numbers are
 * big-endian. Source: {@code docs/interop/qcow2.rst} of QEMU.
 */
package org.jbcachefs.block.qcow2;
