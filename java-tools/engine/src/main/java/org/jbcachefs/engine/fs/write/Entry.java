// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.InodeId;

/**
 * A file that a name leads to, as it was at that moment.
 *
 * @param seq journal sequence number that makes this state durable
 */
public record Entry(InodeId id, Attributes attributes, long seq) {}
