// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.edit;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.extent.StripeValue;

/** The counts of live sectors at the end of a stripe's value: {@code block0.sectors}. */
final class StripeCounts {
  private StripeCounts() {}

  static void addTo(List<NamedField> fields, MemorySegment value) {
    if (value.byteSize() < StripeValue.OFFSET_PTRS) {
      return;
    }
    int sectors = Le.u16(value, StripeValue.OFFSET_SECTORS);
    int blocks = Le.u8(value, StripeValue.OFFSET_NR_BLOCKS);
    int bits = Le.u8(value, StripeValue.OFFSET_CSUM_GRANULARITY_BITS);
    ChecksumType type = ChecksumType.of(Le.u8(value, StripeValue.OFFSET_CSUM_TYPE));
    if (type == null || bits >= Integer.SIZE) {
      return;
    }
    long pieces = type == ChecksumType.NONE ? 0 : Math.ceilDiv(sectors, 1L << bits);
    long at = StripeValue.OFFSET_PTRS + 8L * blocks + blocks * pieces * type.storedBytes();
    for (int block = 0; block < blocks; block++) {
      fields.add(NamedField.u16("block" + block + ".sectors", at + 2L * block));
    }
  }
}
