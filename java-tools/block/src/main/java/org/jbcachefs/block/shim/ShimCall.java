// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.shim;

/**
 * A call of an admin command to a filesystem's daemon, to be answered by {@link ShimDaemon#reply}.
 *
 * @param id what the answer refers to
 * @param operation means what both ends say it means
 * @param pid of the process that calls
 * @param uid of its user
 */
@SuppressWarnings("ArrayRecordComponent")
public record ShimCall(long id, int operation, int pid, int uid, byte[] message) {}
