// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.undo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The layout of an undo file, numbers least significant byte first:
 *
 * <pre>
 *   header   8 magic "JBCUNDO1"  4 number of devices  4 crc32c of the device table
 *   table    for each device: 16 uuid of the filesystem  16 uuid of the member  8 size in bytes
 *   record   4 device  4 length  8 offset  4 crc32c of these and the data  4 zero  then the data
 * </pre>
 *
 * <p>Each byte of a device is in one record at most: as it was before anything was written. What
 * follows the last whole record was cut off and had not been overwritten yet.
 */
final class UndoFormat {
  static final long MAGIC = 0x314f_444e_5543_424aL;
  static final int HEADER_BYTES = 16;
  static final int DEVICE_BYTES = 40;
  static final int RECORD_BYTES = 24;

  /** No record is longer. */
  static final int MOST_DATA_BYTES = 1 << 20;

  private UndoFormat() {}

  static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static int checksum(int device, long offset, byte[] data, int length) {
    CRC32C crc = new CRC32C();
    ByteBuffer head = buffer(16).putInt(device).putInt(length).putLong(offset);
    crc.update(head.flip());
    crc.update(data, 0, length);
    return (int) crc.getValue();
  }

  /** Of a whole buffer, wherever its position is. */
  static int checksum(ByteBuffer table) {
    CRC32C crc = new CRC32C();
    crc.update(table.duplicate().rewind());
    return (int) crc.getValue();
  }
}
