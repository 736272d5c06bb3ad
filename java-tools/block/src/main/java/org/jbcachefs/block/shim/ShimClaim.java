// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.shim;

/**
 * A device that some process holds through the kernel shim.
 *
 * @param node the kernel's name of the device
 * @param pid of the process that claimed it
 * @param command the name of that process
 * @param underWay requests that use it now
 */
public record ShimClaim(
    String node,
    int major,
    int minor,
    int pid,
    String command,
    long underWay,
    boolean writable,
    boolean deviceReadOnly,
    boolean dead) {}
