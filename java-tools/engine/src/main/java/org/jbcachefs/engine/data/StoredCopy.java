// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.MemorySegment;

/**
 * A good copy of an extent's data as it lies on a device: checksummed, compressed and encrypted as
 * it was written.
 *
 * @param pointer the entry that leads to it
 * @param checked whether it has a checksum, which was right
 * @param bytes whole sectors, valid until the same thread reads something else
 */
public record StoredCopy(long pointer, boolean checked, MemorySegment bytes) {}
