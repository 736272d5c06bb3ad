// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.shim;

import java.util.UUID;

/**
 * A filesystem whose daemon registered it with the kernel shim.
 *
 * @param members the daemon's text about its members
 * @param waitingCalls calls of admin commands that wait for their answers
 */
public record ShimFilesystem(
    UUID uuid, String label, String members, int pid, String command, int waitingCalls) {}
