// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Commands about devices as such, whatever lies on them, and about the kernel module that holds
 * them: {@code device claim-test}, {@code device geometry}, {@code shim status}. Each works without
 * the module.
 */
package org.jbcachefs.cli.device;
