// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.edit.Change;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;

/** Raw bytes on a device. */
record DeviceEdit(List<BlockDevice> devices) {
  /** {@code poke DEVICE OFFSET HEX}: the device by its place among those given. */
  EditResult poke(Statement statement) {
    long index = Change.number(statement.word(0));
    if (index < 0 || index >= devices.size()) {
      throw new NotFoundException(Place.NOWHERE, "there is no device " + statement.word(0));
    }
    BlockDevice device = devices.get((int) index);
    long offset = Change.number(statement.word(1));
    byte[] bytes = new Change("hex", Change.Operator.SET, statement.word(2)).hex();
    byte[] old = new byte[bytes.length];
    device.read(offset, MemorySegment.ofArray(old));
    device.write(offset, MemorySegment.ofArray(bytes));
    HexFormat hex = HexFormat.of();
    return new EditResult(
        statement.text(), hex.formatHex(old), hex.formatHex(bytes), List.of(), List.of());
  }
}
