// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Which way a device is opened: through the kernel shim if its module is loaded, else by io_uring,
 * else plainly; or as the user says. Commands open every device through here.
 */
package org.jbcachefs.block.opening;
