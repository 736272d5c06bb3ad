// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A device as a thing to read, write, flush and discard; nothing here knows what bcachefs is.
 *
 * <p>{@link org.jbcachefs.block.BlockDevice} is the contract; every implementation passes the same
 * contract test. {@link org.jbcachefs.block.IoQueue} has many requests to several devices under way
 * at once, and one buffer go to several places. Devices are opened by their owner and closed by it;
 * all are safe for use by many threads.
 */
package org.jbcachefs.block;
