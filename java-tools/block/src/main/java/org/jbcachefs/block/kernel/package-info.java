// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The native sibling of {@link org.jbcachefs.format.kernel.JavaKernels}: the processor's own
 * instructions, chosen by libjbcachefs at run time. Found as a service; where the library is not
 * there, nobody notices.
 */
package org.jbcachefs.block.kernel;
