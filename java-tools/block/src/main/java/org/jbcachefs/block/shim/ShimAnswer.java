// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.shim;

/**
 * What a filesystem's daemon answered.
 *
 * @param status means what both ends say it means
 */
@SuppressWarnings("ArrayRecordComponent")
public record ShimAnswer(int status, byte[] message) {}
